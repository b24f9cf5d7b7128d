/* Asking the server: JSON in, {status, body} out; a fault of the network is told apart from an answer. Where the page has
   a lock, a question that came too late for its session waits behind it and is asked once more. */
(function () {
  "use strict";
  var Z = window.Zhengda = window.Zhengda || {};
  if (Z.ask) { return; }
  function token() { var meta = document.querySelector("meta[name=csrf-token]"); return meta ? meta.content : ""; }

  function ask(method, url, body, wait) {
    return once(method, url, body, wait).then(function (answer) {
      var late = answer.status === 401 || (answer.status === 403 && answer.body && answer.body.code === "csrf");
      if (!late || !Z.lock || url.indexOf("/people/") === 0) { return answer; }
      return Z.lock.hold().then(function () { return once(method, url, body, wait); });
    });
  }
  function once(method, url, body, wait) {
    var stop = window.AbortController ? new AbortController() : null, timer = stop ? setTimeout(function () { stop.abort(); }, wait || 12000) : 0;
    var headers = { Accept: "application/json" };
    if (method !== "GET") { headers["Content-Type"] = "application/json"; headers["X-CSRF-Token"] = token(); }
    return fetch(url, { method: method, headers: headers, credentials: "same-origin", cache: "no-store", body: body === undefined ? undefined : JSON.stringify(body), signal: stop ? stop.signal : undefined })
      .then(function (answer) {
        return answer.text().then(function (text) {
          clearTimeout(timer);
          var read = null;
          try { read = text ? JSON.parse(text) : null; } catch (noJson) { read = null; }
          return { status: answer.status, body: read };
        });
      })
      .catch(function () { clearTimeout(timer); return { status: 0, body: null }; });
  }

  function node(tag, attributes) {
    var made = document.createElement(tag), more = Array.prototype.slice.call(arguments, 2);
    Object.keys(attributes || {}).forEach(function (name) {
      if (name === "class") { made.className = attributes[name]; } else if (attributes[name] !== null && attributes[name] !== undefined) { made.setAttribute(name, attributes[name]); }
    });
    more.forEach(function (part) { if (part !== null && part !== undefined && part !== "") { made.appendChild(typeof part === "string" ? document.createTextNode(part) : part); } });
    return made;
  }
  function icon(name, extra) {
    var sheet = document.querySelector("[data-icons]"), base = sheet ? sheet.getAttribute("data-icons") : "/static/icons.svg";
    var made = document.createElementNS("http://www.w3.org/2000/svg", "svg"), use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    made.setAttribute("class", "icon " + (extra || ""));
    made.setAttribute("aria-hidden", "true");
    use.setAttribute("href", base + "#" + name);
    made.appendChild(use);
    return made;
  }
  function fill(place) {
    place.textContent = "";
    Array.prototype.slice.call(arguments, 1).forEach(function (part) { if (part) { place.appendChild(typeof part === "string" ? document.createTextNode(part) : part); } });
  }
  function data(id) { var block = document.getElementById(id); return block ? JSON.parse(block.textContent) : null; }
  function uuid() {
    if (window.crypto && crypto.randomUUID) { return crypto.randomUUID(); }
    var bytes = crypto.getRandomValues(new Uint8Array(16)), text = "";
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    for (var at = 0; at < 16; at += 1) { text += (at === 4 || at === 6 || at === 8 || at === 10 ? "-" : "") + (bytes[at] + 256).toString(16).slice(1); }
    return text;
  }
  Z.ask = ask; Z.node = node; Z.icon = icon; Z.fill = fill; Z.data = data; Z.uuid = uuid;
})();
