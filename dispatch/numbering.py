"""Numbers of documents: given by the department and reserved at intake, or allotted here by rule.

An allotted number is ``<letters>〔year〕n号``: letters from short names of place, organ and title, year in
six-pointed brackets, no padding zeros (《党政机关公文处理工作条例》 art. 9; GB/T 9704-2012, 7.2.5). The counter is a row per
department, title and year, raised in the transaction that uses the value, so there are no gaps by roll-back.
"""

from __future__ import annotations

import re

from sqlalchemy import delete, select

from .errors import RuleViolation
from .models import Document, DocumentNumber, NumberCounter
from .store import Work

__all__ = ["allot", "release_given", "reserve_given"]

_NUMBER = re.compile(r"^(?P<letters>[^〔〕\d]+)〔(?P<year>\d{4})〕(?P<value>[1-9]\d{0,8})号$")


def reserve_given(work: Work, document: Document) -> None:
    """Reserve the number the department gave; ``RuleViolation('number_taken')`` when another document has it."""
    if document.number is None:
        return
    key = (document.department_name, document.title, document.number, document.copy)
    taken = work.session.get(DocumentNumber, key)
    if taken is not None and taken.document_id != document.id:
        raise RuleViolation(
            "number_taken",
            f"编号“{document.number}”（{document.title}{document.copy}）已被另一份证件使用，请核对证号或文号。",
            number=document.number,
        )
    if taken is None:
        found = _NUMBER.match(document.number)
        year, value = (int(found["year"]), int(found["value"])) if found else (None, None)
        _record(work, document, "given", year, value)


def release_given(work: Work, document_id: str) -> None:
    """Give back reservations of a document that was never issued."""
    work.session.execute(
        delete(DocumentNumber).where(
            DocumentNumber.document_id == document_id, DocumentNumber.origin == "given"
        )
    )


def allot(work: Work, letters: str, documents: list[Document], year: int) -> str:
    """One number for all ``documents`` (copies of one another), the next free value; stepped over: values given."""
    first = documents[0]
    key = {"department_name": first.department_name, "title": first.title, "year": year}
    work.insert_missing(NumberCounter, {**key, "last": 0}, list(key))
    counter = work.locked(NumberCounter, key)
    assert counter is not None
    value = counter.last + 1
    while _exists(work, first, f"{letters}〔{year}〕{value}号"):
        value += 1
    counter.last = value
    number = f"{letters}〔{year}〕{value}号"
    for document in documents:
        document.number = number
        _record(work, document, "allotted", year, value)
    return number


def _exists(work: Work, document: Document, number: str) -> bool:
    same = select(DocumentNumber.document_id).where(
        DocumentNumber.department_name == document.department_name,
        DocumentNumber.title == document.title,
        DocumentNumber.number == number,
    )
    return work.session.scalar(same.limit(1)) is not None


def _record(work: Work, document: Document, origin: str, year: int | None, value: int | None) -> None:
    assert document.number is not None
    work.add(
        DocumentNumber(
            department_name=document.department_name,
            title=document.title,
            number=document.number,
            copy=document.copy,
            origin=origin,
            document_id=document.id,
            year=year,
            value=value,
        )  # fmt: skip
    )
    work.session.flush()
