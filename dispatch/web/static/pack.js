/* Pack check: the label on the open envelope first, then each paper. Green moves on by itself,
   red holds the screen until somebody answers it; a scanner's Enter never answers it. */
(function () {
  "use strict";
  var Z = window.Zhengda, root = document.getElementById("pack");
  if (!root) { return; }
  var stage = document.getElementById("stage"), done = document.getElementById("done"), reasons = Z.data("pack-reasons") || {};
  var label = null, held = null, waiting = [], busy = false, envelopes = 0, papers = 0, pendingPaper = null;

  function isLabel(text) { return /\/c#/i.test(text) || /^[A-Z]{2}[0-9]{9}[A-Z]{2}$/i.test(text) || /^ZD[0-9]{13}$/i.test(text); }
  function say(tone, mark, head, more) {
    stage.className = "stage " + tone;
    Z.fill(stage, Z.icon(mark, "huge"), Z.node("p", { class: "say" }, head), more ? (typeof more === "string" ? Z.node("p", { class: "more" }, more) : more) : null);
  }
  function start() { label = pendingPaper = null; say("", "scan", "先扫信封上的面单", "信封开着，纸还没装。扫完面单，再一张一张扫要装进去的纸。"); }
  function count() { document.getElementById("count").textContent = "本次已封装 " + envelopes + " 封，核对 " + papers + " 份"; }

  function hold(head, more, answer, then) {
    Z.sound.wrong();
    var button = Z.node("button", { class: "btn", type: "button" }, answer || "知道了，把这份纸拿出来");
    held = Z.node("div", { class: "hold", role: "alertdialog", "aria-modal": "true", "aria-labelledby": "hold-say", tabindex: "-1" },
      Z.icon("cross"), Z.node("p", { class: "say", id: "hold-say" }, head), more ? Z.node("p", { class: "more" }, more) : null, button);
    button.addEventListener("click", function () {
      /* a scanner's Enter must never answer for a person */
      if (Z.scan.just()) { return; }
      held.remove();
      held = null;
      Z.scan.forgetLast();
      if (then) { then(); }
      stage.focus();
    });
    document.body.appendChild(held);
    held.focus();
  }
  document.addEventListener("keydown", function (event) {
    if (!held) { return; }
    if (event.key === "Escape") { held.querySelector("button").click(); }
    if (event.key === "Tab") { event.preventDefault(); held.querySelector("button").focus(); }
  });

  function log(tone, mark, text) {
    var item = Z.node("li", { class: "t-" + tone }, Z.icon(mark), " " + text);
    done.insertBefore(item, done.firstChild);
    while (done.childNodes.length > 30) { done.removeChild(done.lastChild); }
    document.getElementById("done-head").hidden = false;
  }

  function matched(body) {
    var missing = body.missing || [], packed = body.packed, of = body.of;
    Z.sound.ok();
    papers += 1;
    if (missing.length) {
      say("ok", "check", packed + "/" + of + "，还缺：" + missing.join("、"), "接着扫下一份纸。");
      log("ok", "check", packed + "/" + of + " 对上了");
    } else {
      envelopes += 1;
      say("ok", "envelope", "装齐了，共 " + of + " 份，可以封口", "封好后，扫下一个信封的面单。");
      log("ok", "envelope", "第 " + envelopes + " 封，装齐 " + of + " 份");
      if (Z.desk) { Z.desk.refresh(); }
      label = null;
    }
    count();
  }

  /* What a thing made elsewhere needs besides the sheet's code: its last characters, or a second person.
     A paper that waits for such an answer is asked about again after whatever was scanned meanwhile. */
  function question(paper, head, detail, fields, button, answered) {
    pendingPaper = paper;
    Z.sound.notice();
    var form = Z.node("form", { class: "object" });
    form.appendChild(Z.node("p", { class: "more" }, detail));
    fields.forEach(function (field) { form.appendChild(field); });
    form.appendChild(Z.node("button", { class: "btn main", type: "submit" }, button));
    form.addEventListener("submit", function (event) { event.preventDefault(); if (!busy) { answered(); } });
    say("wait", "eye", head, form);
    form.querySelector("input").focus();
  }
  function box(id, words, more) {
    var input = Z.node("input", Object.assign({ id: id, class: "code short", type: "text", autocomplete: "off", lang: "en" }, more));
    return Z.node("div", { class: "field" }, Z.node("label", { for: id }, words), input);
  }
  function value(id) { return document.getElementById(id).value.trim(); }
  function askObject(paper, again, detail) {
    question(paper, again ? "编号对不上，再看一遍实物" : "这是实体证件，要看一眼编号", detail || "请看实物，输入它上面编号的最后几位；实物上有码的，直接扫实物上的码。",
      [box("object-tail", "编号的最后几位", { autocapitalize: "characters", maxlength: "40" })], "核对",
      function () { if (value("object-tail")) { send(paper, { object_tail: value("object-tail") }); } });
  }
  function askSecond(paper, detail) {
    question(paper, "要两个人一起看过", detail,
      [box("second-who", "同事的工牌或用户名", { autocapitalize: "off" }), box("second-pin", "PIN", { type: "password", inputmode: "numeric", maxlength: "6" })], "两个人都看过了",
      function () { if (value("second-who") && value("second-pin")) { send(paper, { second_who: value("second-who"), second_pin: value("second-pin") }); } });
  }

  function send(paper, more) {
    busy = true;
    Z.ask("POST", "/api/v1/pack-checks", Object.assign({ label: label, paper: paper }, more)).then(function (answer) {
      busy = false;
      var told = answer.body || {}, again = pendingPaper;
      if (answer.status === 200 && told.outcome === "matched") {
        if (paper === again) { pendingPaper = again = null; }
        matched(told);
        if (!label) { pendingPaper = again = null; }
        if (again && !waiting.length) { send(again); return; }
      }
      else if (wants(told, "object_tail")) { askObject(paper, false, said(told)); }
      else if (wants(told, "second_person") || wants(told, "second_who")) { askSecond(paper, said(told)); }
      else if (told.code === "pin_failed" || told.code === "second_person") { hold(told.detail, "", "知道了，再试一次", function () { askSecond(paper, told.detail); }); }
      else if (told.outcome === "mismatch") { mismatch(paper, told); }
      else if (answer.status === 0 || answer.status >= 500) { hold("没有连上服务器，这一扫没有记下", "网络恢复后，请把这份纸再扫一次。", "知道了，再扫一次"); waiting = []; }
      else if (answer.status === 401 || answer.status === 403) { hold("登录已经过期", told.detail || "请重新登录。装到一半的信封不会丢，登录后接着扫。", "去登录", function () { location.reload(); }); }
      else { hold(told.title || "没有核对成", told.detail || "请再扫一次。", "知道了，再扫一次"); }
      next();
    });
  }
  function wants(told, what) { return told.code === what + "_required" || (told.errors || []).some(function (one) { return one.pointer === "/" + what; }); }
  function said(told) { return ((told.errors || [])[0] || {}).detail || told.detail || ""; }
  function mismatch(paper, told) {
    waiting = [];
    log("bad", "cross", reasons[told.reason] || "对不上");
    done.firstChild.appendChild(Z.node("a", { class: "nowrap", href: "/window/red", target: "_blank", rel: "noopener" }, "放进红盘"));
    var answer = { void_waybill: "知道了，换新面单", not_ready: "知道了，等一会儿再扫", held: "知道了，先放一边", unknown: "知道了" }[told.reason];
    var more = told.reason === "different_envelope" ? "请看纸上写的是谁，放回它自己的信封那里。" : told.detail || "";
    hold(reasons[told.reason] || told.title || "对不上", more, answer, function () {
      if (told.reason === "object_mismatch") { askObject(paper, true); }
      else if (told.reason === "void_waybill" || told.reason === "held") { start(); }
      else if (pendingPaper && label) { send(pendingPaper); }
    });
  }
  function next() { if (!busy && !held && waiting.length) { take(waiting.shift()); } }

  function take(text) {
    if (isLabel(text)) {
      if (label && text !== label && stage.getAttribute("data-open") === "1") { /* a fresh envelope before the last was full */ log("wait", "alert", "上一个信封还没装齐，已换到新信封"); }
      label = text;
      pendingPaper = null;
      stage.setAttribute("data-open", "1");
      Z.sound.notice();
      say("", "envelope", "面单已认出，现在扫要装的纸", "扫纸上的二维码；实体证件扫它自己的码，没有码就扫它的随附单。");
      document.getElementById("object").hidden = false;
      return;
    }
    if (!label) { waiting = []; hold("先扫信封上的面单", "刚才扫到的是一份纸。先扫面单，再扫纸，才知道装得对不对。", "知道了"); return; }
    send(text);
  }

  Z.scan.listen(function (text) {
    if (held) { Z.sound.wrong(); return; }
    var who = document.getElementById("second-who");
    if (who && document.activeElement === who) { who.value = text; document.getElementById("second-pin").focus(); return; } /* a badge, not a paper */
    if (busy) { waiting.push(text); return; }
    take(text);
  });
  document.getElementById("restart").addEventListener("click", start);
  document.getElementById("object").addEventListener("click", function () {
    if (!label) { return; }
    var input = Z.node("input", { id: "object-no", class: "code", type: "text", autocomplete: "off", lang: "en" });
    var form = Z.node("form", {}, Z.node("label", { for: "object-no", class: "more" }, "扫随附单上的二维码，或输入随附单上的查验码："), input, " ", Z.node("button", { class: "btn main", type: "submit" }, "下一步"));
    form.addEventListener("submit", function (event) { event.preventDefault(); var code = Z.scan.clean(input.value); if (code) { send(code); } });
    say("wait", "eye", "实体证件", form);
    input.focus();
  });
  start();
  count();
})();
