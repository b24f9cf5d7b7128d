/* The window: keys for quick hands, select-and-issue with a bar, small conveniences. Every act also works as a plain form. */
(function () {
  "use strict";
  var Z = window.Zhengda;
  function all(selector, within) { return Array.prototype.slice.call((within || document).querySelectorAll(selector)); }
  function one(selector, within) { return (within || document).querySelector(selector); }

  /* --- choosing rows ------------------------------------------------------------------------------- */
  var rows = all("tr[data-row]"), at = -1;
  function go(to) {
    if (!rows.length) { return; }
    at = Math.max(0, Math.min(rows.length - 1, to));
    rows.forEach(function (row, n) { row.classList.toggle("here", n === at); });
    rows[at].scrollIntoView({ block: "nearest" });
  }
  function ticks() { return all("input[data-tick]"); }
  function chosen() { return ticks().filter(function (box) { return box.checked; }); }
  function tell() {
    var n = chosen().length, sum = one("[data-chosen]");
    if (sum) { sum.textContent = n ? "已选 " + n + " 件" : "还没有选"; }
    all("[data-needs-chosen]").forEach(function (button) { button.disabled = !n; });
    var every = one("input[data-every]");
    if (every) { every.checked = n > 0 && n === ticks().filter(function (box) { return !box.disabled; }).length; every.indeterminate = n > 0 && !every.checked; }
  }
  document.addEventListener("change", function (event) {
    if (event.target.matches("input[data-every]")) { ticks().forEach(function (box) { if (!box.disabled) { box.checked = event.target.checked; } }); }
    if (event.target.matches("input[data-tick], input[data-every]")) { tell(); }
    if (event.target.matches("[data-send]")) { event.target.form.requestSubmit(); }
    var shows = event.target.getAttribute && event.target.getAttribute("data-shows");
    if (shows !== null && shows !== undefined) { switchParts(event.target); }
  });
  function switchParts(select) {
    all("[data-when]", select.form).forEach(function (part) {
      var on = part.getAttribute("data-when").split(" ").indexOf(select.value) >= 0;
      part.hidden = !on;
      all("input, select, textarea", part).forEach(function (input) { input.disabled = !on; });
    });
  }
  all("select[data-shows]").forEach(switchParts);

  /* --- keys ------------------------------------------------------------------------------------------ */
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) { return; }
    if (Z.writing(event.target)) { if (event.key === "Escape") { event.target.blur(); } return; }
    if (one("dialog[open]")) { return; }
    if (event.key === "/") { var box = one("input[data-search]"); if (box) { event.preventDefault(); box.focus(); box.select(); } }
    else if (event.key === "j") { go(at + 1); }
    else if (event.key === "k") { go(at - 1); }
    else if (event.key === "x") { Z.scan.alone(tickHere); }
    else if (event.key === "Enter" && rows[at] && !/^(A|BUTTON|SUMMARY)$/.test(event.target.tagName) && !Z.scan.just()) { var link = one("a[data-open]", rows[at]); if (link) { event.preventDefault(); link.click(); } }
  });
  function tickHere() {
    var tick = rows[at] && one("input[data-tick]", rows[at]);
    if (tick && !tick.disabled) { tick.checked = !tick.checked; tell(); }
  }

  /* --- issuing many: send, then watch ---------------------------------------------------------------- */
  var issue = one("form[data-issue]");
  function watch(panel, batch) {
    var bar = one("progress", panel), words = one("[data-words]", panel), list = one("[data-refused]", panel), turns = 0;
    (function again() {
      Z.ask("GET", panel.getAttribute("data-progress") + batch).then(function (answer) {
        var told = answer.body;
        turns += 1;
        if (answer.status !== 200 || !told) { words.textContent = "暂时看不到进度，出件仍在后台进行。正在重试…"; setTimeout(again, 3000); return; }
        bar.max = Math.max(1, told.total);
        bar.value = told.done;
        words.textContent = "共 " + told.total + " 件，已出件 " + told.issued + " 件" + (told.refused.length ? "，没有出 " + told.refused.length + " 件" : "") + "。";
        Z.fill.apply(null, [list].concat(told.refused.map(function (no) { return Z.node("li", {}, no.acceptance_no + "：" + no.detail); })));
        list.hidden = !told.refused.length;
        if (told.done < told.total) { setTimeout(again, turns < 20 ? 500 : 2000); return; }
        issued(told);
        if (Z.undoBatch && told.issued) { Z.undoBatch(one("[data-after]", panel), batch, told.undo_seconds); }
        if (!made(panel, batch, told, words)) { setTimeout(again, turns < 40 ? 700 : 3000); } else if (Z.desk) { Z.desk.refresh(); }
      });
    })();
  }
  /* Rows that were issued say so; those refused can be looked at again. */
  function issued(told) {
    var refused = told.refused.map(function (no) { return no.acceptance_no; });
    all("tr[data-sent]").forEach(function (row) {
      var chip = one(".chip", row), no = one("input[data-tick]", row).value;
      row.removeAttribute("data-sent");
      if (refused.indexOf(no) >= 0) { return; }
      row.classList.remove("late");
      row.classList.add("gone");
      if (chip) { chip.className = "chip ok"; Z.fill(chip, Z.icon("check"), "已出件"); }
    });
    if (Z.desk) { Z.desk.refresh(); }
  }
  /* Everything is issued; the pages and labels follow. True when nothing more is to be waited for. */
  function made(panel, batch, told, words) {
    var after = one("[data-after]", panel), form = one("form[data-print-batch]", after), button = one("button", form);
    var waits = told.papers - told.made - told.stuck;
    after.hidden = false;
    form.elements.batch.value = batch;
    form.hidden = !told.papers;
    button.disabled = told.made <= told.unread;
    one("span", button).textContent = waits > 0 && told.made ? "先打做好的 " + (told.made - told.unread) + " 份" : "打印这一批（证件 + 面单）";
    if (told.papers && waits > 0) { words.textContent += " 证件和面单已做好 " + told.made + " / " + told.papers + " 份，正在做其余的。"; }
    else if (told.papers) { words.textContent += " " + told.made + " 份证件和面单都做好了。"; }
    if (told.unread) { words.textContent += "其中 " + told.unread + " 份要先由同事校对。"; }
    if (told.stuck) { words.textContent += "另有 " + told.stuck + " 份卡住了，看上面“件卡住了”。"; }
    return waits <= 0;
  }
  if (issue) {
    issue.addEventListener("submit", function (event) {
      if (event.submitter && event.submitter.hasAttribute("formaction")) { return; }
      var numbers = chosen().map(function (box) { return box.value; }), panel = one("#progress"), words = panel && one("[data-words]", panel);
      if (!numbers.length || !panel) { return; }
      event.preventDefault();
      var button = event.submitter || one("button[data-needs-chosen]", issue), bar = one("progress", panel);
      button.disabled = true;
      panel.hidden = false;
      bar.hidden = false;
      words.textContent = "正在送出 " + numbers.length + " 件…";
      Z.ask("POST", issue.getAttribute("data-issue"), { acceptance_nos: numbers }, 60000).then(function (answer) {
        if (answer.status !== 200 || !answer.body) {
          button.disabled = false;
          bar.hidden = true;
          words.textContent = answer.status === 0 ? "没有连上服务器，不清楚收到了没有。重新点一次不会出两份。" : ((answer.body && answer.body.detail) || "没有出件，请刷新页面再试。");
          return;
        }
        chosen().forEach(function (box) { box.checked = false; box.disabled = true; box.closest("tr").setAttribute("data-sent", ""); });
        tell();
        document.dispatchEvent(new Event("zhengda:issued"));
        watch(panel, answer.body.batch);
      });
    });
  }

  /* --- one press: the batch is put together and its file opens at once -------------------------------- */
  document.addEventListener("submit", function (event) {
    var form = event.target, stay = form.getAttribute("data-stay"), button = event.submitter;
    if (!form.matches("form[data-print-batch]") || event.defaultPrevented) { return; }
    event.preventDefault();
    /* opened within the press: a window that opens by itself later is held back */
    var tab = window.open("", "_blank"), fields = new FormData(form);
    if (button) { button.disabled = true; }
    Z.ask("POST", "/window/print.json", { batch: fields.get("batch") || "", documents: fields.getAll("document_id") }, 60000).then(function (answer) {
      if (answer.status !== 200 || !answer.body) {
        if (tab) { tab.close(); }
        if (answer.status) { form.submit(); return; } /* the plain way says why not, and asks what there is to ask */
        if (button) { button.disabled = false; }
        Z.toast("bad", "没有连上服务器，没有打印", "请再点一次；已经排进批次的不会排两次。");
        return;
      }
      if (tab) { tab.location.replace(answer.body.file); }
      if (!tab || stay === null) { location.href = answer.body.page + (tab ? "#opened" : ""); return; }
      var next = document.getElementById(stay);
      if (button) { button.classList.remove("main"); }
      if (next) { next.scrollIntoView({ block: "start" }); var box = one("input[type=text], input:not([type])", next); if (box) { box.focus({ preventScroll: true }); } }
    });
  });

  /* --- a case whose papers are being made looks again by itself ---------------------------------------- */
  var making = one("[data-making]");
  (function again(turns) {
    if (!making || turns > 40) { return; }
    setTimeout(function () {
      Z.ask("GET", making.getAttribute("data-making")).then(function (answer) {
        var papers = (answer.status === 200 && answer.body && answer.body.documents) || [], open = papers.some(function (paper) { return paper.state === "draft" && paper.source !== "import"; });
        if (!papers.length || open) { again(turns + 1); return; }
        if (Z.typed() || one("dialog[open]")) { making.textContent = "证件做好了，刷新这一页就看得到。"; return; }
        location.reload();
      });
    }, turns < 15 ? 700 : 3000);
  })(0);

  /* --- small things ----------------------------------------------------------------------------------- */
  document.addEventListener("click", function (event) {
    var button = event.target.closest ? event.target.closest("[data-copy], [data-print]") : null;
    if (!button) { return; }
    if (button.hasAttribute("data-print")) { window.print(); }
    if (button.hasAttribute("data-copy") && navigator.clipboard) {
      navigator.clipboard.writeText(document.getElementById(button.getAttribute("data-copy")).textContent.trim()).then(function () { button.textContent = "已复制"; });
    }
  });
  all("form[data-once]").forEach(function (form) { form.addEventListener("submit", function () { setTimeout(function () { all("button[type=submit]", form).forEach(function (button) { button.disabled = true; }); }, 0); }); });
  tell();
  if (rows.length && document.body.hasAttribute("data-keys")) { go(0); }
})();
