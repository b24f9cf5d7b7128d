"""The office's printers: how far each is off, measured once on the test page, used whenever a form is overprinted."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from sqlalchemy import delete, select

from ..errors import Fault, Invalid, NotFound, RuleViolation
from ..models import Printer, new_id
from ..rights import Actor, Scope
from ..services import Services
from ..store import Work
from .overprint import mine

__all__ = ["FARTHEST", "found_printer", "printers_of", "remove_printer", "save_printer", "tenths"]

#: tenths of a millimetre; what is farther off was put into the tray wrongly
FARTHEST: Final = 200
_MILLIMETRES: Final = re.compile(r"([+-]?)([0-9]{1,2})(?:\.([0-9]))?\Z")


def tenths(text: str) -> int | None:
    """``1.5`` → 15, ``-0.5`` → -5, nothing → 0, full-width digits and a comma are understood; None for what is no length
    to a tenth of a millimetre, or too far."""
    plain = "".join(unicodedata.normalize("NFKC", text[:20]).split()).replace(",", ".").replace("−", "-")
    found = _MILLIMETRES.match(plain or "0")
    if found is None:
        return None
    amount = int(found[2]) * 10 + int(found[3] or 0)
    return None if amount > FARTHEST else -amount if found[1] == "-" else amount


def printers_of(services: Services, actor: Actor) -> list[Printer]:
    """The office's printers by name."""
    actor.require(Scope.ISSUE)
    with services.store.read(actor) as work:
        query = select(Printer).order_by(Printer.name, Printer.id)
        return list(work.session.scalars(mine(query, actor, Printer.office)))


def found_printer(work: Work, actor: Actor, printer_id: str) -> Printer:
    """The office's printer with this id, or ``NotFound``."""
    query = select(Printer).where(Printer.id == printer_id)
    printer = work.session.scalar(mine(query, actor, Printer.office))
    if printer is None:
        raise NotFound("没有找到这台打印机，可能已被删除。请回到打印机页重新选。")
    return printer


def save_printer(
    services: Services, actor: Actor, *, printer_id: str = "", name: str, right: str, down: str
) -> Printer:
    """A new printer, or with ``printer_id`` another name or offset of one; millimetres as typed. ``Invalid`` names every
    wrong field, ``RuleViolation('printer_known')`` a name that is given already."""
    actor.require(Scope.ISSUE)
    name = " ".join(name.split())
    moved = _checked(name, right, down)
    with services.store.work(actor) as work:
        same = select(Printer.id).where(Printer.office == actor.office, Printer.name == name)
        if work.session.scalar(same.where(Printer.id != printer_id)) is not None:
            raise RuleViolation("printer_known", f"已经有一台叫“{name}”的，请换个名字，或改那一台。")
        if printer_id:
            printer = found_printer(work, actor, printer_id)
        else:
            printer = Printer(id=new_id(), office=actor.office)
            work.add(printer)
        printer.name, (printer.right, printer.down) = name, moved
        printer.changed_at, printer.changed_by = work.now, actor.name
        work.session.flush()
        work.audit("printer_set", "printer", printer.id, name=name, right=moved[0], down=moved[1])
    return printer


def _checked(name: str, right: str, down: str) -> tuple[int, int]:
    faults = []
    if not 1 <= len(name) <= 40:
        faults.append(Fault("/name", "required", "请给打印机起个名字，如“3号窗口惠普”（40 字以内）。"))
    moved = [tenths(right), tenths(down)]
    for key, word, one in zip(("right", "down"), ("往右", "往下"), moved, strict=True):
        if one is None:
            words = f"{word}移多少毫米，写到小数点后一位，如 1.5 或 -0.5，最多 {FARTHEST // 10} 毫米。"
            faults.append(Fault(f"/{key}", "malformed", words))
    if faults:
        raise Invalid(faults)
    return moved[0] or 0, moved[1] or 0


def remove_printer(services: Services, actor: Actor, printer_id: str) -> None:
    """The printer is gone; nothing that was printed changes. ``NotFound``."""
    actor.require(Scope.ISSUE)
    with services.store.work(actor) as work:
        printer = found_printer(work, actor, printer_id)
        work.session.execute(delete(Printer).where(Printer.id == printer.id))
        work.audit("printer_removed", "printer", printer_id, name=printer.name)
