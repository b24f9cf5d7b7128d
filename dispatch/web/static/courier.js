/* The courier's phone. Every scan is written to the phone first (IndexedDB, with an id of its own) and sent when
   there is a network; the server's answer for each is shown in plain words. Nothing scanned is ever only in memory. */
(function () {
  "use strict";
  var Z = window.Zhengda, root = document.getElementById("courier");
  if (!root) { return; }
  var me = root.getAttribute("data-user"), words = Z.data("courier-words"), stops = Z.data("courier-stops") || [];
  var mode = document.querySelector("[data-mode]").getAttribute("data-mode"), store = null, sending = false, again = 0, loginNeeded = false, sheet = null;
  var place = { net: document.getElementById("net"), last: document.getElementById("last"), list: document.getElementById("sent"), stops: document.getElementById("stops"), head: document.getElementById("first-line"), more: document.getElementById("mode-help") };

  /* --- the queue on the phone -------------------------------------------------------------------------- */
  function openStore() {
    return new Promise(function (done, failed) {
      var wish = indexedDB.open("zd-courier", 1);
      wish.onupgradeneeded = function () { wish.result.createObjectStore("scans", { keyPath: "scan_id" }); wish.result.createObjectStore("kept", { keyPath: "name" }); };
      wish.onsuccess = function () { done(wish.result); };
      wish.onerror = function () { failed(wish.error); };
    });
  }
  function within(kind, work) {
    return new Promise(function (done, failed) {
      var change = store.transaction("scans", kind), out = work(change.objectStore("scans"));
      change.oncomplete = function () { done(out && out.result); };
      change.onerror = change.onabort = function () { failed(change.error); };
    });
  }
  function put(scans) { return within("readwrite", function (table) { scans.forEach(function (scan) { table.put(scan); }); }); }
  function all() { return within("readonly", function (table) { return table.getAll(); }); }
  function unsent(scans) { return scans.filter(function (scan) { return scan.status === "waiting"; }); }
  function tidy(scans) {
    var old = scans.filter(function (scan) { return scan.status === "sent"; }).sort(byTime).slice(200);
    return old.length ? within("readwrite", function (table) { old.forEach(function (scan) { table.delete(scan.scan_id); }); }) : Promise.resolve();
  }
  function byTime(a, b) { return a.occurred_at < b.occurred_at ? 1 : a.occurred_at > b.occurred_at ? -1 : 0; }

  /* --- telling --------------------------------------------------------------------------------------------- */
  function flash(tone, mark, head, more) {
    var old = document.querySelector(".flash");
    if (old) { old.remove(); }
    var shown = Z.node("div", { class: "flash " + tone, role: "status" }, Z.icon(mark), Z.node("span", {}, head), more ? Z.node("small", {}, more) : null);
    document.body.appendChild(shown);
    setTimeout(function () { shown.remove(); }, tone === "ok" ? 900 : 1800);
  }
  function hold(head, more) {
    Z.sound.wrong();
    var button = Z.node("button", { class: "btn", type: "button" }, "知道了"), box = Z.node("div", { class: "hold", role: "alertdialog", "aria-modal": "true", tabindex: "-1" }, Z.icon("cross"), Z.node("p", { class: "say" }, head), more ? Z.node("p", { class: "more" }, more) : null, button);
    button.addEventListener("click", function () { if (!Z.scan.just()) { box.remove(); Z.scan.forgetLast(); } });
    document.body.appendChild(box);
    box.focus();
  }
  function clock(iso) { var at = new Date(iso); return ("0" + at.getHours()).slice(-2) + ":" + ("0" + at.getMinutes()).slice(-2); }
  /* what stands in print on the label, where we know it: nobody can find an envelope by the end of its id */
  function short(code) {
    var stop = stopOf(code), text = stop && stop.waybill_no ? stop.waybill_no : code.replace(/^.*#/, "");
    return text.length > 16 ? "…" + text.slice(-8) : text;
  }

  function show() {
    return all().then(function (scans) {
      var mine = scans.filter(function (scan) { return scan.who === me; }), waiting = unsent(mine), others = unsent(scans).filter(function (scan) { return scan.who !== me; });
      var off = navigator.onLine === false || again > 0;
      place.net.hidden = !waiting.length && !off && !others.length;
      place.net.className = "net " + (off ? "off" : "due");
      Z.fill(place.net, Z.icon(off ? "offline" : "upload"), " " + (off ? "现在没有网，照常扫。" : "") + (waiting.length ? waiting.length + " 件存在手机里，还没发出" : off ? "扫的都存在手机里，有网自动发" : "") + (loginNeeded ? "：请重新登录" : ""));
      if (others.length) { place.net.appendChild(document.createTextNode(" 另有 " + others.length + " 件是 " + others[0].who + " 扫的，请本人登录后发出。")); }
      if (loginNeeded) { place.net.appendChild(Z.node("a", { href: "/login?next=/courier", class: "btn slim" }, "去登录")); }
      var shown = mine.sort(byTime).slice(0, 30);
      Z.fill(place.list);
      shown.forEach(function (scan) {
        var tone = scan.status === "waiting" ? "wait" : scan.outcome === "accepted" || scan.outcome === "duplicate" ? "ok" : "bad";
        var mark = tone === "wait" ? "clock" : tone === "ok" ? "check" : "alert";
        place.list.appendChild(Z.node("li", {}, Z.node("div", {}, Z.node("span", {}, clock(scan.occurred_at) + " " + words.modes[scan.action] + " ", Z.node("b", {}, scan.shown || short(scan.code))), Z.node("span", { class: "chip " + tone }, Z.icon(mark), scan.status === "waiting" ? "待发出" : words.outcomes[scan.outcome] || scan.outcome)),
          scan.detail ? Z.node("span", { class: "small mute" }, scan.detail) : null));
      });
      document.getElementById("sent-empty").hidden = shown.length > 0;
      showStops(mine);
    });
  }
  function finished(stop, scans) {
    return stop.state === "delivered" || scans.some(function (scan) { return (scan.action === "deliver" || scan.action === "return_start") && same(stop, scan.code) && scan.outcome !== "rejected" && scan.outcome !== "unknown"; });
  }
  function same(stop, code) { var bare = code.replace(/^.*#/, "").toUpperCase(); return String(stop.id).toUpperCase() === bare || (stop.waybill_no || "").toUpperCase() === bare; }
  function stopOf(code) { return stops.filter(function (stop) { return same(stop, code); })[0] || null; }
  function showStops(scans) {
    var open = stops.filter(function (stop) { return !finished(stop, scans); });
    place.head.textContent = stops.length ? "今天 " + stops.length + " 件，还有 " + open.length + " 件" : "今天还没有分给您的件";
    Z.fill(place.stops);
    open.forEach(function (stop) {
      place.stops.appendChild(Z.node("li", {}, Z.node("div", {}, Z.node("b", {}, stop.recipient), stop.needs_code ? Z.node("span", { class: "chip wait" }, Z.icon("key"), "要送达码") : stop.policy === "self" ? Z.node("span", { class: "chip wait" }, Z.icon("user"), "要本人签") : null),
        Z.node("div", {}, stop.address || ""), Z.node("div", { class: "mute small" }, (stop.waybill_no || "") + (stop.phone ? "　电话 " + stop.phone : ""))));
    });
  }

  /* --- sending ----------------------------------------------------------------------------------------------- */
  function wire(scan) {
    var out = { scan_id: scan.scan_id, code: scan.code, action: scan.action, occurred_at: scan.occurred_at };
    ["reason", "signer", "note"].forEach(function (name) { if (scan[name]) { out[name] = scan[name]; } });
    return out;
  }
  function flush() {
    if (sending || loginNeeded) { return Promise.resolve(); }
    sending = true;
    return all().then(function (scans) {
      var due = unsent(scans).filter(function (scan) { return scan.who === me; }).sort(byTime).reverse().slice(0, 100);
      if (!due.length) { sending = false; again = 0; return tidy(scans); }
      return Z.ask("POST", "/api/v1/scans", { sent_at: new Date().toISOString(), scans: due.map(wire) }, 20000).then(function (answer) {
        sending = false;
        if (answer.status === 401 || answer.status === 403) { loginNeeded = true; return null; }
        if (answer.status === 422 || answer.status === 413) { return settleBad(due, answer.body); }
        if (answer.status !== 200 || !answer.body) { again = Math.min(60000, again ? again * 2 : 2000); setTimeout(step, again); return null; }
        again = 0;
        return settle(due, answer.body.results || []);
      });
    }).then(show, function () { sending = false; });
  }
  function settle(due, results) {
    var found = {}, bad = [], changed = [];
    results.forEach(function (one) { found[one.scan_id] = one; });
    due.forEach(function (scan) {
      var one = found[scan.scan_id];
      if (!one) { return; }
      scan.status = "sent";
      scan.outcome = one.outcome;
      scan.state = one.state;
      scan.detail = one.state === "to_verify" ? "签收人与要求不符，窗口会核实。" : one.outcome === "accepted" ? "" : one.detail || "";
      if (one.outcome !== "accepted" && one.outcome !== "duplicate" && !scan.quiet) { bad.push(scan); }
      delete scan.signer;
      changed.push(scan);
    });
    return put(changed).then(function () {
      /* what was just taken may be carried: its address comes with the list of the day */
      if (changed.some(function (scan) { return scan.action === "hand_over" && scan.outcome === "accepted"; })) { fresh(); }
      if (bad.length) { hold((bad[0].shown || short(bad[0].code)) + "：" + (words.outcomes[bad[0].outcome] || bad[0].outcome), bad[0].detail || "请把这件单独放，问窗口。"); }
      if (changed.length === due.length) { return all().then(function (scans) { if (unsent(scans).some(function (scan) { return scan.who === me; })) { setTimeout(step, 50); } }); }
      return null;
    });
  }
  /* One malformed scan must not block the others: send one by one, mark what is refused. */
  function settleBad(due, body) {
    if (due.length === 1) { due[0].status = "sent"; due[0].outcome = "rejected"; due[0].detail = (body && body.detail) || "内容有误"; return put(due); }
    return due.reduce(function (before, scan) {
      return before.then(function () {
        return Z.ask("POST", "/api/v1/scans", { sent_at: new Date().toISOString(), scans: [wire(scan)] }, 20000).then(function (answer) {
          if (answer.status === 200 && answer.body) { return settle([scan], answer.body.results || []); }
          return answer.status === 422 ? settleBad([scan], answer.body) : null;
        });
      });
    }, Promise.resolve());
  }
  function step() { flush(); }

  /* --- a scan --------------------------------------------------------------------------------------------------- */
  function keep(code, action, more) {
    var at = new Date(), scan = { scan_id: Z.uuid(), who: me, code: code, shown: short(code), action: action, occurred_at: at.toISOString(), status: "waiting" }, scans = [scan];
    Object.keys(more || {}).forEach(function (name) { scan[name] = more[name]; });
    if (action === "attempt_failed") {
      /* who could not deliver was out with it: the step between is said as well */
      scans.unshift({ scan_id: Z.uuid(), who: me, code: code, shown: scan.shown, action: "out_for_delivery", occurred_at: new Date(at.getTime() - 1000).toISOString(), status: "waiting", quiet: true });
    }
    return put(scans).then(function () {
      Z.sound.ok();
      flash("ok", "check", words.modes[action] + "，已记下", short(code));
      place.last.textContent = "刚才：" + words.modes[action] + " " + short(code);
      return show();
    }, function () { hold("手机存不下了，这一件没有记上", "请清理手机空间，再扫一次。"); }).then(flush);
  }
  function taken(text) {
    if (document.querySelector(".hold")) { Z.sound.wrong(); return; }
    if (sheet) { Z.sound.notice(); return; }
    if (mode === "deliver") { askSigner(text); }
    else if (mode === "attempt_failed") { askReason(text); }
    else if (mode === "return_start") { askReason(text); }
    else { keep(text, mode); }
  }
  function openSheet(head, more) {
    sheet = Z.node("section", { class: "sheet", role: "dialog", "aria-modal": "true", tabindex: "-1" }, Z.node("h1", {}, head), more ? Z.node("p", { class: "mute" }, more) : null);
    document.body.appendChild(sheet);
    sheet.focus();
    return sheet;
  }
  function closeSheet() { if (sheet) { sheet.remove(); sheet = null; Z.scan.forgetLast(); } }
  function cancel() { var button = Z.node("button", { class: "btn plain wide", type: "button" }, "不是这件，返回"); button.addEventListener("click", closeSheet); return button; }

  function askReason(code) {
    var stop = stopOf(code), returning = mode === "return_start", box = openSheet(returning ? "为什么退回？" : "为什么没送到？", (stop ? stop.recipient + "　" : "") + short(code)), picks = Z.node("div", { class: "picks" });
    words.reasons.forEach(function (one) {
      var button = Z.node("button", { type: "button" }, one[1]);
      button.addEventListener("click", function () { if (Z.scan.just()) { return; } closeSheet(); keep(code, returning ? "return_start" : "attempt_failed", { reason: one[0] }); });
      picks.appendChild(button);
    });
    box.appendChild(picks);
    box.appendChild(cancel());
    Z.sound.notice();
  }

  var ALLOWED = { self: ["self", "mailroom"], authorized: ["self", "household_adult", "representative", "designated", "mailroom"], any: null };
  function askSigner(code) {
    var stop = stopOf(code), policy = stop ? stop.policy : "", box = openSheet("谁签收的？", (stop ? stop.recipient + "　" : "") + short(code)), picks = Z.node("div", { class: "picks two" }), chosen = "";
    var form = Z.node("form", { novalidate: "" }), warn = Z.node("p", { class: "notice wait", hidden: "" });
    var name = input("signer-name", "签收人姓名", "text", "off"), relation = input("signer-relation", "与收件人的关系", "text", "off"), tail = input("signer-tail", "身份证最后四位", "text", "off"), secret = input("signer-code", "送达码（请收件人报，短信里有）", "text", "one-time-code");
    tail.querySelector("input").maxLength = 4;
    secret.querySelector("input").setAttribute("inputmode", "numeric");
    words.signers.forEach(function (one) {
      var button = Z.node("button", { type: "button", "aria-pressed": "false" }, one[1]);
      button.addEventListener("click", function () {
        if (Z.scan.just()) { return; }
        chosen = one[0];
        Array.prototype.forEach.call(picks.children, function (other) { other.setAttribute("aria-pressed", String(other === button)); });
        relation.hidden = chosen === "self" || chosen === "mailroom" || chosen === "point" || chosen === "village";
        var allowed = ALLOWED[policy];
        warn.hidden = !(allowed && allowed.indexOf(chosen) < 0);
        warn.textContent = policy === "self" ? "这件要求本人签收。别人签了会记作“签收待核实”，请尽量交到本人手里。" : "这样签收会记作“签收待核实”，窗口还要打电话核对。";
        if (chosen === "self" && stop && stop.name && !name.querySelector("input").value) { name.querySelector("input").value = stop.name; }
      });
      picks.appendChild(button);
    });
    tail.hidden = !(stop ? stop.needs_id_tail || policy === "self" : true);
    secret.hidden = stop ? !stop.needs_code : false;
    if (stop && stop.needs_code) { form.appendChild(Z.node("p", { class: "notice info" }, "这件要送达码。收件人手机短信里有 6 位数字，请他报给您。没有码也能记，会记作“签收待核实”。")); }
    [picks, warn, name, relation, tail, secret].forEach(function (part) { form.appendChild(part); });
    relation.hidden = true;
    var fault = Z.node("p", { class: "fault", role: "alert" });
    form.appendChild(fault);
    form.appendChild(Z.node("p", {}, Z.node("button", { class: "btn main wide", type: "submit" }, "记下：已送达")));
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      if (Z.scan.just()) { return; }
      var signer = { kind: chosen, name: value(name) };
      if (!chosen) { fault.textContent = "请先点一下是谁签收的。"; Z.sound.wrong(); return; }
      if (!signer.name) { fault.textContent = "请填签收人的姓名。"; Z.sound.wrong(); name.querySelector("input").focus(); return; }
      if (value(relation) && !relation.hidden) { signer.relation = value(relation); }
      if (value(tail)) { signer.id_tail = value(tail).toUpperCase(); }
      if (value(secret)) { signer.code = value(secret); }
      closeSheet();
      keep(code, "deliver", { signer: signer });
    });
    box.appendChild(form);
    box.appendChild(cancel());
    Z.sound.notice();
  }
  function input(id, label, type, complete) { return Z.node("div", { class: "field" }, Z.node("label", { for: id }, label), Z.node("input", { id: id, type: type, autocomplete: complete })); }
  function value(field) { return field.querySelector("input").value.trim(); }

  function setMode(next) {
    Z.scan.forgetLast(); // another act with the envelope just scanned is no repeat
    mode = next;
    Array.prototype.forEach.call(document.querySelectorAll("[data-mode]"), function (button) { button.setAttribute("aria-pressed", String(button.getAttribute("data-mode") === mode)); });
    place.more.textContent = words.help[mode];
    try { sessionStorage.setItem("zd-mode", mode); } catch (off) { /* keeps the default */ }
  }

  function fresh() { return Z.ask("GET", root.getAttribute("data-today")).then(function (answer) { if (answer.status === 200 && answer.body) { stops = answer.body.items || stops; show(); } }); }

  openStore().then(function (opened) {
    store = opened;
    if (navigator.storage && navigator.storage.persist) { navigator.storage.persist().catch(function () {}); }
    Array.prototype.forEach.call(document.querySelectorAll("[data-mode]"), function (button) { button.addEventListener("click", function () { if (!Z.scan.just()) { setMode(button.getAttribute("data-mode")); } }); });
    var kept = ""; try { kept = sessionStorage.getItem("zd-mode") || ""; } catch (off) { kept = ""; }
    setMode(words.help[kept] ? kept : mode);
    Z.scan.listen(function (text) { taken(text); });
    window.addEventListener("online", function () { again = 0; step(); });
    window.addEventListener("offline", show);
    document.addEventListener("visibilitychange", function () { if (!document.hidden) { step(); } });
    setInterval(step, 30000);
    root.setAttribute("data-ready", "1");
    return show().then(flush);
  }, function () { hold("这台手机的浏览器存不住扫描", "无痕模式下不能用。请换普通模式打开。"); });
  var leave = document.querySelector("form[data-logout]");
  if (leave) {
    leave.addEventListener("submit", function () {
      if (navigator.serviceWorker && navigator.serviceWorker.controller) { navigator.serviceWorker.controller.postMessage("forget"); }
    });
  }
  if (navigator.serviceWorker && window.isSecureContext) { navigator.serviceWorker.register("/sw.js").catch(function () {}); }
  if (root.getAttribute("data-today")) { window.addEventListener("focus", function () { if (navigator.onLine) { fresh(); } }); }
})();
