/* The page of a print batch: the button says from which place on. */
(function () {
  "use strict";
  var place = document.querySelector("input[name=from]"), said = document.querySelector("[data-from]");
  if (!place || !said) { return; }
  place.addEventListener("input", function () { said.textContent = place.value.trim() || "…"; });
})();
