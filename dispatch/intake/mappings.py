"""What somebody said once about a platform's table, remembered for the next file with the same headings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select

from ..errors import Fault, Invalid, NotFound
from ..models import ColumnMapping, new_id
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .columns import is_ignored
from .survey import fingerprint

__all__ = [
    "Recalled",
    "forget_mapping",
    "list_mappings",
    "mapping_named",
    "mappings_of",
    "recall",
    "remember",
]

#: share of the headings that two tables must have in common to be taken for the same platform's
_ALIKE: Final = 0.7
_MOST: Final = 200


@dataclass(frozen=True)
class Recalled:
    """A remembered mapping. ``differ``: headings that are new or gone since, none where it fits exactly."""

    id: str
    name: str
    targets: Mapping[str, str]
    constants: Mapping[str, str]
    differ: tuple[str, ...]
    used_at: datetime
    made_by: str


def recall(kept: Sequence[ColumnMapping], labels: Sequence[str]) -> Recalled | None:
    """Of the mappings ``kept``, as ``mappings_of`` gives them, the one that was made for these headings, or for most of
    them; the last used wins."""
    mark = fingerprint(labels)
    exact = next((row for row in kept if row.fingerprint == mark), None)
    if exact is not None:
        return _view(exact, labels)
    views = [_view(row, labels) for row in kept]
    alike = [view for view in views if len(view.differ) <= (1 - _ALIKE) * len(_matter(labels))]
    return min(alike, key=lambda view: len(view.differ), default=None)


def remember(
    work: Work,
    actor: Actor,
    name: str,
    labels: Sequence[str],
    targets: Mapping[str, str],
    constants: Mapping[str, str],
) -> None:
    """Keep a mapping under the name the clerk gave the platform; the same name again is replaced. ``Invalid`` for a name
    that is empty or longer than 40 characters."""
    plain = " ".join(name.split())
    if not plain or len(plain) > 40:
        raise Invalid([Fault("/name", "too_long", "平台名称请写 1 到 40 个字，例如“浙里办导出”。")])
    query = select(ColumnMapping).where(ColumnMapping.office == actor.office, ColumnMapping.name == plain)
    row = work.session.scalar(query)
    if row is None:
        row = ColumnMapping(id=new_id(), office=actor.office, name=plain)
        work.add(row)
    row.fingerprint, row.used_at, row.made_by = fingerprint(labels), work.now, actor.name
    row.labels = json.dumps(_matter(labels), ensure_ascii=False)
    row.targets = json.dumps({label: to for label, to in targets.items() if to}, ensure_ascii=False)
    row.constants = json.dumps({to: text for to, text in constants.items() if text}, ensure_ascii=False)
    work.session.flush()
    work.audit("mapping_kept", "mapping", row.id, platform=plain)


def list_mappings(services: Services, actor: Actor) -> list[Recalled]:
    """What this office remembers, the last used first."""
    actor.require(Scope.CASES)
    with services.store.read(actor) as work:
        return [_view(row, json.loads(row.labels)) for row in mappings_of(work, actor)]


def mapping_named(work: Work, actor: Actor, name: str) -> Recalled:
    """The mapping of that name; ``NotFound`` with the names there are."""
    kept = mappings_of(work, actor)
    row = next((row for row in kept if row.name == name.strip()), None)
    if row is None:
        known = "、".join(one.name for one in kept) or "还没有"
        raise NotFound(f"没有记住叫这个名字的平台。记住的有：{known}。")
    return _view(row, json.loads(row.labels))


def forget_mapping(services: Services, actor: Actor, mapping_id: str) -> None:
    """Remember it no longer; safe to repeat."""
    actor.require(Scope.CASES)
    with services.store.work(actor) as work:
        row = work.locked(ColumnMapping, mapping_id)
        if row is None or row.office != actor.office:
            return
        work.session.delete(row)
        work.audit("mapping_forgotten", "mapping", mapping_id, platform=row.name)


def mappings_of(work: Work, actor: Actor) -> list[ColumnMapping]:
    """What this office remembers, the last used first."""
    query = select(ColumnMapping).where(ColumnMapping.office == actor.office)
    return list(
        work.session.scalars(query.order_by(ColumnMapping.used_at.desc(), ColumnMapping.id).limit(_MOST))
    )


def _matter(labels: Sequence[str]) -> list[str]:
    return [label for label in labels if label and not is_ignored(label)]


def _view(row: ColumnMapping, labels: Sequence[str]) -> Recalled:
    known, here = set(json.loads(row.labels)), set(_matter(labels))
    return Recalled(
        row.id, row.name, json.loads(row.targets), json.loads(row.constants), tuple(sorted(known ^ here)),
        row.used_at, row.made_by,
    )  # fmt: skip
