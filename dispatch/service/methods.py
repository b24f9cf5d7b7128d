"""Ways of service and what each must be proven by. Pure.

民事诉讼法 (2023): art. 88 direct, 89 left with witnesses, 90 electronic by consent, 91 and 92 by post, 92 to 94 through a
unit, 95 public notice. Administrative service follows them (行政诉讼法 art. 101, 行政复议法 art. 88).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from ..calendar import parse_date
from ..errors import Fault
from .terms import notice_served_on

__all__ = ["FIELDS", "METHODS", "NOTICE_REASONS", "Entry", "check"]

METHODS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "direct": "直接送达",
        "left": "留置送达",
        "post": "邮寄送达",
        "through": "转交送达",
        "public_notice": "公告送达",
        "electronic": "电子送达",
    }
)
#: why a public notice is allowed at all
NOTICE_REASONS: Final = ("受送达人下落不明", "用其他方式无法送达")
#: the words of every field an entry may have, and the most characters
FIELDS: Final[Mapping[str, tuple[str, int]]] = MappingProxyType(
    {
        "recipient": ("受送达人", 200),
        "signer": ("签收人", 200),
        "relation": ("与受送达人的关系", 60),
        "server": ("送达人", 120),
        "reason": ("原因", 200),
        "witnesses": ("见证人", 200),
        "unit": ("转交单位", 200),
        "waybill": ("运单号", 40),
        "form_no": ("确认书编号", 40),
        "system": ("收件系统或号码", 120),
        "text": ("公告内容", 4000),
        "place": ("公告发布处", 200),
        "note": ("备注", 400),
    }
)


@dataclass(frozen=True)
class Entry:
    """A checked entry: ``served_on`` as it counts, ``facts`` as told."""

    method: str
    served_on: date
    facts: Mapping[str, str]


@dataclass(frozen=True)
class _Wanted:
    """What a way of service asks for: fields, and the pictures of which one at least must be there."""

    fields: tuple[str, ...]
    pictures: tuple[str, ...]
    words: str


_WANTED: Final[Mapping[str, _Wanted]] = MappingProxyType(
    {
        "direct": _Wanted(
            ("signer", "relation"), ("receipt",), "请附上签收人签过字的送达回证（照片或扫描件）。"
        ),
        "left": _Wanted(
            ("reason",), ("receipt", "photo"), "请附上记明拒收情况的送达回证，或留置现场的照片。"
        ),
        "post": _Wanted(("signer", "waybill"), (), ""),
        "through": _Wanted(
            ("unit", "signer"), ("receipt",), "请附上受送达人签收的送达回证（由转交单位寄回）。"
        ),
        "public_notice": _Wanted(
            ("reason", "text", "place"), ("photo", "other"), "请附上公告张贴的照片或报纸、网页的截图。"
        ),
        "electronic": _Wanted(("system",), (), ""),
    }
)
_DAYS: Final = MappingProxyType({"public_notice": "公告发出的日期", "electronic": "信息到达对方系统的日期"})


def check(
    typed: Mapping[str, str], pictures: Collection[str], *, consented: bool, today: date
) -> tuple[Entry | None, list[Fault]]:
    """The entry, or everything that is missing or wrong with it, by field. ``pictures``: kinds of attachments that are
    with it or already with the document; ``consented``: whether electronic service was agreed to."""
    method = typed.get("method", "")
    wanted = _WANTED.get(method)
    if wanted is None:
        return None, [Fault("/method", "unknown_value", f"请选送达方式：{'、'.join(METHODS.values())}。")]
    facts = {
        name: " ".join(typed.get(name, "").split()) if name != "text" else typed.get(name, "").strip()
        for name in FIELDS
    }
    faults = _field_faults(facts, wanted)
    if wanted.pictures and not set(wanted.pictures) & set(pictures):
        faults.append(Fault("/files", "evidence_required", wanted.words))
    if method == "left" and "photo" not in pictures and not facts["witnesses"]:
        faults.append(
            Fault(
                "/witnesses",
                "evidence_required",
                "留置送达要有见证人（姓名、单位），没有见证人的要附现场照片或录像截图。",
            )
        )
    if method == "electronic" and not consented and not facts["form_no"]:
        faults.append(
            Fault(
                "/form_no",
                "consent_required",
                "电子送达要受送达人同意：请先登记电子送达确认书，或填写确认书编号。",
            )
        )
    day = _day(typed.get("date", ""), method, today, faults)
    if faults or day is None:
        return None, faults
    served = notice_served_on(day) if method == "public_notice" else day
    told = {name: value for name, value in facts.items() if value} | {"date": day.isoformat()}
    return Entry(method, served, told), []


def _field_faults(facts: Mapping[str, str], wanted: _Wanted) -> list[Fault]:
    faults = []
    for name, value in facts.items():
        word, most = FIELDS[name]
        if name in wanted.fields and not value:
            faults.append(Fault(f"/{name}", "required", f"请填写{word}。"))
        elif len(value) > most:
            faults.append(Fault(f"/{name}", "too_long", f"{word}最多 {most} 字。"))
    return faults


def _day(text: str, method: str, today: date, faults: list[Fault]) -> date | None:
    word, day = _DAYS.get(method, "送达日期"), parse_date(text.strip())
    if day is None:
        faults.append(Fault("/date", "date", f"请填写{word}，例如 2026-11-25。"))
    elif day > today:
        faults.append(Fault("/date", "out_of_range", f"{word}不能晚于今天。"))
        return None
    return day
