"""Whom a case names as receiving or collecting for the applicant, in words for the screen. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from labels.masks import mask_name

__all__ = ["authority_words"]

_RELATIONS: Final = MappingProxyType(
    {
        "contact": "联系人", "mailroom": "单位收发室", "spouse": "配偶", "child": "子女", "parent": "父母", "colleague": "同事",
        "representative": "代理人", "designated": "指定代收人", "guardian": "监护人", "heir": "继承人",
    }
)  # fmt: skip
#: these act for themselves in their own office's name, no paper is asked of them
_KNOWN: Final = frozenset({"contact", "mailroom"})


def authority_words(body: Mapping[str, Any]) -> str:
    """``李**（指定代收人），凭 委托书 3 号``; empty where nobody else is named. ``body``: the case as received."""
    named = body["delivery"].get("recipient") or {}
    relation = named.get("relation") or "self"
    if not named or relation == "self":
        return ""
    words = f"{mask_name(named['name'])}（{_RELATIONS.get(relation, relation)}）"
    if named.get("authorization"):
        return f"{words}，凭 {named['authorization']}"
    return words if relation in _KNOWN else f"{words}，没有写授权文书"
