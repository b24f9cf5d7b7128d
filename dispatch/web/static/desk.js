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

  /* The head again, as it is now: figures, what is stuck, counts, my own progress. What is below stays as it is. */
  var soon = 0, PARTS = ["[data-part=today]", "[data-part=stuck]", "[data-part=four]", "[data-part=taken]", "[data-part=mine]"];
  var others = window.BroadcastChannel ? new BroadcastChannel("zhengda-desk") : null;
  function refresh() {
    clearTimeout(soon);
    soon = setTimeout(function () {
      fetch(desk.getAttribute("data-head"), { credentials: "same-origin", cache: "no-store", headers: { Accept: "text/html" } }).then(function (answer) {
        return answer.ok && !answer.redirected ? answer.text() : "";
      }).then(function (text) {
        var fresh = text && new DOMParser().parseFromString(text, "text/html");
        if (!fresh) { return; }
        PARTS.forEach(function (part) {
          var old = document.querySelector(part), now = fresh.querySelector(part);
          if (old && now && !old.contains(document.activeElement)) { old.replaceWith(now); }
        });
      }).catch(function () { /* the figures are old until the next page; nothing else depends on them */ });
    }, 500);
  }
  /* Something was done here: this head and those of the other tabs are old. */
  function done() {
    refresh();
    if (others) { others.postMessage("done"); }
  }
  if (others) { others.onmessage = refresh; others.postMessage("done"); }
  document.addEventListener("visibilitychange", function () { if (!document.hidden) { refresh(); } });
  window.addEventListener("focus", refresh);
  window.addEventListener("pageshow", function (event) { if (event.persisted) { refresh(); } });
  Z.desk = { refresh: done };

  all("[data-noscript]").forEach(function (button) { button.hidden = true; });

  var pick = document.querySelector("[data-pick-due]");
  function due() { return all("tr[data-due] input[data-tick]:not(:disabled)"); }
  function offer() {
    pick.textContent = "到期的全选（" + due().length + "）";
    pick.hidden = !due().length;
  }
  if (pick) {
    offer();
    document.addEventListener("zhengda:issued", offer);
    pick.addEventListener("click", function () {
      var wanted = due();
      all("input[data-tick]").forEach(function (box) { box.checked = wanted.indexOf(box) >= 0; });
      if (wanted.length) { wanted[0].dispatchEvent(new Event("change", { bubbles: true })); }
    });
  }
})();
