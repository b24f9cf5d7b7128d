/* The page of a print batch: the button says from which place on; what the label printer does is looked up again. */
(function () {
  "use strict";
  var place = document.querySelector("input[name=from]"), said = document.querySelector("[data-from]");
  if (place && said) {
    place.addEventListener("input", function () { said.textContent = place.value.trim() || "…"; });
  }
  /* The first file opened by itself, in a tab of its own: what comes next stands out. */
  var files = document.querySelectorAll(".prints .btn");
  if (location.hash === "#opened" && files.length) {
    history.replaceState(null, "", location.pathname + location.search);
    document.querySelector("[data-opened]").hidden = false;
    files[0].classList.remove("main");
    if (files[1]) { files[1].classList.add("main"); }
  }
  /* A sheet scanned anywhere on the page is looked up as the last good one; what is ticked stays ticked. */
  var find = document.getElementById("find-sheet"), Z = window.Zhengda || {};
  if (find) {
    find.addEventListener("submit", function () {
      document.querySelectorAll("input[name=spoiled]:checked").forEach(function (box) {
        var kept = document.createElement("input");
        kept.type = "hidden"; kept.name = "spoiled"; kept.value = box.value;
        find.appendChild(kept);
      });
    });
    if (Z.scan) {
      Z.scan.listen(function (text) {
        if (!/\/v#|^[A-Z2-7]{16}$|^P?[0-9]{4}-[0-9]{1,4}\/[0-9]{1,4}$/i.test(text)) { return false; }
        find.elements.last.value = text;
        find.requestSubmit();
        return true;
      });
    }
  }
  function busy() { return document.hidden || /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName); }
  (function again() {
    if (!document.querySelector("#labels[data-running]")) { return; }
    setTimeout(function () {
      if (busy()) { again(); return; }
      fetch(location.pathname, { credentials: "same-origin", headers: { Accept: "text/html" } }).then(function (answer) {
        return answer.ok && !answer.redirected ? answer.text() : "";
      }).then(function (text) {
        var fresh = text && new DOMParser().parseFromString(text, "text/html").querySelector("#labels");
        if (fresh) { document.querySelector("#labels").replaceWith(fresh); }
        again();
      }).catch(again);
    }, 1500);
  })();
})();
