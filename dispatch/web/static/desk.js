/* The working screen: the four steps by the keys 1 to 4, everything due today with one press, and counts that keep up. */
(function () {
  "use strict";
  var Z = window.Zhengda, desk = document.getElementById("desk");
  if (!desk || !Z) { return; }
  function all(selector) { return Array.prototype.slice.call(document.querySelectorAll(selector)); }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented || !/^[1-4]$/.test(event.key)) { return; }
    if (Z.writing(event.target) || document.querySelector("dialog[open], .hold")) { return; }
    var door = all("[data-goto]")[Number(event.key) - 1];
    /* a scanner sends digits too: a key that stands alone is a person's */
    if (door) { Z.scan.alone(function () { door.click(); }, 400); }
  });

  all("[data-noscript]").forEach(function (button) { button.hidden = true; });

  var due = all("tr[data-due] input[data-tick]:not(:disabled)"), pick = document.querySelector("[data-pick-due]");
  if (pick && due.length) {
    pick.textContent = "到期的全选（" + due.length + "）";
    pick.hidden = false;
    pick.addEventListener("click", function () {
      all("input[data-tick]").forEach(function (box) { box.checked = due.indexOf(box) >= 0; });
      due[0].dispatchEvent(new Event("change", { bubbles: true }));
    });
  }
})();
