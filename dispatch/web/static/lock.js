/* The lock: lies over the page when the session is locked, idle, over or somebody else's, and loses nothing. Behind it the
   page stays as it is; who comes back gets a fresh session, and its token goes into every form.

   Zhengda.lock.on()          whether it lies over the page
   Zhengda.lock.now()         lock by hand
   Zhengda.lock.hold()        the server said the session is over: a promise kept when somebody is back
   Zhengda.lock.check()       ask how the session stands; a promise of true when it is open and ours
   Zhengda.lock.adopt(told)   a colleague took over and the page stays */
(function () {
  "use strict";
  var Z = window.Zhengda = window.Zhengda || {};
  function meta(name) { return document.querySelector("meta[name=" + name + "]"); }
  if (Z.lock || !meta("actor")) { return; }
  var me = meta("actor").content, shown = null, waiting = [], timer = 0, asking = null, dialog = null;
  var others = window.BroadcastChannel ? new BroadcastChannel("zhengda-session") : null;
  var WORDS = {
    hand: ["已锁屏", "填到一半的、选好的都还在。"],
    locked: ["有一阵没有操作，先锁上了", "填到一半的、选好的都还在。"],
    over: ["这次登录结束了", "填到一半的、选好的都还在。用密码登录，接着办。"],
    other: ["这台电脑现在登录的不是您", "填到一半的、选好的都还在。"]
  };

  function fresh(token) {
    meta("csrf-token").content = token;
    Array.prototype.forEach.call(document.querySelectorAll("input[name=csrf_token]"), function (field) { field.value = token; });
  }
  function later(seconds) {
    clearTimeout(timer);
    timer = setTimeout(check, Math.max(5, seconds + 1) * 1000);
  }

  /* --- how the session stands ------------------------------------------------------------------------- */
  function check() {
    if (!asking) {
      asking = Z.ask("GET", "/people/session.json").then(function (answer) { asking = null; return answer.status === 200 ? judge(answer.body) : unsure(); });
    }
    return asking;
  }
  function unsure() { later(60); return null; }
  function judge(told) {
    if (told.state === "open" && told.user === me) {
      if (told.csrf !== meta("csrf-token").content) { fresh(told.csrf); }
      later(told.idle_left);
      lift();
      return true;
    }
    lay(told.state === "open" ? "other" : told.state, told.user);
    return false;
  }

  /* --- the lock itself ---------------------------------------------------------------------------------- */
  function build() {
    var say = Z.node("h2", { id: "lock-say" }), more = Z.node("p", { class: "mute" }), fault = Z.node("p", { class: "fault", role: "alert", hidden: "" });
    var who = Z.node("input", { id: "lock-who", type: "text", "data-scan-here": "", autocomplete: "off", autocapitalize: "off", lang: "en" });
    var secret = Z.node("input", { id: "lock-secret", type: "password", autocomplete: "current-password", required: "" });
    var label = Z.node("label", { for: "lock-secret" });
    var colleague = Z.node("details", {}, Z.node("summary", {}, "换一位同事"), Z.node("div", { class: "field" }, Z.node("label", { for: "lock-who" }, "他的工牌或用户名"), who), Z.node("p", { class: "hint" }, "换了人，页面会重新打开，没交的内容就没有了。"));
    var reload = Z.node("button", { class: "btn plain", type: "button", hidden: "" }, "用现在登录的人重新打开这一页");
    var form = Z.node("form", { method: "dialog" }, Z.icon("lock", "huge"), say, more, Z.node("div", { class: "field" }, label, secret), fault, Z.node("p", { class: "acts" }, Z.node("button", { class: "btn main", type: "submit" }, "打开"), reload), colleague);
    form.addEventListener("submit", function (event) { event.preventDefault(); open(); });
    reload.addEventListener("click", function () { location.reload(); });
    dialog = Z.node("dialog", { id: "lock", class: "lock", "aria-labelledby": "lock-say" }, form);
    dialog.addEventListener("cancel", function (event) { event.preventDefault(); });
    dialog.addEventListener("keydown", function (event) { if (event.key === "Escape") { event.preventDefault(); } });
    dialog.parts = { say: say, more: more, fault: fault, who: who, secret: secret, label: label, colleague: colleague, reload: reload };
    document.body.appendChild(dialog);
  }
  function lay(why, user) {
    var anew = !shown, known = WORDS[why] || WORDS.over;
    if (!dialog) { build(); }
    shown = why;
    var parts = dialog.parts;
    parts.say.textContent = me + "：" + known[0];
    parts.more.textContent = (why === "other" ? "现在是 " + user + " 在用。要接着办自己的，请输入您的 PIN 或密码。" : "") + known[1];
    parts.label.textContent = why === "over" ? "密码" : "PIN 或密码";
    parts.reload.hidden = why !== "other";
    if (Z.scan) { Z.scan.closeCamera(); }
    if (!anew) { return; }
    document.documentElement.classList.add("locked");
    clearTimeout(timer);
    parts.secret.value = "";
    parts.who.value = "";
    parts.fault.hidden = true;
    parts.colleague.open = false;
    if (!dialog.open) { dialog.showModal(); }
    parts.secret.focus();
  }
  function lift() {
    shown = null;
    document.documentElement.classList.remove("locked");
    if (dialog && dialog.open) { dialog.close(); }
    var held = waiting;
    waiting = [];
    held.forEach(function (goOn) { goOn(); });
  }
  function open() {
    var parts = dialog.parts, body = { who: parts.who.value.trim() || (shown === "over" || shown === "other" ? me : ""), secret: parts.secret.value };
    if (!body.secret) { return; }
    Z.ask("POST", "/people/unlock.json", body).then(function (answer) {
      var told = answer.body || {};
      parts.secret.value = "";
      if (answer.status === 200) { back(told); return; }
      if (told.code === "password_needed") { lay("over", ""); }
      parts.fault.textContent = answer.status === 0 ? "没有连上服务器，请稍后再试。" : ((told.errors && told.errors[0] && told.errors[0].detail) || told.detail || "没有打开，请再试一次。");
      parts.fault.hidden = false;
      parts.secret.focus();
    });
  }
  function back(told) {
    if (told.user !== me) { location.reload(); return; }
    fresh(told.csrf);
    later(told.idle_left);
    lift();
    if (others) { others.postMessage("changed"); }
  }

  function now() {
    lay("hand", "");
    Z.ask("POST", "/people/lock.json", {}).then(function (answer) {
      if (answer.status === 401) { check(); }
      if (others) { others.postMessage("changed"); }
    });
  }
  function hold() {
    return new Promise(function (goOn) { waiting.push(goOn); check(); });
  }
  function adopt(told) {
    me = told.user;
    meta("actor").content = me;
    fresh(told.csrf);
    later(told.idle_left);
    if (others) { others.postMessage("changed"); }
  }
  function scanned(text) {
    dialog.parts.colleague.open = true;
    dialog.parts.who.value = text;
    dialog.parts.secret.focus();
  }

  /* --- a form is sent only while somebody is here to send it ------------------------------------------------ */
  document.addEventListener("submit", function (event) {
    var form = event.target, sender = event.submitter;
    if (form.hasAttribute("data-lock")) { event.preventDefault(); event.stopImmediatePropagation(); now(); return; }
    /* not form.method: a field may have that name */
    if (String(form.getAttribute("method")).toLowerCase() !== "post" || form.hasAttribute("data-leave") || form.closest("dialog.lock")) { return; }
    if (form.zdChecked) { form.zdChecked = false; return; }
    event.preventDefault();
    event.stopImmediatePropagation();
    if (form.zdAsking) { return; }
    form.zdAsking = true;
    check().then(function (ours) {
      if (ours === false) { return new Promise(function (goOn) { waiting.push(goOn); }); }
      if (ours === null) { Z.toast("bad", "没有连上服务器，没有交上去", "填的都还在。网络恢复后再点一次。"); throw new Error("offline"); }
      return null;
    }).then(function () {
      form.zdAsking = false;
      form.zdChecked = true;
      if (sender && sender.isConnected && !sender.disabled) { form.requestSubmit(sender); } else { form.requestSubmit(); }
      form.zdChecked = false;
    }).catch(function () { form.zdAsking = false; });
  }, true);

  /* --- when to look -------------------------------------------------------------------------------------------- */
  document.addEventListener("visibilitychange", function () { if (!document.hidden && !shown) { check(); } });
  window.addEventListener("pageshow", function (event) { if (event.persisted) { check(); } });
  if (others) { others.onmessage = function () { check(); }; }
  later(Number(meta("idle").content) || 1800);

  Z.lock = { on: function () { return !!shown; }, now: now, hold: hold, check: check, adopt: adopt, scanned: scanned };
})();
