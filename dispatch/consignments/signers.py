"""Who may sign for an envelope (contract, section 5). Pure."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Final, Literal

__all__ = ["KINDS", "Policy", "code_right", "may_sign", "strictest"]

Policy = Literal["self", "authorized", "any"]

#: kinds of signers and their words
KINDS: Final = {
    "self": "本人",
    "household_adult": "同住成年家属",
    "mailroom": "单位收发",
    "representative": "代理人",
    "designated": "指定代收人",
    "point": "代办点",
    "village": "村（社区）代收",
}
_STRICT_FIRST: Final[tuple[Policy, ...]] = ("self", "authorized", "any")
_AUTHORIZED: Final = frozenset({"self", "household_adult", "mailroom", "representative", "designated"})
#: What couriers write where a representative is the organization's own head and not an agent it sent.
_LEGAL_HEADS: Final = frozenset(
    {
        "legal_representative",
        "法定代表人",
        "法人代表",
        "法人",
        "负责人",
        "主要负责人",
        "经营者",
        "执行事务合伙人",
        "投资人",
    }
)


def strictest(policies: Iterable[str]) -> Policy:
    """The strictest of the documents' policies; ``authorized`` where there is none."""
    found = set(policies)
    return next((policy for policy in _STRICT_FIRST if policy in found), "authorized")


def may_sign(policy: Policy, kind: str, relation: str, *, organization: bool) -> bool:
    """Whether a signer of ``kind`` satisfies ``policy``.

    ``self`` means the person himself; an organization signs by its legal representative (who comes as ``self``, or
    as a representative whose relation says so) or by its mailroom.
    """
    if policy == "any":
        return kind in KINDS
    if policy == "authorized":
        return kind in _AUTHORIZED
    if kind == "self":
        return True
    return organization and (
        kind == "mailroom" or (kind == "representative" and relation.strip() in _LEGAL_HEADS)
    )


def code_right(expected: str, given: str) -> bool:
    """Whether the delivery code is the right one; takes the same time for every wrong one."""
    return hmac.compare_digest(expected.encode(), given.strip().encode("utf-8", "replace"))
