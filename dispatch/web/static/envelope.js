/* A label's code in a stranger's hand: the last part of the envelope's own number, to be read out on the telephone. */
(function () {
  "use strict";
  var id = decodeURIComponent(location.hash.slice(1)).replace(/[^0-9A-Za-z-]/g, "");
  if (id.length < 8 || id.length > 64) { return; }
  document.getElementById("which-id").textContent = id.slice(-8).toUpperCase();
  document.getElementById("which").hidden = false;
})();
