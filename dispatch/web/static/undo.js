/* How many seconds an issue can still be taken back: counts down, and takes the button away when the minute is over. */
(function () {
  "use strict";
  if (window.Zhengda && window.Zhengda.undo) { return; }
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

  /* A button for a batch that was issued without leaving the page. */
  window.Zhengda.undoBatch = function (panel, batch, seconds) {
    var old = panel.querySelector("form[data-undo-batch]"), token = document.querySelector("meta[name=csrf-token]");
    if (old || !(seconds > 0)) { return; }
    var form = document.createElement("form"), field = document.createElement("input"), button = document.createElement("button"), mark = document.createElement("span"), left = document.createElement("b");
    form.method = "post";
    form.action = "/window/batches/" + encodeURIComponent(batch) + "/undo";
    form.setAttribute("data-undo-batch", "");
    form.setAttribute("data-undo-gone", "");
    field.type = "hidden"; field.name = "csrf_token"; field.value = token ? token.content : "";
    button.type = "submit"; button.className = "btn slim"; button.textContent = "这一批都撤回 ";
    mark.setAttribute("data-undo", seconds);
    left.setAttribute("data-undo-left", ""); left.className = "num"; left.textContent = seconds;
    mark.append("（还剩 ", left, " 秒）");
    button.append(mark);
    form.append(field, button);
    panel.append(form);
    start(mark);
  };
})();
