/* Counting a hand-over list by scan: what is on it is ticked off, what is missing or too much is said at once. Nothing here
   changes anything; the server counts again when the list is signed. */
(function () {
  "use strict";
  var Z = window.Zhengda, root = document.querySelector("[data-signing]");
  if (!root) { return; }
  function all(selector) { return Array.prototype.slice.call(root.querySelectorAll(selector)); }
  function one(selector) { return root.querySelector(selector); }
  var rows = all("[data-envelope]").map(function (node) {
    return { node: node, id: node.getAttribute("data-envelope"), no: node.getAttribute("data-number").toUpperCase(), box: node.querySelector("input"), seen: false };
  });
  var counted = one("[name=counted]"), tally = one("[data-tally]"), short = one("[data-short]"), strike = one("[data-strike-all]"), surplus = one("[data-surplus]"), extra = {};

  function missing() { return rows.filter(function (row) { return !row.seen && !row.box.checked; }); }
  function tell() {
    var scanned = rows.filter(function (row) { return row.seen; }).length, due = rows.filter(function (row) { return !row.box.checked; }).length, gone = missing();
    all("[data-due]").forEach(function (node) { node.textContent = due; });
    rows.forEach(function (row) { row.node.classList.toggle("struck", row.box.checked); row.node.querySelector(".seen").hidden = !row.seen; });
    tally.textContent = scanned ? "已扫到 " + scanned + " 封，应交 " + due + " 封。" : "";
    var lists = scanned > 0 && gone.length > 0;
    short.hidden = strike.hidden = !lists;
    short.textContent = lists ? "少 " + gone.length + " 件：" + gone.slice(0, 6).map(function (row) { return row.no; }).join("、") + (gone.length > 6 ? " 等" : "") : "";
    if (scanned) { counted.value = scanned + Object.keys(extra).length; }
  }
  function rowOf(text) {
    var code = text.toUpperCase(), id = /\/C#([A-Z2-7]{26})$/.exec(code);
    return rows.filter(function (row) { return row.no === code || (id && row.id === id[1]) || row.id === code; })[0];
  }
  function more(text) {
    if (extra[text]) { return; }
    extra[text] = true;
    var out = Z.node("button", { type: "button", class: "btn slim" }, "已拿出来");
    var line = Z.node("li", {}, Z.icon("cross"), " 多 1 件，不在清单上：" + text.slice(-30) + "。请拿出来。 ", out);
    out.addEventListener("click", function () { delete extra[text]; line.remove(); tell(); });
    surplus.appendChild(line);
  }
  Z.scan.listen(function (text) {
    if (/\/WINDOW\/SIGN\//i.test(text)) { return true; }
    var row = rowOf(text);
    if (!row) { Z.sound.wrong(); more(text); tell(); return true; }
    if (row.box.checked) { row.box.checked = false; }
    row.seen = true;
    Z.sound.ok();
    tell();
    return true;
  });
  root.addEventListener("change", function (event) {
    if (event.target.name !== "left_out") { return; }
    rows.forEach(function (row) { if (row.box === event.target && row.box.checked) { row.seen = false; } });
    tell();
  });
  strike.querySelector("button").addEventListener("click", function () { missing().forEach(function (row) { row.box.checked = true; }); tell(); });
  tell();
})();
