"""What somebody types from a paper sheet, row by row: read, and every fault said with its remedy. Pure.

A row says on which line of the sheet something is written, what was done, when, and by whom.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from types import MappingProxyType
from typing import Final

from .calendar import SHANGHAI, utc
from .chronicle import PAPER_ACTS
from .consignments.signers import KINDS
from .errors import Fault
from .lifecycle import ScanAction

__all__ = ["ACTS", "FIELDS", "SIGNERS", "Act", "Person", "Row", "read_row", "read_time"]

#: notes a fault: field, code, words
_Wrong = Callable[[str, str, str], None]

_TIME: Final = re.compile(r"([01]?[0-9]|2[0-3])[:：时点.]([0-5]?[0-9])分?|([01][0-9]|2[0-3])([0-5][0-9])")
#: what a row of the form sends
FIELDS: Final = ("what", "code", "act", "time", "done_by", "beside", "signer", "signer_kind")
#: who may have signed on the sheet; what lies at a point or with a village is signed for there
SIGNERS: Final = MappingProxyType(
    {key: word for key, word in KINDS.items() if key not in ("point", "village")}
)


@dataclass(frozen=True)
class Act:
    """Something that can stand in a cell of the sheet. ``scan``: what is reported of the envelope, empty for what the
    window does itself. ``pair``: two people did it; ``signed``: somebody signed; ``courier``: our couriers do it too."""

    word: str
    scan: str = ""
    pair: bool = False
    signed: bool = False
    courier: bool = False


#: in the order in which they can happen
ACTS: Final[Mapping[str, Act]] = MappingProxyType(
    {
        "issue": Act(PAPER_ACTS["issue"]),
        "pack": Act(PAPER_ACTS["pack"], pair=True),
        "hand_over": Act(PAPER_ACTS["hand_over"], ScanAction.HAND_OVER),
        "collect": Act(PAPER_ACTS["collect"], ScanAction.DELIVER, signed=True),
        "deliver": Act(PAPER_ACTS["deliver"], ScanAction.DELIVER, signed=True, courier=True),
        "return": Act(PAPER_ACTS["return"], ScanAction.RETURN_ARRIVE, courier=True),
    }
)


@dataclass(frozen=True)
class Person:
    """A member of staff who can have done something; ``courier``: only carries and hands out."""

    name: str
    courier: bool


@dataclass(frozen=True)
class Row:
    """A row that can be entered. ``line``: the line's number, 0 where only ``code`` names the case; ``done_by`` and
    ``beside`` are accounts, ``signer`` kind and name of who signed, empty where nobody did."""

    line: int
    code: str
    act: str
    at: datetime
    done_by: str
    beside: str
    signer: Mapping[str, str]


def read_time(text: str) -> time | None:
    """9:05, 09：05, 9时5分, 0905 as a time of the day; None for anything else."""
    plain = "".join(unicodedata.normalize("NFKC", text[:20]).split())
    found = _TIME.fullmatch(plain)
    if found is None:
        return None
    hour, minute = found[1] or found[3], found[2] or found[4]
    return time(int(hour), int(minute))


def read_row(
    typed: Mapping[str, str], at: int, day: date, now: datetime, people: Sequence[Person]
) -> Row | list[Fault]:
    """The row, or all its faults; ``at`` its place in the form, for their pointers. ``now`` bounds the time."""
    faults: list[Fault] = []

    def wrong(field: str, code: str, words: str) -> None:
        faults.append(Fault(f"/rows/{at}/{field}", code, words))

    line, code = _where(typed, wrong)
    key = typed.get("act", "")
    act = ACTS.get(key)
    if act is None:
        wrong("act", "required", "请选做了什么：出件、装封、交寄、领取、送达或退回。")
    moment = _moment(typed.get("time", ""), day, now, wrong)
    done_by, beside = _staff(typed, act, people, wrong)
    signer = _signer(typed, act, wrong)
    if faults or act is None or moment is None:
        return faults
    return Row(line, code, key, moment, done_by, beside, signer)


def _where(typed: Mapping[str, str], wrong: _Wrong) -> tuple[int, str]:
    what = unicodedata.normalize("NFKC", typed.get("what", "")).strip()[:2100]
    code = typed.get("code", "").strip()[:2100]
    if not what and not code:
        wrong("what", "required", "请填登记单上的行号，或者扫那一行的条码。")
    if what.isascii() and what.isdigit() and len(what) <= 3:
        if int(what) == 0:
            wrong("what", "out_of_range", "行号从 1 开始，请看登记单最左边一列。")
        return int(what), code
    return 0, what or code


def _moment(text: str, day: date, now: datetime, wrong: _Wrong) -> datetime | None:
    clock = read_time(text)
    if clock is None:
        wrong("time", "malformed", "请照纸上写的填几点几分，例如 9:05。")
        return None
    moment = utc(datetime.combine(day, clock, SHANGHAI))
    if moment > now:
        wrong("time", "future", "这个时间还没有到。请看看日期和上午下午，照纸上写的改。")
    return moment


def _staff(
    typed: Mapping[str, str], act: Act | None, people: Sequence[Person], wrong: _Wrong
) -> tuple[str, str]:
    known = {one.name: one for one in people}
    done_by, beside = typed.get("done_by", "").strip(), typed.get("beside", "").strip()
    doer = known.get(done_by)
    if doer is None:
        wrong("done_by", "required", "请选纸上签名的是哪位同事。")
    elif act is not None and doer.courier and not act.courier:
        wrong("done_by", "unknown_value", f"“{act.word}”是窗口做的，请选窗口的同事。")
    if act is None or not act.pair:
        return done_by, ""
    second = known.get(beside)
    if second is None or second.courier:
        wrong("beside", "second_person", "装封没有扫码，要两个人看过：请选纸上签名的第二位同事。")
    elif beside == done_by:
        wrong(
            "beside",
            "second_person",
            "第二个人不能和装封的是同一位。纸上只有一个人签的，请拆开信封扫码核对。",
        )
    return done_by, beside


def _signer(typed: Mapping[str, str], act: Act | None, wrong: _Wrong) -> Mapping[str, str]:
    if act is None or not act.signed:
        return {}
    name, kind = " ".join(typed.get("signer", "").split()), typed.get("signer_kind", "")
    if not name or len(name) > 200:
        wrong("signer", "required", "请照纸上写签收人的姓名。")
    if kind not in SIGNERS:
        wrong("signer_kind", "unknown_value", "请选签收的是本人、家属、代理人还是单位收发。")
    return {"kind": kind, "name": name}
