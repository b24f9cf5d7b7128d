/* What every page of the window has: notices that come and go, a scan anywhere, a colleague taking over, help on keys.

   Zhengda.toast(tone, head, more)   a notice at the foot of the screen; tone ok, info, wait or bad; bad ones stay
   Zhengda.typed()                   whether something on the page was typed or chosen and not sent */
(function () {
  "use strict";
  var Z = window.Zhengda, place = document.getElementById("toasts");
  if (Z.toast || !place) { return; }
  function one(selector, within) { return (within || document).querySelector(selector); }

  function toast(tone, head, more) {
    var shut = Z.node("button", { class: "link", type: "button" }, "知道了");
    var box = Z.node("div", { class: "notice toast " + tone, role: tone === "bad" ? "alert" : "status" }, Z.icon({ ok: "check", bad: "cross", wait: "alert" }[tone] || "info"),
      Z.node("div", {}, Z.node("p", {}, Z.node("b", {}, head)), more ? Z.node("p", {}, more) : null), shut);
    shut.addEventListener("click", function () { box.remove(); });
    while (place.childNodes.length > 2) { place.removeChild(place.firstChild); }
    place.appendChild(box);
    if (tone !== "bad") { setTimeout(function () { box.remove(); }, 7000); }
    return box;
  }

  /* --- what would be lost ---------------------------------------------------------------------------------- */
  function changed(field) {
    if (field.disabled || field.type === "hidden" || field.hasAttribute("data-scan") || field.hasAttribute("data-every")) { return false; }
    if (field.type === "checkbox" || field.type === "radio") { return field.checked !== field.defaultChecked; }
    if (field.tagName === "SELECT") { return Array.prototype.some.call(field.options, function (option) { return option.selected !== option.defaultSelected; }) && field.selectedIndex > 0; }
    return "value" in field && field.type !== "submit" && field.type !== "button" && field.value !== field.defaultValue;
  }
  function typed() {
    return Array.prototype.some.call(document.querySelectorAll("form[method=post]"), function (form) {
      return !form.closest("dialog") && !form.hasAttribute("data-sent") && Array.prototype.some.call(form.elements, changed);
    });
  }

  /* --- a scan anywhere -------------------------------------------------------------------------------------- */
  var question = null;
  function opened(text) {
    if (one("#switch[open]")) { one("#switch-who").value = text; one("#switch-secret").focus(); Z.sound.notice(); return; }
    Z.ask("POST", "/window/found.json", { text: text }).then(function (answer) {
      var told = answer.body || {};
      if (answer.status === 200) { arrive(told, text); return; }
      Z.sound.wrong();
      if (answer.status === 0) { toast("bad", "没有连上服务器，没有查到这个码", "网络恢复后再扫一次。"); return; }
      toast(answer.status === 404 ? "wait" : "bad", answer.status === 404 ? "没有认出：" + short(text) : "没有打开", told.detail);
    });
  }
  function short(text) { return text.length > 28 ? text.slice(0, 12) + "…" + text.slice(-12) : text; }
  function arrive(told, text) {
    Z.sound.notice();
    if (told.kind === "badge") { change(text); return; }
    if (!typed()) { leave(told.address); return; }
    ask(told);
  }
  function leave(address) {
    var same = address.split("#")[0] === location.pathname + location.search;
    location.href = address;
    if (same) { toast("info", "就是这一页"); }
  }
  function ask(told) {
    if (question) { question.remove(); }
    var yes = Z.node("button", { class: "btn main", type: "button" }, "打开它（回车）"), no = Z.node("button", { class: "btn plain", type: "button" }, "留在这里（Esc）");
    question = Z.node("dialog", { "aria-labelledby": "leave-say" }, Z.node("h2", { id: "leave-say" }, "扫到 " + told.words + "，打开它？"), Z.node("p", {}, "这一页有没交的内容，打开别的就没有了。"), Z.node("p", { class: "acts" }, yes, no));
    yes.addEventListener("click", function () { if (!Z.scan.just()) { leave(told.address); } });
    no.addEventListener("click", function () { question.close(); });
    question.addEventListener("close", function () { question.remove(); question = null; });
    document.body.appendChild(question);
    question.showModal();
    yes.focus();
  }
  Z.scan.otherwise(opened);

  /* --- a colleague takes over --------------------------------------------------------------------------------- */
  var over = one("#switch"), form = over && one("form", over);
  function change(who) {
    if (!over || !over.showModal) { location.href = "/people/switch"; return; }
    one("#switch-who").value = who || "";
    one("#switch-secret").value = "";
    one("[data-fault]", over).hidden = true;
    one("[data-typed]", over).hidden = !typed();
    if (!over.open) { over.showModal(); }
    one(who ? "#switch-secret" : "#switch-who").focus();
  }
  if (form) {
    form.addEventListener("submit", function (event) {
      var stays = typed(), button = one("button[type=submit]", form), fault = one("[data-fault]", over);
      event.preventDefault();
      button.disabled = true;
      Z.ask("POST", "/people/switch.json", { who: one("#switch-who").value, secret: one("#switch-secret").value }).then(function (answer) {
        var told = answer.body || {};
        button.disabled = false;
        one("#switch-secret").value = "";
        if (answer.status !== 200) {
          fault.textContent = answer.status === 0 ? "没有连上服务器，请再试一次。" : ((told.errors && told.errors[0] && told.errors[0].detail) || told.detail || "没有换成，请再试一次。");
          fault.hidden = false;
          one("#switch-secret").focus();
          return;
        }
        if (!stays) { location.reload(); return; }
        Z.lock.adopt(told);
        over.close();
        one("[data-actor]").textContent = told.user;
        one("[data-actor-role]").textContent = told.role;
        toast("wait", "现在是 " + told.user + "（" + told.role + "）", "没交的内容还在，交上去算 " + told.user + " 的。");
      });
    });
  }

  document.addEventListener("click", function (event) {
    var door = event.target.closest ? event.target.closest("[data-switch], [data-show-keys], [data-close]") : null, help = one("#keys");
    if (!door) { return; }
    if (door.hasAttribute("data-switch")) { event.preventDefault(); change(""); }
    else if (door.hasAttribute("data-close")) { door.closest("dialog").close(); }
    else if (help && help.showModal) { help.showModal(); }
  });
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || writing(event.target) || one("dialog[open]")) { return; }
    if (event.key === "l" || event.key === "L") { Z.scan.alone(function () { if (!one("dialog[open]")) { Z.lock.now(); } }); }
    else if (event.key === "?") { Z.scan.alone(function () { var help = one("#keys"); if (help && !one("dialog[open]")) { help.showModal(); } }); }
  });
  function writing(node) { return !!node && ((/^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName) && !/^(checkbox|radio)$/.test(node.type)) || node.isContentEditable); }

  Z.toast = toast; Z.typed = typed; Z.writing = writing;
})();
