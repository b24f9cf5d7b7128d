"""Certificates and accompanying sheets: a bordered page, title, fields in rows, seal area, verification
block."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from labels.fonts import FontBook
from labels.text import wrap

from ..record import PageRecord
from .furniture import Foot, foot, page_foot, sample_notice
from .grid import Cell, Grid, add_continuation, continuation, fit_grid, fit_slots
from .plan import (
    MM,
    Block,
    DoesNotFit,
    Frame,
    Op,
    PagePlan,
    Plan,
    Rule,
    block,
    centred,
    on_form,
    paper_scale,
    paper_size,
    scaled,
    stack,
)

__all__ = ["certificate", "sheet"]

OUTER: Final = 32.0
INNER: Final = 38.0
SIDE: Final = 64.0
TOP: Final = 58.0
BOTTOM: Final = 50.0
SEAL: Final = 41 * MM
SIGN_WIDTH: Final = 236.0
SIGN_HEIGHT: Final = SEAL + 6
ISSUER_SIZES: Final = (14.0, 13.0, 12.0, 11.0, 10.5)
TITLE_SIZES: Final = (38.0, 34.0, 30.0, 27.0, 24.0, 22.0)
NUMBER_SIZES: Final = (12.0, 11.0, 10.0, 9.0)
MANY: Final = 8
SHORT: Final = 11
OPENING_SIZES: Final = (12.0, 11.0, 10.5)
NOTE_SIZES: Final = (10.0, 9.5, 9.0)


@dataclass(frozen=True)
class _Content:
    """What a framed page says."""

    heading: str
    copy: str
    number_line: str
    opening: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...]


def certificate(record: PageRecord, book: FontBook, qr_side: float) -> Plan:
    """The plan of a certificate; DoesNotFit names a field that has no room even with continuation pages."""
    template = record.template
    number = f"{template.number_label}：{record.number}" if record.number else ""
    opening = (template.opening,) if template.opening else ()
    rows = _form_rows(record) if template.overprint else _rows(record)
    content = _Content(record.title, record.copy, number, opening, rows, template.notes)
    return _framed(record, book, qr_side, content)


def sheet(record: PageRecord, book: FontBook, qr_side: float) -> Plan:
    """The plan of the sheet that accompanies a paper made elsewhere (出件随附单)."""
    paper = record.title + (f"（{record.copy}）" if record.copy else "")
    cells = [
        Cell("随附证件", paper),
        Cell("持有人", record.holder),
        Cell("证件编号", record.number),
        Cell("号码末位", _tail(record.object_no)),
        Cell("发证机关", record.issuer),
        Cell("出件日期", record.issued),
        Cell("有效期至", record.expires),
        Cell("电子原件摘要", record.file_sha256),
    ]
    cells += [Cell(name, value) for name, value in record.fields.items()]
    rows = tuple((cell,) for cell in cells if cell.value)
    content = _Content("出件随附单", "", "", tuple(_plain(record.template.body)), rows, record.template.notes)
    return _framed(record, book, qr_side, content)


def _plain(wording: Sequence[str | tuple[str, ...]]) -> list[str]:
    return [text if isinstance(text, str) else text[0] for text in wording]


def _tail(object_no: str) -> str:
    """The last four characters, the rest of a longer number as one mark: it never stands in full."""
    return f"****{object_no[-4:]}" if object_no else ""


def _rows(record: PageRecord) -> tuple[tuple[Cell, ...], ...]:
    template, fields = record.template, record.fields
    rows: list[tuple[Cell, ...]] = []
    if record.holder and not any(record.holder in value for value in fields.values()):
        rows.append((Cell(template.holder_label, record.holder),))
    named = [name for row in template.rows for name in row]
    for row in template.rows:
        cells = tuple(Cell(template.labels.get(name, name), fields[name]) for name in row if name in fields)
        if cells:
            rows.append(cells)
    rows += _paired(
        [Cell(template.labels.get(name, name), value) for name, value in fields.items() if name not in named]
    )
    if record.expires:
        rows.append((Cell(template.expires_label, record.expires),))
    return tuple(rows)


def _form_rows(record: PageRecord) -> tuple[tuple[Cell, ...], ...]:
    """Every row of the template in its place, empty where nothing is said; then what the form has no place for."""
    template, fields = record.template, record.fields
    rows = [
        tuple(Cell(template.labels.get(name, name), fields.get(name, "")) for name in row)
        for row in template.rows
    ]
    rows.append((Cell(template.expires_label, record.expires),))
    if record.holder and not any(record.holder in value for value in fields.values()):
        rows.append((Cell(template.holder_label, record.holder, extra=True),))
    named = {name for row in template.rows for name in row}
    rows += [
        (Cell(template.labels.get(name, name), value, extra=True),)
        for name, value in fields.items()
        if name not in named
    ]
    return tuple(rows)


def _paired(cells: Sequence[Cell]) -> list[tuple[Cell, ...]]:
    """Fields no template arranges: two short neighbours share a row, where there are many."""
    if len(cells) < MANY:
        return [(cell,) for cell in cells]
    rows: list[tuple[Cell, ...]] = []
    for cell in cells:
        last = rows[-1] if rows else ()
        if len(last) == 1 and all(
            len(one.value) <= SHORT and len(one.label) <= SHORT for one in (*last, cell)
        ):
            rows[-1] = (*last, cell)
        else:
            rows.append((cell,))
    return rows


def _framed(record: PageRecord, book: FontBook, qr_side: float, content: _Content) -> Plan:
    landscape, paper = record.template.turned(record.copy), record.template.paper_of(record.copy)
    first = PagePlan(*paper_size(paper, landscape), scale=paper_scale(paper))
    side, inside = SIDE * first.scale, first.width - 2 * SIDE * first.scale
    beside = SIGN_WIDTH * first.scale + 16
    verification = foot(record, book, inside - beside if landscape else inside, qr_side)
    first.furniture += _border(first) + sample_notice(record, first)
    first.furniture += verification.ops(side, BOTTOM * first.scale)
    floor, seal, sign = _lower_part(book, record, content, first, verification, landscape)
    top, head = _head(book, content, first)
    fitted = fit_slots if record.template.overprint and not record.sheet else fit_grid
    grid = fitted(book, content.rows, inside, top - floor, first.scale)
    if grid is None:
        raise DoesNotFit("栏目")
    first.body += head + grid.ops(book, side, top, top - floor) + sign
    pages = [first, *_continued(book, record, content, grid, first)]
    for at, page in enumerate(pages):
        page.furniture += page_foot(record, book, pages, at)
    return Plan(tuple(pages), 0, seal)


def _border(page: PagePlan) -> list[Op]:
    outer, inner = OUTER * page.scale, INNER * page.scale
    return [
        Frame(outer, outer, page.width - 2 * outer, page.height - 2 * outer, 2.2 * page.scale, 0.1),
        Frame(inner, inner, page.width - 2 * inner, page.height - 2 * inner, 0.7 * page.scale, 0.1),
    ]


def _head(book: FontBook, content: _Content, page: PagePlan) -> tuple[float, list[Op]]:
    """Title, copy, number, opening: (where the fields begin, what is drawn)."""
    scale, side = page.scale, SIDE * page.scale
    inside, middle, top = page.width - 2 * side, page.width / 2, page.height - TOP * scale
    title = _title(book, content.heading, inside, scale)
    room = inside * 0.8 - book.width(content.heading, "serif_bold", title.size)
    tracking = min(room / max(len(content.heading), 2), title.size * 0.5) if len(title.lines) == 1 else 0.0
    out: list[Op] = [*on_form(centred(book, title, middle, top, tracking=max(tracking, 0.0)))]
    top -= title.height + 2 * scale
    if content.copy:
        sizes = scaled((16.0, 12.0), scale)
        copy = block(book, f"（{content.copy}）", "serif", inside, sizes=sizes, lines=1, name="副本标记")
        out += on_form(centred(book, copy, middle, top))
        top -= copy.height
    if content.number_line:
        sizes = scaled(NUMBER_SIZES, scale)
        number = block(book, content.number_line, "serif", inside, sizes=sizes, lines=2, name="编号")
        out += on_form(centred(book, number, middle, top - 2 * scale), content.number_line.find("：") + 1)
        top -= number.height + 2 * scale
    top -= 10 * scale
    for text in content.opening:
        sizes = scaled(OPENING_SIZES, scale)
        made = block(book, text, "serif", inside, sizes=sizes, lines=4, spacing=1.6, indent=2, name="引言")
        out += on_form(stack(made, side, top))
        top -= made.height + 6 * scale
    return top - 6 * scale, out


def _title(book: FontBook, heading: str, width: float, scale: float) -> Block:
    """On one line while it stays large, else on up to three."""
    large = scaled(TITLE_SIZES, scale)
    for lines, sizes in ((1, large), (2, large[2:]), (3, large[4:])):
        try:
            return block(
                book, heading, "serif_bold", width * 0.96, sizes=sizes, lines=lines, spacing=1.25, name="标题"
            )
        except DoesNotFit:
            continue
    small = scaled((18.0, 16.0), scale)
    return block(book, heading, "serif_bold", width, sizes=small, lines=5, spacing=1.25, name="标题")


def _lower_part(
    book: FontBook, record: PageRecord, content: _Content, page: PagePlan, verification: Foot, landscape: bool
) -> tuple[float, tuple[float, float, float, float], list[Op]]:
    """Seal area and notes: (where the fields must end, seal box, issuer and date)."""
    scale, sizes = page.scale, scaled(ISSUER_SIZES, page.scale)
    side, wide, high = SIDE * scale, SIGN_WIDTH * scale, SIGN_HEIGHT * scale
    bottom = BOTTOM * scale if landscape else BOTTOM * scale + verification.height + 12
    right, middle = page.width - side, bottom + high / 2
    centre = right - wide / 2
    issuer = block(book, record.issuer, "serif", wide, sizes=sizes, lines=4, name="发证机关")
    sign: list[Op] = [*centred(book, issuer, centre, middle + 6 * scale + issuer.height)]
    if record.issued:
        day = block(book, record.issued, "serif", wide, sizes=sizes, lines=1, name="日期")
        sign += centred(book, day, centre, middle - 6 * scale)
    seal = (centre - SEAL / 2, middle - SEAL / 2, centre + SEAL / 2, middle + SEAL / 2)
    roof = bottom + max(high, verification.height if landscape else 0)
    if not landscape:
        page.furniture.append(Rule(side, bottom - 7, right, bottom - 7, 0.4, 0.55))
    roof = _notes(book, content.notes, page, bottom, roof, landscape)
    return roof + 8, seal, sign


def _notes(
    book: FontBook, notes: Sequence[str], page: PagePlan, bottom: float, roof: float, landscape: bool
) -> float:
    """Notes beside the seal area (portrait) or above the lower part (landscape); returns the new upper
    edge."""
    if not notes:
        return roof
    lines = [f"{at}．{note}" for at, note in enumerate(notes, 1)] if len(notes) > 1 else list(notes)
    side = SIDE * page.scale
    width = page.width - 2 * side - (0 if landscape else SIGN_WIDTH * page.scale + 10)
    made = _note_block(book, lines, width, roof - bottom, page.scale)
    top = roof + 4 + made.height if landscape else bottom + made.height + 2
    page.furniture += on_form(stack(made, side, top, grey=0.25))
    return top if landscape else max(roof, top)


def _note_block(book: FontBook, notes: Sequence[str], width: float, height: float, scale: float) -> Block:
    for size in scaled(NOTE_SIZES, scale):
        cut = [line for note in notes for line in wrap(book, note, "serif", size, width)]
        made = Block(tuple(cut), "serif", size, size * 1.45)
        if made.height <= height:
            return made
    return made


def _continued(
    book: FontBook, record: PageRecord, content: _Content, grid: Grid, first: PagePlan
) -> list[PagePlan]:
    """The continuation pages, each with title and number at its head."""
    if not grid.overflow:
        return []
    scale, side, roof = first.scale, SIDE * first.scale, first.height - TOP * first.scale
    inside, middle = first.width - 2 * side, first.width / 2
    heading, number = f"{content.heading}　续页", content.number_line or record.check_code
    sizes = scaled((16.0, 13.0, 11.0), scale)
    caption = block(book, heading, "serif_bold", inside, sizes=sizes, lines=3, name="标题")
    sizes = scaled(NUMBER_SIZES, scale)
    under = block(book, number, "serif", inside, sizes=sizes, lines=2, name="编号")
    top = roof - caption.height - under.height - 14
    parts = continuation(book, grid.overflow, inside, top - BOTTOM * scale, scale)
    pages: list[PagePlan] = []
    for at, (begun, lines) in enumerate(parts):
        on = at + 1 < len(parts) and parts[at + 1][0]
        page = PagePlan(first.width, first.height, opens_inside=begun, ends_inside=on, scale=scale)
        page.furniture += _border(page) + sample_notice(record, page)
        page.furniture += centred(book, caption, middle, roof)
        page.furniture += centred(book, under, middle, roof - caption.height)
        add_continuation(page, lines, side, top)
        pages.append(page)
    return pages
