/* Verifies a DZ1 token in the browser: canonical BASE32, layout, ES256 against /keys.json; then asks the
   server for the state of the document id alone. A fault of the network never becomes a fault of the paper. */
(function () {
  "use strict";
  var Z = window.Zhengda;
  var root = document.getElementById("verify");
  var ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", EPOCH = Date.UTC(2020, 0, 1), TEXT = { fatal: true };
  var FLAG = { sample: 1, sensitive: 2, denial: 4, sheet: 8, duplicate: 16 };

  /* --- DZ1 ---------------------------------------------------------------------------------------- */
  function fromBase32(text) {
    var bytes = new Uint8Array(Math.floor(text.length * 5 / 8)), bits = 0, held = 0, at = 0;
    for (var i = 0; i < text.length; i += 1) {
      var value = ALPHABET.indexOf(text[i]);
      if (value < 0) { return null; }
      held = ((held << 5) | value) & 0xfff;
      bits += 5;
      if (bits >= 8) { bits -= 8; bytes[at] = (held >> bits) & 255; at += 1; }
    }
    /* one spelling only: no half characters, no stray bits at the end */
    if (bits >= 5 || (held & ((1 << bits) - 1)) !== 0) { return null; }
    return bytes;
  }
  function toBase32(bytes) {
    var out = "", bits = 0, held = 0;
    bytes.forEach(function (byte) {
      held = ((held << 8) | byte) & 0xffff;
      bits += 8;
      while (bits >= 5) { bits -= 5; out += ALPHABET[(held >> bits) & 31]; }
    });
    return bits ? out + ALPHABET[(held << (5 - bits)) & 31] : out;
  }
  function bare(text) {
    var out = String(text || "").trim();
    ["#", "/V/", "/v/"].forEach(function (mark) { var at = out.lastIndexOf(mark); if (at >= 0) { out = out.slice(at + mark.length); } });
    return out.replace(/\s+/g, "").toUpperCase();
  }
  function day(number) { return new Date(EPOCH + number * 86400000).toISOString().slice(0, 10); }
  function parse(bytes) {
    if (!bytes || bytes.length < 26) { return { fault: "unreadable" }; }
    var version = bytes[0] >> 4, algorithm = bytes[0] & 15;
    if (version === 0) { return { fault: "unreadable" }; }
    if (version !== 1 || algorithm !== 1) { return { fault: version === 1 && algorithm > 3 || algorithm === 0 ? "unreadable" : "unsupported" }; }
    var view = new DataView(bytes.buffer, bytes.byteOffset), n = bytes[24], end = 25 + n, m = end < bytes.length ? bytes[end] : 99, last = end + 1 + m;
    if (n > 60 || m > 40 || bytes.length !== last + 84) { return { fault: "unreadable" }; }
    var utf8 = new TextDecoder("utf-8", TEXT), token = {};
    try {
      token.holder = utf8.decode(bytes.subarray(25, end));
      token.number = utf8.decode(bytes.subarray(end + 1, last));
      token.tail = utf8.decode(bytes.subarray(last, last + 4));
    } catch (notText) { return { fault: "unreadable" }; }
    if (!/^[\x20-\x7e]{4}$/.test(token.tail)) { return { fault: "unreadable" }; }
    token.kid = String(view.getUint16(1));
    token.id = toBase32(bytes.subarray(3, 13));
    token.type = view.getUint16(13);
    token.issued = day(view.getUint16(15));
    token.expires = view.getUint16(17) ? day(view.getUint16(17)) : "";
    token.flags = bytes[23];
    token.body = bytes.subarray(0, bytes.length - 64);
    token.signature = bytes.subarray(bytes.length - 64);
    return token;
  }
  function has(token, flag) { return (token.flags & FLAG[flag]) !== 0; }

  /* --- keys and titles ------------------------------------------------------------------------------ */
  function getJson(url) {
    return Z.ask("GET", url).then(function (answer) { return answer.status === 200 && answer.body ? answer.body : null; });
  }
  function remember(name, value) { try { localStorage.setItem("zd-" + name, JSON.stringify({ at: Date.now(), value: value })); } catch (full) { /* private mode */ } }
  function recall(name) {
    try { var kept = JSON.parse(localStorage.getItem("zd-" + name) || "null"); return kept && Date.now() - kept.at < 30 * 86400000 ? kept.value : null; } catch (broken) { return null; }
  }
  function keySet() {
    return getJson("/keys.json").then(function (set) {
      if (set && Array.isArray(set.keys)) { remember("keys", set); return { keys: set.keys, fresh: true }; }
      var kept = recall("keys");
      return kept ? { keys: kept.keys, fresh: false } : null;
    });
  }
  function titleOf(type) {
    var find = function (set) { var hit = set && set.types && set.types.filter(function (t) { return Number(t.type) === type; })[0]; return hit ? hit.title : ""; };
    return getJson("/types.json").then(function (set) { if (set) { remember("types", set); } return find(set || recall("types")); });
  }
  function signatureRight(token, jwk) {
    var algorithm = { name: "ECDSA", namedCurve: "P-256" }, signed = new Uint8Array(token.body.length + 4);
    signed.set([68, 90, 49, 0]);
    signed.set(token.body, 4);
    return crypto.subtle.importKey("jwk", { kty: "EC", crv: "P-256", x: jwk.x, y: jwk.y, ext: true }, algorithm, true, ["verify"])
      .then(function (key) { return crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, token.signature, signed); });
  }

  /* --- asking the server ---------------------------------------------------------------------------- */
  function askServer(body) {
    return Z.ask("POST", "/api/v1/verify", body).then(function (answer) {
      if (answer.status === 200 && answer.body && answer.body.status) { return answer.body; }
      if (answer.status === 429) { return { status: "too_many" }; }
      if (answer.status === 413 || answer.status === 422) { return { status: "unreadable" }; }
      return { status: "unavailable" };
    });
  }

  /* One finding: {status, token?, title?, answer?, signature: right|wrong|unchecked, note?} */
  function check(text) {
    var clean = bare(text), elsewhere = foreignHost(text);
    if (/^[A-Z2-7]{16}$/.test(clean)) {
      return askServer({ document_id: clean }).then(function (answer) { return { status: answer.status, answer: answer, signature: "unchecked", typed: true }; });
    }
    var bytes = fromBase32(clean), token = bytes ? parse(bytes) : { fault: "unreadable" };
    if (token.fault) { return Promise.resolve({ status: token.fault, signature: "unchecked", elsewhere: elsewhere }); }
    if (!window.crypto || !crypto.subtle) { return byServer(token, clean, elsewhere, "这台设备的浏览器不能自己验算签名，改由中心的服务器核验。"); }
    return Promise.all([keySet(), titleOf(token.type)]).then(function (got) {
      var set = got[0], finding = { token: token, title: got[1], text: clean, signature: "unchecked", elsewhere: elsewhere };
      if (!set) { finding.status = "unavailable"; return finding; }
      var jwk = set.keys.filter(function (key) { return String(key.kid) === token.kid; })[0];
      if (!jwk) { finding.status = set.fresh ? "unknown_key" : "unavailable"; return finding; }
      if (jwk.withdrawn_at) { return byServer(token, clean, elsewhere, "", got[1]); }
      return signatureRight(token, jwk).then(function (right) {
        if (!right) {
          finding.signature = set.fresh ? "wrong" : "unchecked";
          finding.status = set.fresh ? "bad_signature" : "unavailable";
          return finding;
        }
        finding.signature = "right";
        return askServer({ document_id: token.id }).then(function (answer) {
          finding.answer = answer;
          finding.status = answer.status;
          if (answer.status === "unavailable" && isPast(token.expires)) { finding.status = "expired"; }
          return finding;
        });
      }, function () { return byServer(token, clean, elsewhere, "这台设备的浏览器不能自己验算签名，改由中心的服务器核验。", got[1]); });
    });
  }
  function byServer(token, text, elsewhere, note, title) {
    return askServer({ token: text }).then(function (answer) {
      var told = answer.authenticity === "genuine" ? "server" : answer.authenticity === "not_genuine" ? "wrong" : "unchecked";
      var named = title || (answer.document && answer.document.title) || "";
      return { status: answer.status, answer: answer, token: told === "server" ? token : undefined, title: named, text: text, signature: told, note: note, elsewhere: elsewhere };
    });
  }
  function isPast(last) {
    if (!last) { return false; }
    return new Date(Date.now() + 8 * 3600000).toISOString().slice(0, 10) > last;
  }
  function foreignHost(text) {
    var found = /^\s*https?:\/\/([^/#?\s]+)/i.exec(String(text || "")), ours = root.getAttribute("data-hosts").split(" ").concat(location.host);
    return found && ours.indexOf(found[1].toLowerCase()) < 0 ? found[1] : "";
  }

  /* --- telling --------------------------------------------------------------------------------------- */
  var verdicts = Z.data("verdicts"), place = document.getElementById("finding"), hotline = root.getAttribute("data-hotline");
  function tel() { return Z.node("a", { class: "tel", href: "tel:" + hotline }, hotline); }
  function chinese(iso) { var parts = /^(\d+)-(\d+)-(\d+)/.exec(iso || ""); return parts ? Number(parts[1]) + "年" + Number(parts[2]) + "月" + Number(parts[3]) + "日" : ""; }
  function line(name, value) { return value ? Z.node("div", {}, Z.node("dt", {}, name), Z.node("dd", {}, value)) : null; }
  function verdictBox(tone, mark, head, more) {
    var box = Z.node("section", { class: "verdict " + tone, tabindex: "-1" }, Z.node("h1", {}, Z.icon(mark), Z.node("span", {}, head)));
    more.forEach(function (text) { if (text) { box.appendChild(typeof text === "string" ? Z.node("p", {}, text) : text); } });
    return box;
  }
  function notice(tone, mark, head, more) {
    return Z.node("div", { class: "notice " + tone }, Z.icon(mark), Z.node("div", {}, Z.node("p", {}, Z.node("b", {}, head)), more ? Z.node("p", {}, more) : null));
  }

  function grouped(id) { return String(id).replace(/(.{4})(?=.)/g, "$1 "); }
  function comparison(finding) {
    var token = finding.token, known = (finding.answer && finding.answer.document) || {}, list = Z.node("dl", {}), named = Object.create(null);
    var add = function (name, value) { var row = named[name] ? null : line(name, value); if (row) { named[name] = true; list.appendChild(row); } };
    add("文件名称", finding.title || known.title);
    if (token) {
      add("持有人", token.holder);
      add("编号", token.number);
      if (token.tail !== "----") { add("证件号码尾号（最后四位）", token.tail); }
      add("发证日期", chinese(token.issued));
      add("有效期至", chinese(token.expires));
      add("查验码", grouped(token.id));
    } else {
      add("持有人（只显示一部分）", known.holder || known.holder_masked);
      add("编号", known.number);
      add("正本或副本", known.copy);
      add("发证部门", known.issuer);
      add("发证日期", chinese(known.issued));
      add("有效期至", chinese(known.expires));
    }
    var more = known.compare || {};
    (Array.isArray(more) ? more : Object.keys(more).map(function (name) { return { name: name, value: more[name] }; })).forEach(function (one) { add(one.name || one.label, one.value); });
    if (!list.childNodes.length) { return null; }
    var box = Z.node("section", { class: "compare" }, Z.node("h2", {}, "和手里的纸逐项对一对"), list);
    if (token && has(token, "sensitive")) { box.appendChild(Z.node("p", { class: "end" }, "这份文件涉及个人隐私，码里不带姓名和编号，请对其余各项。")); }
    box.appendChild(Z.node("p", { class: "end" }, "有一处不同，这张纸就不能信，请打 ", tel(), "。"));
    return box;
  }

  function steps(finding) {
    var words = { right: "在这台设备上验算过，对得上", server: "由中心的服务器验算过，对得上", wrong: "对不上", unchecked: "这次没有验算" };
    var list = Z.node("dl", { class: "facts" }), put = function (name, value) { list.appendChild(Z.node("dt", {}, name)); list.appendChild(Z.node("dd", {}, value)); };
    put("签名", words[finding.signature]);
    var asked = finding.answer && finding.answer.status !== "unavailable" && finding.answer.status !== "too_many";
    put("登记状态", asked ? "刚刚向中心查过" : finding.signature === "wrong" ? "不必再查" : "这次没有查到");
    var names = { signature: "签名", date: "日期", status: "登记状态", log: "公开登记簿", file: "文件内容", fields: "各栏内容" };
    var say = function (items) { return (items || []).map(function (item) { return names[item] || item; }).join("、"); };
    if (asked && finding.answer.checked) { put("中心核过", say(finding.answer.checked) || "无"); put("中心没有核", say(finding.answer.not_checked) || "无"); }
    put("核验时间", new Date().toLocaleString("zh-CN", { hour12: false }));
    return Z.node("details", {}, Z.node("summary", {}, "核验过程"), Z.node("div", {}, list));
  }

  function explain(finding) {
    var token = finding.token, status = finding.status, told = verdicts[status] || verdicts.unavailable;
    var head = told.head, means = [told.means], tone = told.tone, mark = told.icon, known = (finding.answer && finding.answer.document) || {};
    if (status === "too_many") { head = "查得太勤了，请过一会儿再试。"; means = ["这是为了防止有人猜号码。不等于文件有问题。"]; tone = "wait"; mark = "clock"; }
    if (status === "unavailable" && finding.signature === "right") { means = ["二维码里的签名是对的；它现在还有没有效，要连上网才能查到。", "请过几分钟再试，或换个有信号的地方。"]; }
    else if (status === "unavailable") { means = ["网络或服务器一时不通。请过几分钟再试，或换个有信号的地方。"]; }
    if (status === "not_found" && finding.signature === "right") { means = ["签名是对的，但登记里还没有这一份，可能是刚刚做好。"]; }
    if (status === "expired" && finding.token) { means = ["有效期到 " + chinese(finding.token.expires) + "，这一天已经过去。"]; }
    if (status === "superseded" && known.replaced_by) { means.push("新的那一份，查验码是 " + grouped(known.replaced_by) + "。"); }
    if (status === "valid" && finding.typed) { head = "查到这份文件的登记，现在有效。"; means = ["请和纸上对一对。有条件时再扫一次二维码，核得更全。"]; }
    if (status === "valid" && token && has(token, "denial")) { head = "这是不予许可决定书，不是许可证。"; means = ["决定书是真的，现在有效。请和纸上对一对。"]; tone = "wait"; mark = "file"; }
    else if (status === "valid" && token && has(token, "sheet")) { head = "这是出件随附单，不是证件本身。"; means = ["随附单是真的：它说明一份原件由本中心寄出。原件的真假，请看原件自己的印章和编号。"]; tone = "wait"; mark = "file"; }
    else if (token && has(token, "denial")) { means.unshift("这是不予许可决定书，不是许可证。"); }
    else if (token && has(token, "sheet")) { means.unshift("这是出件随附单，它只陪着另一份原件。"); }
    if (token && has(token, "duplicate")) { means.push("这一份是副本。"); }
    return { head: head, means: means, tone: tone, mark: mark, told: told };
  }

  function show(finding) {
    var said = explain(finding), token = finding.token, sample = token ? has(token, "sample") : !!(finding.answer && finding.answer.sample);
    var parts = [], genuine = finding.signature === "right" || finding.signature === "server" || (finding.typed && finding.answer && finding.answer.document);
    if (sample) {
      parts.push(verdictBox("sample-lead", "info", "演示样本，不具法律效力；核验过程如下", []));
      parts.push(notice(said.tone === "ok" ? "info" : said.tone, said.mark, said.head, said.means.join("")));
    } else { parts.push(verdictBox(said.tone, said.mark, said.head, said.means)); }
    if (finding.note) { parts.push(notice("info", "info", finding.note)); }
    if (finding.elsewhere) { parts.push(notice("bad", "alert", "小心：这个码里写的网址是 " + finding.elsewhere + "，不是本中心的网址。", "假冒的查验网站会把假的也说成真的。请只相信本页的结果。")); }
    if (genuine) { parts.push(comparison(finding)); }
    else if (token && finding.signature === "unchecked" && (finding.status === "unavailable" || finding.status === "unknown_key")) { parts.push(notice("wait", "info", "签名还没有验过，码里写的内容先不显示，免得误信。")); }
    if (finding.status !== "valid") {
      parts.push(Z.node("p", { class: "big" }, finding.status === "too_many" ? "急用请打 " : said.told.advice + " ", tel(), "。"));
    }
    if (token && finding.signature === "right" && !has(token, "sensitive") && finding.status === "valid") { parts.push(moreButton(finding)); }
    parts.push(steps(finding));
    var again = Z.node("p", {}, Z.node("button", { class: "btn", type: "button" }, Z.icon("refresh"), "再查一次"));
    again.firstChild.addEventListener("click", function () { run(finding.asked); });
    if (finding.status === "unavailable" && finding.asked) { parts.splice(sample ? 2 : 1, 0, again); }
    Z.fill.apply(null, [place].concat(parts));
    place.hidden = false;
    place.setAttribute("data-status", finding.status);
    place.removeAttribute("aria-busy");
    var box = place.firstChild;
    if (box && box.focus) { box.focus({ preventScroll: true }); place.scrollIntoView({ block: "start" }); }
    document.title = said.head + " · 核验";
  }
  function moreButton(finding) {
    var button = Z.node("button", { class: "btn", type: "button" }, Z.icon("list"), "再多对几项");
    button.addEventListener("click", function () {
      button.disabled = true;
      askServer({ token: finding.text }).then(function (answer) {
        if (answer.document) { finding.answer = answer; finding.status = answer.status; finding.signature = "right"; show(finding); var gone = place.querySelector("[data-more]"); if (gone) { gone.remove(); } }
        else { button.disabled = false; button.lastChild.textContent = "这会儿没有查到，再试一次"; }
      });
    });
    return Z.node("p", { "data-more": "" }, button, Z.node("span", { class: "hint" }, " 会把整个码发给中心，换回更多栏目来对。"));
  }

  function busy() {
    place.hidden = false;
    place.setAttribute("aria-busy", "true");
    place.removeAttribute("data-status");
    Z.fill(place, Z.node("section", { class: "verdict" }, Z.node("h1", {}, Z.icon("clock"), Z.node("span", {}, "正在核验，请稍等…"))));
  }
  var turn = 0;
  function run(text) {
    turn += 1;
    var mine = turn;
    busy();
    check(text).catch(function () { return { status: "unavailable", signature: "unchecked" }; })
      .then(function (finding) { if (mine === turn) { finding.asked = text; show(finding); } });
  }
  function runNumber(number, tail) {
    turn += 1;
    var mine = turn;
    busy();
    askServer({ document_no: number, holder_tail: tail }).then(function (answer) { if (mine === turn) { show({ status: answer.status, answer: answer, signature: "unchecked", typed: true }); } });
  }
  function runFile(file) {
    busy();
    file.arrayBuffer().then(function (bytes) { return crypto.subtle.digest("SHA-256", bytes); }).then(function (digest) {
      var hex = Array.prototype.map.call(new Uint8Array(digest), function (byte) { return (byte + 256).toString(16).slice(1); }).join("");
      return askServer({ sha256: hex });
    }).then(function (answer) { show({ status: answer.status, answer: answer, signature: "unchecked", typed: true }); }, function () { show({ status: "unreadable", signature: "unchecked" }); });
  }

  function bind() {
    var form = document.getElementById("by-code"), numbers = document.getElementById("by-number"), file = document.getElementById("by-file");
    form.addEventListener("submit", function (event) { event.preventDefault(); var text = form.elements.code.value; if (text.trim()) { run(text); } else { form.elements.code.focus(); } });
    numbers.addEventListener("submit", function (event) {
      event.preventDefault();
      if (numbers.elements.document_no.value.trim() && numbers.elements.holder_tail.value.trim()) { runNumber(numbers.elements.document_no.value.trim(), numbers.elements.holder_tail.value.trim().toUpperCase()); }
    });
    if (file && window.crypto && crypto.subtle && window.Blob && Blob.prototype.arrayBuffer) {
      file.hidden = false;
      file.querySelector("input").addEventListener("change", function (event) { if (event.target.files[0]) { runFile(event.target.files[0]); } });
    }
    window.addEventListener("hashchange", fromHash);
    Z.scan.listen(function (text) { if (Z.sound) { Z.sound.notice(); } run(text); });
    fromHash();
  }
  function fromHash() { if (location.hash.length > 1) { var text = location.hash.slice(1); try { text = decodeURIComponent(text); } catch (odd) { /* as it stands */ } run(text); } }

  Z.dz1 = { fromBase32: fromBase32, toBase32: toBase32, parse: parse, bare: bare };
  if (root) { bind(); }
})();
