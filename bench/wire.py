"""A small HTTP client that costs little beside what it measures: one kept connection, requests as ready bytes."""

from __future__ import annotations

import json
import socket
from typing import Any

__all__ = ["Line", "request_bytes"]


def request_bytes(method: str, path: str, body: object = None, key: str = "", cookie: str = "") -> bytes:
    """One request, whole."""
    content = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(content)}"]
    if body is not None:
        lines.append("Content-Type: application/json")
    if key:
        lines.append(f"Authorization: Bearer {key}")
    if cookie:
        lines.append(f"Cookie: {cookie}")
    return "\r\n".join([*lines, "", ""]).encode() + content


class Line:
    """One connection."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body."""
        self._socket.sendall(request)
        data = b""
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more()
        head = data[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        while len(data) < end + 4 + length:
            data += self._more()
        return int(head.split(b" ", 2)[1]), data[end + 4 :]

    def _more(self) -> bytes:
        more = self._socket.recv(65536)
        if not more:
            raise ConnectionError("the server hung up")
        return more

    def call(self, method: str, path: str, body: object = None, key: str = "") -> dict[str, Any]:
        """The answer as JSON; RuntimeError unless it is a 2xx."""
        status, content = self.ask(request_bytes(method, path, body, key))
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {path}: {status} {content[:300]!r}")
        found: dict[str, Any] = json.loads(content)
        return found

    def close(self) -> None:
        self._socket.close()
