/* A paper sheet entered afterwards: each row shows the fields its act needs and the case its number means; a scan goes into
   the row that is being filled; another row; a photo grows and shrinks. Without this all fields are there at once. */
(function () {
  "use strict";
  var Z = window.Zhengda || {}, list = document.querySelector("[data-paper-rows]");
  if (!list) { return; }
  function all(selector, within) { return Array.prototype.slice.call(within.querySelectorAll(selector)); }
  function field(row, name) { return row.querySelector("[name=" + name + "]"); }

  function fit(row) {
    var act = field(row, "act").value, what = field(row, "what").value.trim(), words = row.querySelector("[data-line-words]");
    all("[data-for]", row).forEach(function (part) { part.hidden = part.getAttribute("data-for").split(" ").indexOf(act) < 0; });
    var line = /^\d{1,3}$/.test(what) && document.querySelector("tr[data-line='" + Number(what) + "']");
    words.hidden = !line;
    words.textContent = line ? line.getAttribute("data-words") : "";
    var blank = row.querySelector("[data-blank-line]"), code = field(row, "code");
    blank.hidden = !(code.value || (/^\d{1,3}$/.test(what) && !line));
  }
  function each(event) {
    var row = event.target.closest && event.target.closest("[data-row-of-paper]");
    if (row) { fit(row); }
  }
  list.addEventListener("input", each);
  list.addEventListener("change", each);
  all("[data-row-of-paper]", list).forEach(fit);

  /* A new row begins as the one above it: the same act, the same people. */
  function another() {
    var rows = all("[data-row-of-paper]", list), last = rows[rows.length - 1], fresh = last.cloneNode(true);
    all("input", fresh).forEach(function (input) { input.value = ""; input.removeAttribute("aria-invalid"); });
    all(".fault", fresh).forEach(function (words) { words.remove(); });
    ["act", "done_by", "beside", "signer_kind"].forEach(function (name) { field(fresh, name).value = field(last, name).value; });
    list.appendChild(fresh);
    fit(fresh);
    return fresh;
  }
  var more = document.querySelector("[data-more-rows]");
  more.hidden = false;
  more.addEventListener("click", function () { field(another(), "what").focus(); });

  /* Enter goes on to the next row; only the button sends. */
  list.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT") { return; }
    event.preventDefault();
    var rows = all("[data-row-of-paper]", list), at = rows.indexOf(event.target.closest("[data-row-of-paper]"));
    field(rows[at + 1] || another(), "what").focus();
  });
  if (Z.scan) {
    Z.scan.listen(function (text) {
      var here = document.activeElement.closest && document.activeElement.closest("[data-row-of-paper]");
      var row = here && !field(here, "what").value ? here : all("[data-row-of-paper]", list).filter(function (one) { return !field(one, "what").value; })[0] || another();
      field(row, "what").value = text;
      fit(row);
      field(row, "time").focus();
    });
  }
  document.addEventListener("click", function (event) {
    var photo = event.target.closest && event.target.closest("[data-zoom]");
    if (photo) { photo.classList.toggle("big"); }
  });
})();
