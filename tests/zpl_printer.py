"""A label printer for tests: listens on a port, prints what is complete between ^XA and ^XZ, answers ~HS, and fails when
told to."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Event, Thread

__all__ = ["MemoryPrinter", "SimulatedPrinter", "simulated"]

_LABEL = re.compile(rb"\^XA.*?\^XZ", re.S)


@dataclass
class SimulatedPrinter:
    """``printed``: the labels that came out. ``paper_out``, ``head_open``, ``paused``: what it says of itself; ``mute``:
    it says nothing. ``cut_after``: the connection is cut after so many bytes of a label. ``deaf``: it takes the label
    and breaks off instead of answering."""

    printed: list[bytes] = field(default_factory=list)
    paper_out: bool = False
    head_open: bool = False
    paused: bool = False
    mute: bool = False
    cut_after: int | None = None
    deaf: bool = False
    port: int = 0

    def serve(self, listener: socket.socket, closing: Event) -> None:
        while not closing.is_set():
            try:
                line, _ = listener.accept()
            except TimeoutError:
                continue
            with line, contextlib.suppress(OSError):
                self._talk(line)

    def _talk(self, line: socket.socket) -> None:
        line.settimeout(5)
        heard = b""
        while part := line.recv(4096):
            heard += part
            if self.cut_after is not None and b"^XA" in heard and len(heard) > self.cut_after:
                self._break(line)
                return
            for label in _LABEL.findall(heard):
                self.printed.append(label)
            heard = _LABEL.sub(b"", heard)
            if b"~HS" in heard:
                heard = heard.replace(b"~HS", b"")
                if self.deaf and self.printed:
                    self._break(line)
                    return
                if not self.mute:
                    line.sendall(self._said())

    def _break(self, line: socket.socket) -> None:
        """A reset, as a pulled plug gives one."""
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _said(self) -> bytes:
        first = f"030,{int(self.paper_out)},{int(self.paused)},1440,000,0,0,0,000,0,0,0"
        second = f"000,0,{int(self.head_open)},0,0,2,4,0,00000000,1,000"
        return b"".join(b"\x02" + text.encode() + b"\x03\r\n" for text in (first, second, "0000,0"))


@contextlib.contextmanager
def simulated() -> Iterator[SimulatedPrinter]:
    """A printer that listens on a free port."""
    printer, closing = SimulatedPrinter(), Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        printer.port = listener.getsockname()[1]
        thread = Thread(target=printer.serve, args=(listener, closing), daemon=True)
        thread.start()
        try:
            yield printer
        finally:
            closing.set()
            thread.join(10)


@dataclass
class MemoryPrinter:
    """The printer of tests that want no socket: the same faults, told by ``fault`` (an exception to raise once)."""

    name: str = "memory"
    dpi: int = 203
    size: str = "100x180"
    state: str = "ready"
    printed: list[bytes] = field(default_factory=list)
    fault: Exception | None = None

    def status(self) -> str:
        return self.state

    def send(self, zpl: str) -> None:
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        self.printed.append(zpl.strip().encode())
