"""What stands on the screen for what stands in the data: Chinese word, icon and tone of every state.

One table per noun, so that a page never invents a word of its own. A state without an entry is shown as
状态不明, never as something reassuring. The groupings (``grouped``) are for the eye only: they are spans
with a margin, so a number copied from the page has no blanks in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from ..chronicle import shown_actor
from ..intake.wording import CHOICES
from ..lifecycle import METHODS
from ..printing.marks import paper_words

__all__ = [
    "ATTEMPT_REASONS",
    "CARRIERS",
    "CASE",
    "CONSIGNMENT",
    "COPY_COMPARE",
    "DEADLINES",
    "DOCUMENT",
    "FORM_STATES",
    "INBOUND",
    "KINDS",
    "METHODS",
    "PACK_REASONS",
    "PRINT_FLAGS",
    "PRINT_OUTCOMES",
    "RELATIONS",
    "REVOCATIONS",
    "ROLES",
    "SCAN_ACTIONS",
    "SCAN_OUTCOMES",
    "SIGNERS",
    "UNKNOWN",
    "VERDICTS",
    "Verdict",
    "Word",
    "day",
    "filters",
    "grouped",
    "plain",
    "verdict",
    "when",
    "word",
]

_HERE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True)
class Word:
    """``text`` for people, ``icon`` a symbol of ``icons.svg``, ``tone`` one of ok, bad, wait, info, mute."""

    text: str
    icon: str
    tone: str


@dataclass(frozen=True)
class Verdict:
    """How a verification answer is told: tone, headline, what it means, what to do."""

    tone: str
    icon: str
    head: str
    means: str
    advice: str


UNKNOWN = Word("状态不明", "alert", "wait")


def _words(rows: dict[str, tuple[str, str, str]]) -> Mapping[str, Word]:
    return MappingProxyType({state: Word(*row) for state, row in rows.items()})


CASE = _words(
    {
        "ready": ("待出件", "clock", "info"),
        "issued": ("已出件", "check", "ok"),
        "closed": ("已办结归档", "check", "mute"),
        "cancelled": ("已取消", "cross", "mute"),
    }
)

DOCUMENT = _words(
    {
        "draft": ("制证中", "clock", "info"),
        "valid": ("有效", "check", "ok"),
        "blocked": ("制证受阻", "alert", "bad"),
        "suspended": ("冻结核查", "pause", "wait"),
        "revoked": ("已不再有效", "cross", "bad"),
        "superseded": ("已被新证件替换", "refresh", "wait"),
        "expired": ("已过有效期", "clock", "wait"),
        "void": ("作废", "cross", "mute"),
    }
)

CONSIGNMENT = _words(
    {
        "planned": ("待安排", "clock", "info"),
        "booking": ("下单中", "clock", "info"),
        "booking_unknown": ("下单结果待查", "alert", "wait"),
        "booking_rejected": ("下单被拒", "cross", "bad"),
        "labelled": ("面单已就绪", "print", "info"),
        "packed": ("已封装", "envelope", "info"),
        "handed_over": ("已交寄", "hand", "info"),
        "in_transit": ("运送中", "truck", "info"),
        "out_for_delivery": ("正在投递", "truck", "info"),
        "attempt_failed": ("投递未成功", "alert", "wait"),
        "ready_for_collection": ("待领取", "pin", "info"),
        "held": ("暂存待联系", "pause", "wait"),
        "returning": ("退回途中", "undo", "wait"),
        "returned": ("已退回窗口", "undo", "wait"),
        "delivered": ("已送达", "check", "ok"),
        "to_verify": ("签收待核实", "alert", "wait"),
        "lost": ("丢失", "cross", "bad"),
        "damaged": ("破损", "alert", "bad"),
        "cancelled": ("已取消", "cross", "mute"),
    }
)

INBOUND = _words(
    {
        "expected": ("等待寄来", "clock", "info"),
        "in_transit": ("运送中", "truck", "info"),
        "arrived": ("已收到", "envelope", "info"),
        "checked": ("已清点", "list", "info"),
        "accepted": ("材料已收下", "check", "ok"),
        "returned": ("材料已退回", "undo", "wait"),
    }
)

_TABLES: Mapping[str, Mapping[str, Word]] = MappingProxyType(
    {"case": CASE, "document": DOCUMENT, "consignment": CONSIGNMENT, "inbound": INBOUND}
)


def _texts(rows: dict[str, str]) -> Mapping[str, str]:
    return MappingProxyType(rows)


KINDS = _texts({"certificate": "证照", "notice": "通知书", "decision": "决定书", "physical": "实体证件"})
CARRIERS = _texts(
    {
        "ems": "邮政 EMS",
        "range": "邮政（预领号段）",
        "manual": "邮政（手工填号）",
        "staff": "本中心送件人员",
        "sf": "顺丰速运",
        "kuaidi100": "快递100",
        "kdniao": "快递鸟",
    }
)
DEADLINES = _texts({"promise": "承诺时限", "delivery": "送达时限"})
REVOCATIONS = _texts(
    {"withdrawn": "撤回", "revoked": "撤销", "cancelled": "注销", "penalty": "吊销", "void": "作废"}
)
ROLES = _texts(
    {
        "clerk": "窗口人员",
        "courier": "送件人员",
        "agent": "代办员",
        "department": "审批部门",
        "supervisor": "督查人员",
        "observer": "查看人员",
        "admin": "管理员",
    }
)
RELATIONS = _texts(CHOICES["recipient/relation"])
SIGNERS = _texts(
    {
        "self": "本人",
        "household_adult": "同住成年家属",
        "mailroom": "单位收发室",
        "representative": "代理人",
        "designated": "指定代收人",
        "point": "代办点",
        "village": "村（社区）",
    }
)
SCAN_ACTIONS = _texts(
    {
        "hand_over": "领件",
        "depart": "离开处理点",
        "arrive": "到达处理点",
        "out_for_delivery": "开始投递",
        "attempt_failed": "没送到",
        "ready_for_collection": "放在代办点待领",
        "deliver": "送达",
        "return_start": "退回",
        "return_arrive": "退回到窗口",
        "hold": "暂存",
        "damage": "破损",
        "lose": "丢失",
    }
)
ATTEMPT_REASONS = _texts(
    {
        "not_home": "家里没人",
        "unreachable": "电话联系不上",
        "wrong_address": "地址不对",
        "refused": "拒绝签收",
        "identity_mismatch": "身份对不上",
        "closed": "单位关门",
        "postponed": "约了改天",
        "moved_away": "已经搬走",
        "deceased": "收件人已故",
        "other": "其他原因",
    }
)
SCAN_OUTCOMES = _texts(
    {
        "accepted": "已记录",
        "duplicate": "已经记过，不重复",
        "conflict": "与现在的状态对不上，已留底，请问窗口",
        "unknown": "不是本中心的码",
        "rejected": "没有收下",
    }
)
PACK_REASONS = _texts(
    {
        "different_envelope": "这份纸不属于这个信封。",
        "already_packed": "这份纸已经装进别的信封。",
        "revoked": "这份证件已不再有效，不能寄出。",
        "suspended": "这份证件正在冻结核查，不能寄出。",
        "superseded": "这份证件已被新证件替换，请装新的那一份。",
        "expired": "这份证件已过有效期，不能寄出。",
        "held": "这个办件暂缓出件，先不要装。",
        "not_ready": "证件或面单还没有做好，请稍等再扫。",
        "void_waybill": "这张面单已作废，请换新面单。",
        "object_mismatch": "实物上的编号对不上，请再看一遍。",
        "unknown": "这个码不是本中心的。",
    }
)
#: what the print ledger warns of
PRINT_FLAGS = _texts({"no_sheet": "没有废纸张号", "alone": "没有第二个人"})
FORM_STATES = _texts({"stock": "在库", "used": "已用", "spoiled": "作废待销毁", "destroyed": "已销毁"})
PRINT_OUTCOMES = _texts(
    {"printed": "打好了", "spoiled": "打坏了", "unprinted": "没打出来", "open": "没有记结果"}
)
COPY_COMPARE = "有一处不同，这张纸就不能信。"

_DONT = "请不要凭这张纸办事。要问清楚，请打"
_UNSURE = "这不等于文件是假的。要问清楚，请打"
VERDICTS: Mapping[str, Verdict] = MappingProxyType(
    {
        "valid": Verdict(
            "ok", "check", "文件是真的，现在有效。", "请和纸上对一对。", "有一处不同，这张纸就不能信，请打"
        ),
        "revoked": Verdict(
            "bad", "cross", "文件是真的，但已经不再有效。", "发证部门已经收回它的效力。", _DONT
        ),
        "suspended": Verdict(
            "wait", "pause", "文件是真的，但正在冻结核查。", "核查期间先不要使用它。", _DONT
        ),
        "superseded": Verdict(
            "wait", "refresh", "文件是真的，但已被新证件替换。", "请向持有人要新的那一份。", _DONT
        ),
        "expired": Verdict("wait", "clock", "文件是真的，但已过有效期。", "有效期最后一天已经过去。", _DONT),
        "bad_signature": Verdict(
            "bad", "cross", "核验不通过。", "二维码里的签名对不上：这个码不是发证时的样子。", _DONT
        ),
        "log_mismatch": Verdict("bad", "cross", "核验不通过。", "公开登记簿里的记录与这个码不一致。", _DONT),
        "not_found": Verdict(
            "wait", "search", "未查到记录。", "不等于伪造：可能是刚刚做好，也可能是码没有读全。", _UNSURE
        ),
        "unreadable": Verdict(
            "wait",
            "alert",
            "这个码没有读懂。",
            "可能没有拍全、沾了水或有折痕，也可能不是本中心的码。",
            _UNSURE,
        ),
        "unsupported": Verdict("wait", "alert", "这个码的版本这里还不认识。", "暂无法判断。", _UNSURE),
        "unknown_key": Verdict(
            "wait", "key", "暂无法判断。", "这个码用的签名钥匙不在本中心的名单里。", _UNSURE
        ),
        "unavailable": Verdict(
            "wait", "offline", "现在查不到，不等于是假的。", "网络或服务器一时不通，过几分钟再试。", _UNSURE
        ),
    }
)


def word(noun: str, state: object) -> Word:
    """The word of ``state`` of ``noun`` (case, document, consignment, inbound); never raises for a state."""
    return _TABLES[noun].get(str(state), UNKNOWN)


def plain(table: Mapping[str, str], key: object) -> str:
    """The text of ``key``, or the key itself where the table has none (a carrier added later)."""
    return table.get(str(key), str(key))


def verdict(status: object) -> Verdict:
    """How to tell a verification status; an unforeseen one is told as “cannot tell”."""
    return VERDICTS.get(str(status), VERDICTS["unavailable"])


def _as_day(value: date | datetime | str) -> date:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value.astimezone(_HERE).date() if isinstance(value, datetime) and value.tzinfo else _naive(value)


def _naive(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


def day(value: date | datetime | str | None, year: bool = False) -> str:
    """``11月25日``; with ``year`` ``2026年11月25日``. Empty for None."""
    if not value:
        return ""
    at = _as_day(value)
    return f"{at.year}年{at.month}月{at.day}日" if year else f"{at.month}月{at.day}日"


def when(value: datetime | str | None) -> str:
    """``11月25日 14:03`` in Asia/Shanghai. Empty for None."""
    if not value:
        return ""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    at = at.astimezone(_HERE)
    return f"{at.month}月{at.day}日 {at:%H:%M}"


_GROUPINGS: tuple[tuple[re.Pattern[str], tuple[int, ...]], ...] = (
    (re.compile(r"[0-9]{21}"), (6, 8, 7)),
    (re.compile(r"1[0-9]{10}"), (3, 4, 4)),
    (re.compile(r"[A-Z]{2}[0-9]{9}[A-Z]{2}"), (2, 4, 4, 1, 2)),
    (re.compile(r"ZD[0-9]{13}"), (2, 4, 4, 4, 1)),
    (re.compile(r"(?:SQ|NJ|JJ|SH|DJ|NB)[0-9]{12}[0-9A-Z]"), (2, 8, 4, 1)),
    (re.compile(r"[A-Z2-7]{16}"), (4, 4, 4, 4)),
    (re.compile(r"[0-9]{12,20}"), (4, 4, 4, 4, 4)),
)


def grouped(value: object) -> Markup:
    """Acceptance number, waybill number, phone or 查验码 cut into groups for the eye."""
    text = "" if value is None else str(value)
    for pattern, sizes in _GROUPINGS:
        if pattern.fullmatch(text):
            return _spans(text, sizes)
    return escape(text)


def _spans(text: str, sizes: tuple[int, ...]) -> Markup:
    parts, at = [], 0
    for size in sizes:
        if text[at : at + size]:
            parts.append(Markup("<span>{}</span>").format(text[at : at + size]))
        at += size
    return Markup('<span class="groups num">{}</span>').format(Markup("").join(parts))


def filters() -> dict[str, Callable[..., object]]:
    """The filters that templates use, by name."""
    return {
        "actor": lambda name: shown_actor(str(name or "")),
        "day": day,
        "when": when,
        "grouped": grouped,
        "case_word": lambda state: word("case", state),
        "document_word": lambda state: word("document", state),
        "consignment_word": lambda state: word("consignment", state),
        "inbound_word": lambda state: word("inbound", state),
        "verdict": verdict,
        "kind": lambda key: plain(KINDS, key),
        "method": lambda key: plain(METHODS, key),
        "carrier": lambda key: plain(CARRIERS, key),
        "deadline": lambda key: plain(DEADLINES, key),
        "revocation": lambda key: plain(REVOCATIONS, key),
        "role": lambda key: plain(ROLES, key),
        "relation": lambda key: plain(RELATIONS, key),
        "signer": lambda key: plain(SIGNERS, key),
        "scan_action": lambda key: plain(SCAN_ACTIONS, key),
        "attempt_reason": lambda key: plain(ATTEMPT_REASONS, key),
        "scan_outcome": lambda key: plain(SCAN_OUTCOMES, key),
        "pack_reason": lambda key: plain(PACK_REASONS, key),
        "paper": lambda name: paper_words(str(name)),
        "print_flag": lambda key: plain(PRINT_FLAGS, key),
    }
