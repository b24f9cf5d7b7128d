/* A scan anywhere on the page goes into the one form that is there for scans, and sends it. */
(function () {
  "use strict";
  var Z = window.Zhengda, form = document.querySelector("form[data-scan-form]");
  if (!form || !Z.scan) { return; }
  Z.scan.listen(function (text) {
    var field = form.querySelector("[data-scan-here]");
    field.value = text;
    form.requestSubmit();
  });
})();
