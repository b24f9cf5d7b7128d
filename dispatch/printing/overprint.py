"""套打: where the office keeps pre-printed forms of a title, only what the form lacks is printed onto it.

The sealed original is not touched: what goes to the printer is drawn by itself, from the same record.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Select, select

from ..consignments.envelope import title_of
from ..documents.page import overprint
from ..documents.record import PageRecord
from ..documents.token import assemble, to_base32
from ..models import BlankForm, Document
from ..rights import Actor
from ..services import Services
from ..store import Work

__all__ = ["FormPage", "form_page", "form_pdf", "kinds_of", "mine", "on_forms"]

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])

#: a document's record and its token, as they are drawn
FormPage = tuple[PageRecord, str]

_COMPOSED: Final = "compose"


def mine(query: Query, actor: Actor, column: Any = BlankForm.office) -> Query:
    """Narrowed to this office and those below it."""
    return query.where(column.startswith(actor.office, autoescape=True)) if actor.office else query


def kinds_of(document: Document) -> tuple[str, str]:
    """Kinds of form that this document may stand on: its title's, or that copy's own."""
    return document.title, title_of(document)


def on_forms(work: Work, actor: Actor, documents: Sequence[Document]) -> frozenset[str]:
    """Those that are printed onto forms: their template says so, and the office received forms of that kind (if there are
    none left just now, somebody must get some). Elsewhere the whole page is printed."""
    held = set(work.session.scalars(mine(select(BlankForm.kind).distinct(), actor)))
    possible = [one for one in documents if one.source == _COMPOSED and not held.isdisjoint(kinds_of(one))]
    return frozenset(one.id for one in possible if _record(work, one).template.overprint)


def _record(work: Work, document: Document) -> PageRecord:
    return PageRecord.from_bytes(work.open(document, "record")["page"].encode())


def form_page(work: Work, document: Document) -> FormPage:
    """What ``form_pdf`` draws, read inside a unit of work."""
    body, signature = bytes.fromhex(work.open(document, "token_body")), document.signature
    if signature is None:
        raise ValueError("a valid document has its signature")
    return _record(work, document), to_base32(assemble(body, signature))


def form_pdf(services: Services, page: FormPage) -> bytes:
    """The pages to lay onto the form; the same bytes every time."""
    record, token = page
    return overprint(record, services.settings.verify_prefix, token, services.fonts)
