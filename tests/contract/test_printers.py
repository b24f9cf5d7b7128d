"""One contract, two label printers: the one on a TCP port against a simulated device, and the memory of other tests."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from dispatch.adapters.printers import TcpPrinter, open_printer, state_of
from dispatch.errors import Rejected, Unavailable
from dispatch.ports import LabelPrinter
from tests.zpl_printer import MemoryPrinter, simulated

pytestmark = pytest.mark.contract

LABEL = "^XA\n^PW800\n^LL1440\n^FO0,0^GFA,8,8,1,FF00FF00^FS\n^PQ1\n^XZ\n"
LONG = LABEL.replace("FF00FF00", "F0" * 400_000)


@dataclass
class Bench:
    printer: LabelPrinter
    printed: list[bytes]
    set_state: Callable[[str], None]


@pytest.fixture(params=["tcp", "memory"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    if request.param == "memory":
        memory = MemoryPrinter()
        yield Bench(memory, memory.printed, lambda state: setattr(memory, "state", state))  # type: ignore[arg-type]
        return
    with simulated() as device:
        yield Bench(
            TcpPrinter("127.0.0.1", device.port), device.printed, lambda state: setattr(device, state, True)
        )


def test_a_label_arrives_once_and_whole(bench: Bench) -> None:
    assert bench.printer.status() == "ready"
    bench.printer.send(LABEL)
    bench.printer.send(LABEL)
    assert bench.printed == [LABEL.strip().encode()] * 2


@pytest.mark.parametrize("state", ["paper_out", "head_open", "paused"])
def test_it_says_what_is_wrong(bench: Bench, state: str) -> None:
    bench.set_state(state)
    assert bench.printer.status() == state


# -- what only a wire can do -------------------------------------------------------------------------------------------
def test_a_connection_cut_in_the_middle_prints_nothing_and_says_so() -> None:
    with simulated() as device:
        printer = TcpPrinter("127.0.0.1", device.port)
        device.cut_after = 2000
        with pytest.raises(Unavailable) as cut:
            printer.send(LONG)
        assert cut.value.code in ("printer_cut", "printer_in_doubt")
        assert device.printed == []
        device.cut_after = None
        printer.send(LABEL)
        assert len(device.printed) == 1


def test_one_that_breaks_off_after_the_label_leaves_a_doubt() -> None:
    with simulated() as device:
        printer = TcpPrinter("127.0.0.1", device.port)
        assert printer.status() == "ready"
        device.deaf = True
        with pytest.raises(Unavailable) as doubt:
            printer.send(LABEL)
        assert doubt.value.code == "printer_in_doubt"
        assert len(device.printed) == 1, "it did come out: a second one by itself would be wrong"


def test_one_that_used_to_answer_and_falls_silent_leaves_a_doubt() -> None:
    with simulated() as device:
        printer = TcpPrinter("127.0.0.1", device.port)
        assert printer.status() == "ready"
        device.mute = True
        with pytest.raises(Unavailable) as doubt:
            printer.send(LABEL)
        assert doubt.value.code == "printer_in_doubt"


def test_one_that_never_answers_prints_all_the_same() -> None:
    with simulated() as device:
        device.mute = True
        printer = TcpPrinter("127.0.0.1", device.port)
        assert printer.status() == "unknown"
        for _ in range(3):
            printer.send(LABEL)
        until = time.monotonic() + 10  # it says nothing, so only its own pace tells when the last one is out
        while len(device.printed) < 3 and time.monotonic() < until:
            time.sleep(0.02)
        assert len(device.printed) == 3


def test_nobody_there_is_tried_again_and_a_wrong_name_is_not() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        away = TcpPrinter("127.0.0.1", taken.getsockname()[1])
        for call in (away.status, lambda: away.send(LABEL)):
            with pytest.raises(Unavailable) as refused:
                call()
            assert refused.value.code == "printer_refused"
    with pytest.raises(Rejected) as unknown:
        TcpPrinter("no-such-printer.invalid", 9100).send(LABEL)
    assert unknown.value.code == "printer_address"


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (b"", "unknown"),
        (b"\x02junk\x03", "unknown"),
        (b"\x02030,1,0\x03\r\n\x02000,0,0,0\x03\r\n", "paper_out"),
        (b"\x02030,0,0\x03\r\n\x02000,0,0,1\x03\r\n", "ribbon_out"),
        (b"\x02030,1,1\x03\r\n\x02000,0,1,1\x03\r\n", "paper_out"),
        (b"noise\x02030,0,0\x03\r\n\x02000,0,0,0\x03", "ready"),
    ],
)
def test_answers_of_all_kinds(said: bytes, state: str) -> None:
    assert state_of(said) == state


# -- the setting -------------------------------------------------------------------------------------------------------
def test_the_setting_says_where_and_what_paper() -> None:
    assert open_printer("") is None
    plain: Any = open_printer("tcp://192.0.2.7")
    assert (plain.name, plain.dpi, plain.size) == ("192.0.2.7:9100", 203, "100x180")
    full: Any = open_printer("tcp://printer.local:6101?dpi=300&size=76x130")
    assert (full.name, full.dpi, full.size) == ("printer.local:6101", 300, "76x130")


@pytest.mark.parametrize(
    "address",
    [
        "192.0.2.7:9100", "http://192.0.2.7", "tcp://", "tcp://h:99999", "tcp://h?dpi=600", "tcp://h?size=A4",
        "tcp://h?papr=1", "tcp://h/queue",
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused_with_the_right_form(address: str) -> None:
    with pytest.raises(Rejected) as refusal:
        open_printer(address)
    assert refusal.value.code == "setting" and "tcp://" in refusal.value.detail
