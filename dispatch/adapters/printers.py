"""Label printers that speak ZPL on a raw TCP port (9100), as Zebra's and most others do.

A host status request (``~HS``) behind the label tells, where the printer answers, that all of it has arrived. Where it
does not answer, a connection that ends in order has to do. A connection that breaks before everything was handed over
leaves an incomplete label, which no printer prints; one that breaks afterwards leaves a doubt, and says so.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import parse_qs, urlsplit

from ..errors import Rejected, Unavailable
from ..ports import LabelPrinter, PrinterState

__all__ = ["TcpPrinter", "open_printer", "state_of"]

CONNECT_SECONDS: Final = 4.0
SEND_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 1.5
STATUS: Final = b"~HS\r\n"
STX, ETX = b"\x02", b"\x03"
SIZES: Final = ("76x130", "100x150", "100x180")
_DOUBT: Final = "面单传完时连接断了，不知道打印机打出来没有。"
_FORM: Final = "LABEL_PRINTER 应形如 tcp://192.168.1.50:9100?dpi=203&size=100x180"


class TcpPrinter:
    """A printer at ``host:port``. ``dpi``: 203 or 300; ``size``: the paper in it."""

    def __init__(self, host: str, port: int, dpi: int = 203, size: str = "100x180") -> None:
        self.name = f"{host}:{port}"
        self.dpi = dpi
        self.size = size
        self._address = (host, port)
        self._mute = False
        self._spoke = False

    def status(self) -> PrinterState:
        """What the printer says of itself, ``unknown`` where it does not answer; ``Unavailable``, ``Rejected`` as ``send``."""
        with self._connected() as line:
            try:
                line.sendall(STATUS)
                return self._answer(line)
            except OSError as fault:
                raise Unavailable("printer_cut", "和面单打印机的连接断了，正在重试。") from fault

    def send(self, zpl: str) -> None:
        """One label, all of it or nothing; ``Unavailable('printer_in_doubt')`` where nobody can say which."""
        data = zpl.encode("ascii")
        with self._connected() as line:
            try:
                line.settimeout(SEND_SECONDS)
                line.sendall(data)
            except OSError as fault:  # the last part did not leave: an incomplete label is not printed
                raise Unavailable("printer_cut", "面单没有传完，连接断了，正在重试。") from fault
            try:
                line.sendall(STATUS)
                silent = self._answer(line) == "unknown" and self._spoke
                line.shutdown(socket.SHUT_WR)
            except OSError as fault:
                raise Unavailable("printer_in_doubt", _DOUBT) from fault
            if silent:  # one that used to answer and does not now may have stopped in the middle
                raise Unavailable("printer_in_doubt", _DOUBT)

    def _answer(self, line: socket.socket) -> PrinterState:
        """The state from three strings between STX and ETX; a printer that kept silent once is not waited for again."""
        said = b""
        line.settimeout(0.05 if self._mute else ANSWER_SECONDS)
        try:
            while said.count(ETX) < 3 and len(said) < 1024:
                part = line.recv(1024)
                if not part:
                    break
                said += part
        except TimeoutError:
            self._mute = not self._spoke
        state = state_of(said)
        self._spoke = self._spoke or state != "unknown"
        return state

    @contextmanager
    def _connected(self) -> Iterator[socket.socket]:
        try:
            line = socket.create_connection(self._address, CONNECT_SECONDS)
        except socket.gaierror as fault:
            raise Rejected(
                "printer_address", f"找不到面单打印机 {self.name}：地址不对，请管理员核对 LABEL_PRINTER。"
            ) from fault
        except TimeoutError as fault:
            raise Unavailable(
                "printer_timeout", f"面单打印机 {self.name} 没有回应：开机了吗？网线插好了吗？"
            ) from fault
        except OSError as fault:
            raise Unavailable(
                "printer_refused", f"连不上面单打印机 {self.name}：开机了吗？是不是正被占用？"
            ) from fault
        with line:
            yield line


def state_of(said: bytes) -> PrinterState:
    """The answer to ``~HS`` (ZPL II Programming Guide, Host Status Return): flags in the first and second string."""
    strings = [part.split(ETX)[0].split(b",") for part in said.split(STX)[1:]]
    if len(strings) < 2 or len(strings[0]) < 3 or len(strings[1]) < 4:
        return "unknown"
    first, second = strings[0], strings[1]
    if first[1] == b"1":
        return "paper_out"
    if second[2] == b"1":
        return "head_open"
    if second[3] == b"1":
        return "ribbon_out"
    return "paused" if first[2] == b"1" else "ready"


def open_printer(address: str) -> LabelPrinter | None:
    """The printer of the setting ``LABEL_PRINTER``, None where it is empty; ``Rejected('setting')`` names the remedy."""
    if not address:
        return None
    parts = urlsplit(address)
    wanted = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    dpi, size = wanted.pop("dpi", "203"), wanted.pop("size", "100x180")
    try:
        port = parts.port or 9100
    except ValueError as fault:
        raise Rejected("setting", _FORM) from fault
    if parts.scheme != "tcp" or not parts.hostname or parts.path not in ("", "/") or wanted:
        raise Rejected("setting", _FORM)
    if dpi not in ("203", "300") or size not in SIZES:
        raise Rejected("setting", f"{_FORM}；dpi 为 203 或 300，size 为 {'、'.join(SIZES)}")
    return TcpPrinter(parts.hostname, port, int(dpi), size)
