/* The page of an import that goes on in the background: how far it is, and the whole page again when it is done. */
(function () {
  "use strict";
  var Z = window.Zhengda || {}, panel = document.querySelector("[data-import]");
  if (!panel || !Z.ask) { return; }
  var words = panel.querySelector("[data-words]"), bar = panel.querySelector("progress"), turns = 0;
  (function again() {
    Z.ask("GET", panel.getAttribute("data-import")).then(function (answer) {
      var told = answer.body;
      turns += 1;
      if (answer.status !== 200 || !told) { words.textContent = "暂时看不到进度，导入仍在后台进行。正在重试…"; setTimeout(again, 3000); return; }
      if (told.state !== "running") { location.reload(); return; }
      if (told.total) {
        bar.max = told.total;
        bar.value = told.done;
        words.textContent = "共 " + told.total + " 件，已看过 " + told.done + " 件" + (told.refused ? "，有问题 " + told.refused + " 件" : "");
      }
      setTimeout(again, turns < 20 ? 700 : 2000);
    });
  })();
})();
