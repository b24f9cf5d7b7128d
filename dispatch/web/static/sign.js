/* A signature drawn with finger, pen or mouse on the office's screen. The picture is a PNG on white in a hidden field;
   who cannot write ticks the box beneath instead. Lines are kept as points, so that turning the tablet loses nothing. */
(function () {
  "use strict";
  function all(selector, within) { return Array.prototype.slice.call((within || document).querySelectorAll(selector)); }
  function one(selector, within) { return within.querySelector(selector); }
  var INK = "#14213d", MOST_WIDE = 1200;

  function pad(root) {
    var canvas = one("canvas", root), field = one("input[type=hidden]", root), tick = one("[data-sign-paper]", root), words = one("[data-sign-words]", root);
    var brush = canvas.getContext("2d"), lines = [], line = null, pen = null, scale = 1;

    function measure() {
      var box = canvas.getBoundingClientRect();
      if (!box.width) { return; }
      scale = Math.min(window.devicePixelRatio || 1, MOST_WIDE / box.width);
      canvas.width = Math.round(box.width * scale);
      canvas.height = Math.round(box.height * scale);
      draw();
    }
    function point(event) {
      var box = canvas.getBoundingClientRect();
      return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    }
    function draw() {
      brush.fillStyle = "#ffffff";
      brush.fillRect(0, 0, canvas.width, canvas.height);
      brush.strokeStyle = brush.fillStyle = INK;
      brush.lineWidth = 2.6 * scale;
      brush.lineCap = brush.lineJoin = "round";
      lines.forEach(function (points) {
        brush.beginPath();
        points.forEach(function (at, n) { brush[n ? "lineTo" : "moveTo"](at[0] * canvas.width, at[1] * canvas.height); });
        if (points.length === 1) { brush.arc(points[0][0] * canvas.width, points[0][1] * canvas.height, brush.lineWidth / 2, 0, 7); brush.fill(); }
        brush.stroke();
      });
    }
    /* A dot is a slip of the hand, not a name. */
    function written() { return lines.reduce(function (sum, points) { return sum + points.length; }, 0) >= 8; }
    function keep() {
      field.value = written() ? canvas.toDataURL("image/png") : "";
      if (words) { words.textContent = field.value ? "已签。" : "请在框里签名。"; }
      root.classList.toggle("signed", !!field.value);
    }

    canvas.addEventListener("pointerdown", function (event) {
      if (pen !== null || event.button > 0) { return; }
      event.preventDefault();
      pen = event.pointerId;
      canvas.setPointerCapture(pen);
      line = [point(event)];
      lines.push(line);
      if (tick) { tick.checked = false; }
      draw();
    });
    canvas.addEventListener("pointermove", function (event) {
      if (event.pointerId !== pen) { return; }
      (event.getCoalescedEvents ? event.getCoalescedEvents() : []).concat([event]).forEach(function (one) { line.push(point(one)); });
      draw();
    });
    ["pointerup", "pointercancel"].forEach(function (name) {
      canvas.addEventListener(name, function (event) { if (event.pointerId === pen) { pen = null; keep(); } });
    });
    one("[data-sign-clear]", root).addEventListener("click", function () { lines = []; draw(); keep(); });
    if (tick) { tick.addEventListener("change", function () { if (tick.checked) { lines = []; draw(); keep(); if (words) { words.textContent = "见纸质签名或手印。"; } } else { keep(); } }); }
    root.form = root.closest("form");
    if (root.form) {
      root.form.addEventListener("submit", function (event) {
        keep();
        if (field.value || (tick && tick.checked)) { return; }
        event.preventDefault();
        event.stopImmediatePropagation();
        if (words) { words.textContent = tick ? "还没有签名。请在框里签，不能手写的勾选下面一项。" : "还没有签名，请在框里签。"; }
        canvas.scrollIntoView({ block: "center" });
        canvas.focus();
      }, true);
    }
    if (window.ResizeObserver) { new ResizeObserver(measure).observe(canvas); } else { window.addEventListener("resize", measure); }
    measure();
  }
  all("[data-signpad]").forEach(pad);
})();
