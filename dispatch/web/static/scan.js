/* One ear for every scanner: keyboard wedges (USB, Bluetooth, handhelds in IME mode), the camera, typing.
   Zhengda.scan.listen(function (text, how) {...})      the page's own act; how: "wedge" | "typed" | "camera"
   Zhengda.scan.otherwise(function (text, how) {...})   what a scan does where the page has no act, or its own answered false
   A field marked data-scan-here (or an input.code at the window) keeps what is scanned into it; with "go" its form is sent.

   What goes wrong with wedges, and what is done here:
   - Enter at the end would press the focused button        -> swallowed, keyup and a second LF as well
   - Caps Lock turns letters round                            -> a letter's case comes from Shift alone
   - an input method swallows letters ("Process")             -> the physical key is read instead
   - full-width digits, ： 、 。                               -> NFKC and a short table
   - the same value twice (intent and keystrokes both on)     -> halves compared, repeats within 1.2 s dropped
   - a slow wedge splits one code in two                      -> up to 250 ms between keys, renewed on input
   - a still slower one has its Enter stand alone             -> an Enter soon after a run of keys presses nothing
   - the cursor stands in some other field                    -> a fast burst, or slow keys as even as a machine's or in the
                                                                 shape of a code, are taken out of it again
   - AIM prefix ]C0, control characters, blanks               -> cut off
   - Ctrl, Alt set on every key by firmware                   -> Alt is ignored, Ctrl+J/M is an end sign */
(function () {
  "use strict";
  var Z = window.Zhengda = window.Zhengda || {};
  if (Z.scan) { return; }
  var GAP = 250, FAST = 60, REPEAT = 1200, LEAST = 6, AFTER = 900;
  var listener = null, fallback = null, hears = false, keys = [], startedIn = null, valueBefore = "", lastKey = 0, swallowUntil = 0;
  var run = 0, runEnd = 0, pressedCount = 0;
  var lastText = "", lastAt = 0, quiet = null;

  var SHIFTED = { Digit1: "!", Digit2: "@", Digit3: "#", Digit4: "$", Digit5: "%", Digit6: "^", Digit7: "&", Digit8: "*", Digit9: "(", Digit0: ")",
    Minus: "_", Equal: "+", Slash: "?", Period: ">", Comma: "<", Semicolon: ":", Quote: "\"", BracketLeft: "{", BracketRight: "}" };
  var BARE = { Minus: "-", Equal: "=", Slash: "/", Period: ".", Comma: ",", Semicolon: ";", Quote: "'", BracketLeft: "[", BracketRight: "]",
    NumpadDivide: "/", NumpadSubtract: "-", NumpadDecimal: ".", Space: " " };

  function clean(text) {
    var out = String(text || "");
    if (out.normalize) { out = out.normalize("NFKC"); }
    out = out.replace(/。/g, ".").replace(/、/g, "/").replace(/[\u0000-\u0020\u007f-\u00a0\u200b-\u200f\u2028-\u202f\u2060\u3000\ufeff]/g, "");
    out = out.replace(/^\][A-Za-z][0-9A-Za-z]/, "");
    var half = out.length / 2;
    if (out.length >= 24 && half === Math.floor(half) && out.slice(0, half) === out.slice(half)) { out = out.slice(0, half); }
    return out;
  }

  /* The character a key stands for, whatever Caps Lock and input method make of it. */
  function character(event) {
    var code = event.code || "", known = /^Key([A-Z])$/.exec(code), digit = /^(?:Digit|Numpad)([0-9])$/.exec(code);
    var garbled = event.key === "Process" || event.key === "Unidentified" || event.isComposing || event.keyCode === 229;
    var locked = !!(event.getModifierState && event.getModifierState("CapsLock"));
    if (known && (garbled || locked)) { return event.shiftKey ? known[1] : known[1].toLowerCase(); }
    if (garbled || (event.key && event.key.length === 1 && event.key.charCodeAt(0) > 126)) {
      if (digit && !(event.shiftKey && SHIFTED[code])) { return digit[1]; }
      if (event.shiftKey && SHIFTED[code]) { return SHIFTED[code]; }
      if (BARE[code]) { return BARE[code]; }
      return garbled ? "" : event.key;
    }
    if (event.key && event.key.length === 1) {
      if (locked && /[a-zA-Z]/.test(event.key)) { return event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase(); }
      return event.key;
    }
    return "";
  }

  function editable(node) {
    return !!node && (node.isContentEditable || node.tagName === "TEXTAREA" ||
      (node.tagName === "INPUT" && !/^(button|submit|checkbox|radio|file|range|color|reset)$/.test(node.type)));
  }
  function isBox(node) { return !!node && node.hasAttribute && node.hasAttribute("data-scan"); }
  function stop(event) { event.preventDefault(); event.stopImmediatePropagation(); }
  /* Fields that are there to be scanned into. */
  function keeps(node) {
    if (!node || !node.matches) { return false; }
    return node.matches("[data-scan-here]") || (node.matches("input.code:not([data-scan])") && document.body.classList.contains("window") && !node.closest("[data-scanarea]"));
  }
  function forget() { keys = []; startedIn = null; valueBefore = ""; }
  function count(text, at) {
    if (at - runEnd > AFTER) { run = 0; }
    if (!/[jkx]/.test(text)) { run += 1; }
    runEnd = at;
  }
  function fast() {
    if (keys.length < LEAST) { return false; }
    return (keys[keys.length - 1].at - keys[0].at) / (keys.length - 1) <= FAST;
  }
  /* Slow keys that a machine sent: nobody types a label's code into a note, or sixteen keys to the same beat. */
  function machine(text) {
    if (keys.length < 8) { return false; }
    if (shaped(text)) { return true; }
    var least = Infinity, most = 0, at, gap, mean = (keys[keys.length - 1].at - keys[0].at) / (keys.length - 1);
    for (at = 1; at < keys.length; at += 1) { gap = keys[at].at - keys[at - 1].at; least = Math.min(least, gap); most = Math.max(most, gap); }
    return keys.length >= 12 && most - least <= mean * 0.3;
  }
  function typedText() { return keys.map(function (key) { return key.text; }).join(""); }

  function give(raw, how) {
    var text = clean(raw), now = Date.now();
    if (!text) { return; }
    if (text === lastText && now - lastAt < REPEAT) { lastAt = now; return; }
    lastText = text;
    lastAt = now;
    if (Z.lock && Z.lock.on()) { Z.lock.scanned(text); return; }
    if (listener && listener(text, how) !== false) { return; }
    if (fallback) { fallback(text, how); }
  }
  /* An input method goes on composing in a field it has the focus of. */
  function putBack(home, before) {
    if (!("value" in home)) { return; }
    home.blur();
    home.value = before;
    home.focus();
  }
  function keep(home, raw) {
    putBack(home, clean(raw));
    home.dispatchEvent(new Event("input", { bubbles: true }));
    if (!home.form) { return; }
    if (home.getAttribute("data-scan-here") === "go") { home.form.requestSubmit(); return; }
    var fields = Array.prototype.filter.call(home.form.elements, function (one) { return editable(one) && !one.disabled && one.offsetParent; });
    var next = fields[fields.indexOf(home) + 1];
    if (next) { next.focus(); }
  }

  function finish(event, box) {
    var burst = fast(), text = typedText(), home = startedIn, before = valueBefore;
    swallowUntil = Date.now() + 220;
    if (box) {
      stop(event);
      /* an input method may have lost letters in the field; a fast burst of keys is the better record */
      var whole = burst && text.length >= clean(box.value).length ? text : box.value;
      box.value = "";
      forget();
      give(whole, burst ? "wedge" : "typed");
      return;
    }
    if (editable(home)) {
      if (!(burst && text.length >= 8) && !machine(text) && !(burst && keeps(home))) { forget(); swallowUntil = 0; typedCode(event, home); return; }
      stop(event);
      forget();
      if (keeps(home)) { keep(home, text); return; }
      putBack(home, before);
      give(text, "wedge");
      return;
    }
    stop(event);
    forget();
    if (text.length >= LEAST) { give(text, burst ? "wedge" : "typed"); }
  }

  /* So slow that it looked like typing, into a field that has no use for a label's code: its Enter sends no form. */
  function typedCode(event, field) {
    if (!document.body.classList.contains("window") || keeps(field) || !shaped(field.value)) { return; }
    var text = field.value;
    stop(event);
    swallowUntil = Date.now() + 220;
    putBack(field, field.defaultValue || "");
    give(text, "typed");
  }

  function onKeyDown(event) {
    if (event.metaKey) { return; }
    var now = Date.now(), target = event.target, ends = event.key === "Enter" || event.code === "Enter" || event.code === "NumpadEnter" ||
      (event.ctrlKey && (event.code === "KeyJ" || event.code === "KeyM") && keys.length >= LEAST);
    /* when the key was pressed, not when a busy page came round to it */
    var pressed = event.timeStamp || now;
    if (keys.length && pressed - lastKey > GAP && !isBox(target)) { forget(); }
    if (ends) {
      if (isBox(target)) { if (target.value || keys.length) { finish(event, target); } else { stop(event); } return; }
      if (keys.length >= 3 && !/^[jkx]+$/.test(typedText())) { finish(event, null); return; }
      if (now < swallowUntil) { stop(event); return; }
      forget();
      if (editable(target)) { typedCode(event, target); return; }
      if (run >= LEAST && pressed - runEnd < AFTER) { stop(event); swallowUntil = now + 220; }
      run = 0;
      return;
    }
    if (event.ctrlKey) { return; }
    if (event.key === "Tab" && keys.length >= LEAST && fast()) { finish(event, isBox(target) ? target : null); return; }
    if (event.repeat) { return; }
    var text = character(event);
    if (!text) { return; }
    pressedCount += 1;
    count(text, pressed);
    if (!keys.length) { startedIn = target; valueBefore = editable(target) && "value" in target ? target.value : ""; }
    keys.push({ text: text, at: pressed });
    lastKey = pressed;
    /* a blank inside a code must not press the button that has the focus */
    if (!editable(target) && (keys.length > 1 || text !== " ")) { if (text === " ") { stop(event); } }
  }

  function onKeyUp(event) {
    if ((event.key === "Enter" || event.key === " ") && (Date.now() < swallowUntil || (keys.length > 1 && !editable(event.target)))) { stop(event); }
  }
  function onKeyPress(event) { if (event.key === "Enter" && Date.now() < swallowUntil) { stop(event); } }

  /* Handhelds whose keyboard gives no keys at all, only input events, and perhaps no Enter. */
  function onInput(event) {
    var box = event.target;
    if (!isBox(box)) { return; }
    if (event.inputType === "insertLineBreak" || /[\r\n]/.test(box.value)) { var line = box.value; box.value = ""; forget(); give(line, "wedge"); return; }
    if (box.value.length <= 1 || !box.scanFrom) { box.scanFrom = Date.now(); }
    clearTimeout(quiet);
    quiet = setTimeout(function () {
      var text = clean(box.value), spent = Date.now() - 450 - box.scanFrom;
      if (looksWhole(text) && spent <= text.length * FAST) { box.value = ""; box.scanFrom = 0; forget(); give(text, "wedge"); }
    }, 450);
  }
  /* Codes nobody types into a field that is not for them. */
  function shaped(raw) {
    var text = clean(raw);
    return looksWhole(text) || /^https?:\/\/\S+#\S{16,}$/i.test(text) || /^(?:SQ|NJ|JJ|SH|DJ|NB|JB)[0-9]{12,16}[0-9A-Z]$/i.test(text) || /^P[0-9]{4}-[0-9]{1,4}\/[0-9]{1,4}$/i.test(text);
  }
  function looksWhole(text) {
    return /^[A-Z]{2}[0-9]{9}[A-Z]{2}$/i.test(text) || /^ZD[0-9]{13}$/i.test(text) || /#[A-Z2-7-]{16,}$/i.test(text) || /#[0-9a-f-]{32,36}$/i.test(text) || /^[A-Z2-7]{200,}$/i.test(text);
  }

  function press(button) {
    var box = document.getElementById(button.getAttribute("data-scan-submit")), text = box ? box.value : "";
    if (text) { box.value = ""; forget(); lastText = ""; give(text, "typed"); }
  }

  /* --- camera ---------------------------------------------------------------------------------- */
  var camera = { stream: null, timer: 0, gone: 0, seen: "" }, detector = null, loading = null;

  function load() {
    if (loading) { return loading; }
    var from = document.querySelector("[data-scanner]"), base = from ? from.getAttribute("data-scanner") : "/static/vendor/barcode-detector-3.2.2/";
    loading = new Promise(function (done, failed) {
      var script = document.createElement("script");
      script.src = base + "ponyfill.js";
      script.onload = done;
      script.onerror = function () { loading = null; failed(new Error("load")); };
      document.head.appendChild(script);
    }).then(function () {
      /* Always our own copy: the one in some phones asks for services that are not there. */
      window.BarcodeDetectionAPI.prepareZXingModule({ overrides: { locateFile: function (path) { return base + path.split("/").pop(); } } });
      detector = new window.BarcodeDetectionAPI.BarcodeDetector({ formats: ["qr_code", "code_128", "data_matrix", "code_39"] });
      return detector;
    });
    return loading;
  }

  function why(error) {
    if (!window.isSecureContext) { return "这个网址不是加密连接，浏览器不让用相机。请改用扫码枪，或在框里输入。"; }
    var name = error && error.name;
    if (name === "NotAllowedError" || name === "SecurityError") { return "没有得到使用相机的许可。请在浏览器的地址栏旁边打开相机权限，再点一次“相机”。也可以在框里输入。"; }
    if (name === "NotFoundError" || name === "OverconstrainedError") { return "这台设备上没有找到相机。请用扫码枪，或在框里输入。"; }
    if (name === "NotReadableError") { return "相机正被别的程序占用。请关掉那个程序，再点一次“相机”。"; }
    return "相机现在用不了。请用扫码枪，或在框里输入。";
  }

  function close(lens) {
    clearTimeout(camera.timer);
    if (camera.stream) { camera.stream.getTracks().forEach(function (track) { track.stop(); }); camera.stream = null; }
    if (lens) { lens.hidden = true; lens.querySelector("video").srcObject = null; }
  }

  function look(video) {
    if (!camera.stream) { return; }
    var again = function () { camera.timer = setTimeout(function () { look(video); }, 120); };
    if (video.readyState < 2) { again(); return; }
    detector.detect(video).then(function (found) {
      var text = found.length ? found[0].rawValue : "";
      if (!text) { if (camera.seen && Date.now() - camera.gone > 1500) { camera.seen = ""; } }
      else { camera.gone = Date.now(); if (text !== camera.seen) { camera.seen = text; give(text, "camera"); } }
      again();
    }).catch(again);
  }

  function torch(lens) {
    var button = lens.querySelector("[data-torch]"), track = camera.stream && camera.stream.getVideoTracks()[0];
    var able = track && track.getCapabilities && track.getCapabilities().torch;
    if (!button) { return; }
    button.hidden = !able;
    button.onclick = function () {
      var on = button.getAttribute("aria-pressed") !== "true";
      track.applyConstraints({ advanced: [{ torch: on }] }).then(function () { button.setAttribute("aria-pressed", String(on)); }).catch(function () { button.hidden = true; });
    };
  }

  function open(lens, fault) {
    var video = lens.querySelector("video");
    if (fault) { fault.hidden = true; }
    if (!navigator.mediaDevices || !navigator.mediaDevices.getUserMedia) { if (fault) { fault.textContent = why(); fault.hidden = false; } return Promise.resolve(false); }
    return navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } } })
      .then(function (stream) {
        camera.stream = stream;
        lens.hidden = false;
        video.srcObject = stream;
        return video.play();
      })
      .then(load)
      .then(function () { torch(lens); look(video); return true; })
      .catch(function (error) { close(lens); if (fault) { fault.textContent = why(error); fault.hidden = false; } return false; });
  }

  function bindCameras() {
    Array.prototype.forEach.call(document.querySelectorAll("[data-camera]"), function (button) {
      var area = button.closest("[data-scanarea]") || document, lens = area.querySelector("[data-lens]"), fault = area.querySelector("[data-camera-fault]");
      if (!lens) { return; }
      button.hidden = false;
      button.addEventListener("click", function () {
        if (camera.stream) { close(lens); button.setAttribute("aria-pressed", "false"); return; }
        button.disabled = true;
        open(lens, fault).then(function (on) { button.disabled = false; button.setAttribute("aria-pressed", String(on)); });
      });
    });
  }

  function listen(callback) { listener = callback; hear(); }
  function otherwise(callback) { fallback = callback; hear(); }
  function hear() {
    if (hears) { return; }
    hears = true;
    window.addEventListener("keydown", onKeyDown, true);
    window.addEventListener("keyup", onKeyUp, true);
    window.addEventListener("keypress", onKeyPress, true);
    document.addEventListener("input", onInput, true);
    document.addEventListener("click", function (event) {
      var button = event.target.closest && event.target.closest("[data-scan-submit]");
      if (button) { press(button); }
    });
    document.addEventListener("visibilitychange", function () { if (document.hidden && camera.stream) { close(document.querySelector("[data-lens]:not([hidden])")); } });
    bindCameras();
    /* Handhelds need a focused field, and no keyboard on the screen until a finger asks for it. */
    var box = document.querySelector("input[data-scan][data-grab]");
    if (box && window.matchMedia && window.matchMedia("(pointer: coarse)").matches) {
      box.setAttribute("inputmode", "none");
      box.addEventListener("pointerdown", function () { box.removeAttribute("inputmode"); });
      box.addEventListener("blur", function () { box.setAttribute("inputmode", "none"); });
      box.focus();
    }
  }

  /* A single key means something only when no other follows: a scanner's first letter must not act. Where more is at
     stake than a tick, wait longer, and let none have come shortly before. */
  function alone(act, wait) {
    var before = pressedCount;
    if (wait && run > 1) { return; }
    setTimeout(function () { if (pressedCount === before) { act(); } }, wait || GAP + 20);
  }

  Z.scan = { listen: listen, otherwise: otherwise, clean: clean, alone: alone, closeCamera: function () { close(document.querySelector("[data-lens]:not([hidden])")); }, just: function () { return Date.now() < swallowUntil + 180; }, forgetLast: function () { lastText = ""; } };
})();
