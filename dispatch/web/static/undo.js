/* How many seconds an issue can still be taken back: counts down, and takes the button away when the minute is over. */
(function () {
  "use strict";
  function all(selector) { return Array.prototype.slice.call(document.querySelectorAll(selector)); }
  function start(mark) {
    if (mark.counting) { return; }
    mark.counting = true;
    var until = performance.now() + Number(mark.getAttribute("data-undo")) * 1000, words = mark.querySelector("[data-undo-left]");
    (function again() {
      var left = Math.ceil((until - performance.now()) / 1000);
      if (left > 0) { words.textContent = left; setTimeout(again, 250); return; }
      for (var node = mark.closest("[data-undo-gone]"); node; node = node.parentElement.closest("[data-undo-gone]")) {
        if (node.querySelectorAll("[data-undo]").length > 1) { break; }
        node.hidden = true;
      }
      mark.removeAttribute("data-undo");
    })();
  }
  window.Zhengda = window.Zhengda || {};
  window.Zhengda.undo = function () { all("[data-undo]").forEach(start); };
  window.Zhengda.undo();
})();
