/* Three tones, told apart with eyes closed: ok (rising), wrong (two low buzzes), notice (one middle tone).
   Browsers stay silent until the first key or touch; the context is woken by it. */
(function () {
  "use strict";
  var Z = window.Zhengda = window.Zhengda || {};
  if (Z.sound) { return; }
  var context = null;
  var TONES = {
    ok: [[880, 0, 0.09, "sine"], [1320, 0.1, 0.14, "sine"]],
    wrong: [[170, 0, 0.28, "square"], [170, 0.36, 0.42, "square"]],
    notice: [[620, 0, 0.22, "triangle"]]
  };
  var SHAKES = { ok: [60], wrong: [250, 120, 400], notice: [120] };

  function wake() {
    var Context = window.AudioContext || window.webkitAudioContext;
    if (!Context) { return null; }
    if (!context) { context = new Context(); }
    if (context.state === "suspended") { context.resume().catch(function () {}); }
    return context;
  }

  function play(kind) {
    if (navigator.vibrate) { try { navigator.vibrate(SHAKES[kind]); } catch (refused) { /* not allowed before a touch */ } }
    var audio = wake();
    if (!audio || audio.state === "closed") { return; }
    TONES[kind].forEach(function (tone) {
      var start = audio.currentTime + 0.01 + tone[1], end = start + tone[2];
      var swing = audio.createOscillator(), loud = audio.createGain();
      swing.type = tone[3];
      swing.frequency.value = tone[0];
      loud.gain.setValueAtTime(0.0001, start);
      loud.gain.exponentialRampToValueAtTime(0.5, start + 0.015);
      loud.gain.setValueAtTime(0.5, end - 0.03);
      loud.gain.exponentialRampToValueAtTime(0.0001, end);
      swing.connect(loud);
      loud.connect(audio.destination);
      swing.start(start);
      swing.stop(end + 0.02);
    });
  }

  ["pointerdown", "touchstart", "keydown"].forEach(function (name) {
    document.addEventListener(name, wake, { capture: true, passive: true });
  });
  Z.sound = { ok: function () { play("ok"); }, wrong: function () { play("wrong"); }, notice: function () { play("notice"); } };
})();
