"""The page of a document: checked, then painted as a PDF that is byte-identical for the same record.

Values are drawn, never parsed. Fonts are embedded subsets; the file's date is the day of issue; the QR
stands once, on the first page. The seal is not drawn here: `Rendered` says where it goes.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from types import MappingProxyType
from typing import Any, Final

from reportlab.pdfgen.canvas import Canvas

from labels import qr
from labels.fonts import FontBook
from labels.outlines import draw_outline
from labels.text import draw_line

from .layouts.certificate import certificate, sheet
from .layouts.official import official
from .layouts.plan import Code, DoesNotFit, Frame, Mark, Op, PagePlan, Plan, Rule, Text
from .record import FIELD_PREFIX, PageRecord

__all__ = ["PageRecord", "Rendered", "inspect", "overprint", "render"]

SHANGHAI: Final = timezone(timedelta(hours=8))
#: The largest symbol a token of full length and an 80-character address give, in points.
LARGEST_QR: Final = 77 * qr.MODULE
LAYOUTS: Final[Mapping[str, Callable[[PageRecord, FontBook, float], Plan]]] = MappingProxyType(
    {
        "certificate": certificate,
        "sheet": sheet,
        "notice": official,
        "decision": official,
    }
)
NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "title": "标题",
        "number": "编号",
        "copy": "正副本",
        "issuer": "发证机关",
        "holder": "持有人",
        "issued": "日期",
        "expires": "有效期",
    }
)
#: What a denial must say, by the names a department may use (行政许可法 38, 行政复议法 and 行政诉讼法).
DENIAL_NEEDS: Final = (
    ("审查情况", ("审查情况", "理由", "不予许可理由")),
    ("依据", ("依据", "法律依据")),
    ("复议机关", ("复议机关",)),
    ("管辖法院", ("管辖法院",)),
)


@dataclass(frozen=True)
class Rendered:
    """The unsigned file, and where the visible seal goes: page index and (x1, y1, x2, y2) in points."""

    pdf: bytes
    seal_page: int
    seal_box: tuple[float, float, float, float]


def inspect(record: PageRecord, book: FontBook) -> list[str]:
    """Why this page cannot be made, in Chinese, for the worklist; empty when it can."""
    reasons = [reason for name, text in _spoken(record) for reason in _missing(book, name, text)]
    reasons += _denial_gaps(record)
    if not reasons:
        try:
            LAYOUTS[record.template.layout](record, book, LARGEST_QR)
        except DoesNotFit as fault:
            reasons.append(f"{fault.field}过长，版面放不下，请缩短后重新提交。")
    return reasons


def render(record: PageRecord, qr_prefix: str, token_base32: str, book: FontBook) -> Rendered:
    """Paints the page. `qr_prefix` + `token_base32` is the QR text. Call `inspect` first: raises
    MissingGlyph or DoesNotFit where it had reasons."""
    modules = qr.matrix(qr_prefix, token_base32)
    plan = LAYOUTS[record.template.layout](record, book, qr.side(modules))
    out = io.BytesIO()
    canvas = _canvas(out, record, plan, book)
    for page in plan.pages:
        canvas.setPageSize((page.width, page.height))
        _paint_page(canvas, book, page, modules)
        canvas.showPage()
    canvas.save()
    return Rendered(out.getvalue(), plan.seal_page, plan.seal_box)


def overprint(record: PageRecord, qr_prefix: str, token_base32: str, book: FontBook) -> bytes:
    """What a pre-printed form of this title lacks: values, QR and 核对栏 where the page has them, without border,
    title, labels and notes. Pages after the first are drawn whole: they stand on plain paper. Raises as `render`."""
    modules = qr.matrix(qr_prefix, token_base32)
    plan = LAYOUTS[record.template.layout](record, book, qr.side(modules))
    out = io.BytesIO()
    canvas = _canvas(out, record, plan, book)
    for at, page in enumerate(plan.pages):
        canvas.setPageSize((page.width, page.height))
        _paint_page(canvas, book, page if at else _lacking(page, book), modules)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _lacking(page: PagePlan, book: FontBook) -> PagePlan:
    furniture = [op for each in page.furniture for op in _unprinted(each, book)]
    return replace(
        page, furniture=furniture, body=[op for each in page.body for op in _unprinted(each, book)]
    )


def _unprinted(op: Op, book: FontBook) -> list[Op]:
    """What of this a form does not carry: nothing of lines and frames, of a text what comes after its fixed part."""
    if isinstance(op, Rule | Frame):
        return []
    if not isinstance(op, Text) or not op.fixed:
        return [op]
    head, rest = op.text[: op.fixed], op.text[op.fixed :]
    if not rest:
        return []
    shift = book.width(head, op.face, op.size) + op.tracking * len(head)
    return [replace(op, x=op.x + shift, text=rest, fixed=0)]


def _spoken(record: PageRecord) -> Iterable[tuple[str, str]]:
    """(Chinese name, text) of everything in the record that is drawn."""
    for key, value in record.printed.items():
        name = NAMES.get(key, key.removeprefix(FIELD_PREFIX))
        yield name, value
        if key.startswith(FIELD_PREFIX) and value.strip():
            yield "栏目名称", name
    yield "核对栏", record.token_holder + record.token_number + record.tail
    yield "出件中心名称", record.operator
    yield "证件号码", record.object_no[-4:]


def _missing(book: FontBook, name: str, text: str) -> list[str]:
    return [
        f"{_shown(name)}：字库中没有{_named(ch)}，请核对该字或联系管理员补字。" for ch in book.missing(text)
    ]


def _named(character: str) -> str:
    """`“😀”（U+1F600）`; only the code point for what no screen can show."""
    code = f"U+{ord(character):04X}"
    return f"“{character}”（{code}）" if _shown(character) else f"字符 {code}"


def _shown(text: str) -> str:
    """`text` without what a screen cannot show, so that a reason is always readable."""
    return "".join(ch for ch in text if ch.isprintable())


def _denial_gaps(record: PageRecord) -> list[str]:
    if not record.refuses:
        return []
    fields = record.fields
    return [
        f"不予决定缺少“{need}”，请补充后重新提交。"
        for need, names in DENIAL_NEEDS
        if not any(fields.get(name, "").strip() for name in names)
    ]


def _canvas(out: io.BytesIO, record: PageRecord, plan: Plan, book: FontBook) -> Canvas:
    first = plan.pages[0]
    make: Any = Canvas
    canvas: Any = make(
        out,
        pagesize=(first.width, first.height),
        invariant=1,
        pageCompression=1,
        lang="zh-CN",
        initialFontName=book.font_name("serif"),
        pdfVersion=(1, 7),
    )
    document = canvas._doc
    document._timeStamp = _Day(record.issued_on)
    document.signature = hashlib.md5(
        f"{record.check_code} {record.issued_on}".encode(), usedforsecurity=False
    )
    document.info.invariant = 1
    canvas.setTitle(record.title if not record.sheet else f"出件随附单：{record.title}")
    canvas.setAuthor(record.issuer)
    canvas.setCreator(record.operator)
    canvas.setProducer("证达")
    canvas.setSubject(f"查验码 {record.check_code}")
    made: Canvas = canvas
    return made


class _Day:
    """The shape reportlab wants for a document's date: the day of issue, midnight in Shanghai."""

    def __init__(self, day: date) -> None:
        self.datetime = datetime.combine(day, time(), SHANGHAI)
        self.t = self.datetime.astimezone(UTC).timestamp()
        self.lt = self.datetime.timetuple()
        self.YMDhms = tuple(self.lt)[:6]
        self.tzname = "CST"
        self.dhh, self.dmm = 8, 0


def _paint_page(canvas: Canvas, book: FontBook, page: PagePlan, modules: list[list[bool]]) -> None:
    """Furniture before the body; after it when the body begins within a value. Between two parts of one
    value it is an artifact, which reads as nothing."""
    if page.opens_inside and page.ends_inside:
        with _artifact(canvas, "Pagination"):
            _paint(canvas, book, page.furniture, modules)
        _paint(canvas, book, page.body, modules)
        return
    first, second = (page.body, page.furniture) if page.opens_inside else (page.furniture, page.body)
    _paint(canvas, book, first, modules)
    _paint(canvas, book, second, modules)


@contextmanager
def _artifact(canvas: Any, kind: str) -> Iterator[None]:
    """Marks what is painted within as no part of the text (ISO 32000-1, 14.8.2.2); readers take it as a
    space."""
    canvas._code.append(f"/Artifact <</Type /{kind} /ActualText <FEFF0020>>> BDC")
    yield
    canvas._code.append("EMC")


def _paint(canvas: Canvas, book: FontBook, ops: Iterable[Op], modules: list[list[bool]]) -> None:
    for op in ops:
        match op:
            case Text():
                canvas.setFillGray(op.grey)
                draw_line(canvas, book, op.x, op.y, op.text, op.face, op.size, tracking=op.tracking)
            case Rule():
                canvas.setStrokeGray(op.grey)
                canvas.setLineWidth(op.width)
                canvas.line(op.x1, op.y1, op.x2, op.y2)
            case Frame():
                canvas.setStrokeGray(op.grey)
                canvas.setLineWidth(op.line)
                canvas.rect(op.x, op.y, op.width, op.height)
            case Code():
                qr.draw(canvas, op.x, op.y, modules)
            case Mark():
                _paint_mark(canvas, book, op)


def _paint_mark(canvas: Canvas, book: FontBook, mark: Mark) -> None:
    """As shapes, not text: a reader that follows the page's geometry would mix its letters into the
    values."""
    if not canvas.hasForm("mark"):
        span = round(mark.x)
        canvas.beginForm("mark", -span, -span, span, span)
        canvas.setFillGray(mark.grey)
        left = -book.width(mark.text, "sans", mark.size) / 2
        draw_outline(canvas, book.font("sans"), left, 0, mark.text, mark.size)
        canvas.endForm()
    canvas.saveState()
    canvas.translate(mark.x, mark.y)
    canvas.rotate(mark.angle)
    canvas.doForm("mark")
    canvas.restoreState()
