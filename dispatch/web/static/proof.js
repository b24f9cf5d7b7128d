/* 校对 by keyboard: Enter = agrees and on to the next field, E = wrong, arrow up = back. Without it the radios do. */
(function () {
  "use strict";
  var form = document.querySelector("form[data-proof]");
  if (!form) { return; }
  var rows = Array.prototype.slice.call(form.querySelectorAll("[data-proof-field]"));
  var submit = form.querySelector("button[type=submit]"), word = form.querySelector("[data-proof-word]");
  var left = form.querySelector("[data-proof-left]"), note = form.querySelector("[data-proof-note]");
  var hint = form.querySelector("[data-keys-hint]");
  var scan = window.Zhengda && window.Zhengda.scan;
  function radio(row, value) { return row.querySelector("input[value=" + value + "]"); }
  function told(row) { var box = row.querySelector("input:checked"); return box ? box.value : ""; }
  function go(n) {
    var row = rows[n];
    if (!row) { submit.focus(); return; }
    (row.querySelector("input:checked") || radio(row, "right")).focus();
    row.scrollIntoView({ block: "nearest" });
  }
  function tell() {
    var open = 0, wrong = 0;
    rows.forEach(function (row) {
      var value = told(row);
      row.className = value ? "told-" + value : "";
      if (!value) { open += 1; }
      if (value === "wrong") { wrong += 1; }
    });
    note.hidden = !wrong;
    note.querySelector("textarea").required = wrong > 0;
    submit.disabled = open > 0 && !wrong;
    word.textContent = wrong ? "有误 " + wrong + " 处，暂缓办件" : "全部一致，校对通过";
    left.textContent = open && !wrong ? "还有 " + open + " 栏" : "";
  }
  function answer(row, value) {
    radio(row, value).checked = true;
    tell();
    if (value === "wrong") { note.querySelector("textarea").focus(); } else { go(rows.indexOf(row) + 1); }
  }
  form.addEventListener("change", tell);
  form.addEventListener("keydown", function (event) {
    var row = event.target.closest("[data-proof-field]");
    if (!row || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) { return; }
    if (event.key === "Enter") {
      event.preventDefault();
      if (scan && scan.just && scan.just()) { return; } // a scanner's Enter agrees to nothing
      answer(row, "right");
    } else if (event.key === "e" || event.key === "E") { event.preventDefault(); answer(row, "wrong"); }
    else if (event.key === "ArrowUp") { event.preventDefault(); go(Math.max(0, rows.indexOf(row) - 1)); }
    else if (event.key === "ArrowDown") { event.preventDefault(); go(Math.min(rows.length - 1, rows.indexOf(row) + 1)); }
  });
  hint.hidden = false;
  tell();
  go(rows.findIndex(function (row) { return !told(row); }));
}());
