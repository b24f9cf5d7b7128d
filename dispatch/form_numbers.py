"""Numbers of the sheets we print: two letters for the kind, the day, a serial, a check character.

``SQ202611160001X`` stands as a barcode on the sheet; a signed scan finds its way home by it. The check character is
that of ISO 7064 MOD 37,36: one wrong character is always noticed, so a misread is never somebody else's case. One
thing has one number for one kind of sheet, however often it is printed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from sqlalchemy import select, update

from .calendar import local_date
from .models import FormCounter, PaperForm
from .rights import Actor
from .store import Work

__all__ = [
    "FORM_WORDS",
    "FormKind",
    "bind_form",
    "blank_form",
    "check_character",
    "form_by_number",
    "form_kind",
    "next_form_number",
    "read_form_number",
    "register_form",
]


class FormKind(StrEnum):
    """The sheets that come back signed; the value stands in front of their numbers."""

    APPLICATION = "SQ"
    CONTENTS = "NJ"
    MANIFEST = "JJ"
    SERVICE = "SH"
    SHEET = "DJ"
    HANDOVER = "NB"
    SHIFT = "JB"


FORM_WORDS: Final = {
    FormKind.APPLICATION: "快递申请单",
    FormKind.CONTENTS: "内件清单",
    FormKind.MANIFEST: "交接清单",
    FormKind.SERVICE: "送达回证",
    FormKind.SHEET: "纸质登记单",
    FormKind.HANDOVER: "内部交接单",
    FormKind.SHIFT: "交接班单",
}
_NUMBER: Final = re.compile(f"({'|'.join(FormKind)})[0-9]{{8}}[0-9]{{4,8}}[0-9A-Z]")
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


# -- the text --------------------------------------------------------------------------------------------------------
def check_character(text: str) -> str:
    """The character that follows ``text`` (digits and capitals): ISO 7064 MOD 37,36."""
    product = 36
    for character in text:
        product = (product + _ALPHABET.index(character)) % 36 or 36
        product = product * 2 % 37
    return _ALPHABET[(37 - product) % 36]


def read_form_number(text: str) -> str | None:
    """The number as it is kept, of a text as scanned or typed: blanks, hyphens, full-width and small letters do not
    matter. None for anything that is no number of ours, a wrong check character included."""
    if len(text) > 64:
        return None
    plain = unicodedata.normalize("NFKC", text).upper()
    number = "".join(
        ch for ch in plain if ch != "-" and not ch.isspace() and unicodedata.category(ch) != "Cc"
    )
    if not _NUMBER.fullmatch(number) or check_character(number[:-1]) != number[-1]:
        return None
    return number


def form_kind(number: str) -> FormKind:
    """The kind of sheet that this number stands on; ValueError for no number of ours."""
    return FormKind(number[:2])


# -- the register ----------------------------------------------------------------------------------------------------
def next_form_number(work: Work, kind: FormKind) -> str:
    """The next number of this kind and day. Rolled back with the unit of work, so none is lost; never used twice."""
    day = f"{local_date(work.now):%Y%m%d}"
    work.insert_missing(FormCounter, {"kind": str(kind), "day": day, "last": 0}, ["kind", "day"])
    step = (
        update(FormCounter)
        .where(FormCounter.kind == str(kind), FormCounter.day == day)
        .values(last=FormCounter.last + 1)
        .returning(FormCounter.last)
    )
    body = f"{kind}{day}{work.session.execute(step).scalar_one():04d}"
    return body + check_character(body)


def register_form(
    work: Work,
    kind: FormKind,
    subject_kind: str,
    subject_id: str,
    division_code: str,
    covers: Sequence[str] = (),
) -> str:
    """The number of this kind of sheet for one thing, the same at every print. ``subject_kind``: what attachments call
    it (case, document, consignment, manifest, sheet, handover). ``covers``: documents that one sheet stands for."""
    query = select(PaperForm).where(
        PaperForm.kind == str(kind),
        PaperForm.subject_kind == subject_kind,
        PaperForm.subject_id == subject_id,
    )
    known = work.session.scalar(query.order_by(PaperForm.made_at, PaperForm.number).limit(1))
    if known is None:
        known = _add(work, kind, subject_kind, subject_id, division_code)
    known.covers = " ".join(covers)
    return known.number


def blank_form(work: Work, kind: FormKind, division_code: str) -> str:
    """The number of a sheet that belongs to nothing yet; ``bind_form`` says later what it became."""
    return _add(work, kind, "", "", division_code).number


def _add(work: Work, kind: FormKind, subject_kind: str, subject_id: str, division_code: str) -> PaperForm:
    row = PaperForm(
        number=next_form_number(work, kind), kind=str(kind), subject_kind=subject_kind, subject_id=subject_id,
        division_code=division_code, made_at=work.now, made_by=work.actor.name,
    )  # fmt: skip
    work.add(row)
    work.session.flush()
    return row


def form_by_number(work: Work, actor: Actor, text: str) -> PaperForm | None:
    """The registered sheet of this number; None for another text, an unknown number or another office's."""
    number = read_form_number(text)
    row = work.session.get(PaperForm, number) if number else None
    return row if row is not None and actor.sees(row.division_code) else None


def bind_form(work: Work, number: str, subject_kind: str, subject_id: str) -> bool:
    """Say what a blank sheet became; False when it already belongs to something."""
    bound = work.session.execute(
        update(PaperForm)
        .where(PaperForm.number == number, PaperForm.subject_id == "")
        .values(subject_kind=subject_kind, subject_id=subject_id)
    )
    return bool(bound.rowcount == 1)  # type: ignore[attr-defined]
