/* Offline pages: the courier's page and the verification page come from the network first and, without one,
   from the copy of the last visit. Answers of the API are never kept here. */
"use strict";
var SHELL = "zd-shell-1", PAGES = ["/courier", "/point", "/v", "/verify"];
self.addEventListener("install", function () { self.skipWaiting(); });
self.addEventListener("activate", function (event) {
  event.waitUntil(caches.keys().then(function (names) {
    return Promise.all(names.filter(function (name) { return name !== SHELL; }).map(function (name) { return caches.delete(name); }));
  }).then(function () { return self.clients.claim(); }));
});
self.addEventListener("message", function (event) { if (event.data === "forget") { event.waitUntil(caches.delete(SHELL)); } });
self.addEventListener("fetch", function (event) {
  var request = event.request, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) { return; }
  var page = request.mode === "navigate" && PAGES.indexOf(url.pathname) >= 0, part = url.pathname.indexOf("/static/") === 0 || url.pathname === "/types.json";
  if (!page && !part) { return; }
  var key = url.origin + url.pathname;
  event.respondWith(fetch(request).then(function (answer) {
    if (answer.ok && !answer.redirected) { var copy = answer.clone(); event.waitUntil(caches.open(SHELL).then(function (kept) { return kept.put(key, copy); })); }
    return answer;
  }).catch(function () {
    return caches.open(SHELL).then(function (kept) { return kept.match(key); }).then(function (found) { return found || Response.error(); });
  }));
});
