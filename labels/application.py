"""快递申请单 with 送达地址确认书 and 代收授权 on one A4: filled from the case, or blank with a number to tear off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from labels.fonts import FontBook
from labels.forms import MARGIN, cell, code, date_line, heading, paragraph, sample_foot, sign_line, ticks
from labels.sheet import Box, Sheet

__all__ = ["NOTICE", "ApplicationRecord", "render_applications"]

WIDTH: Final = 210.0 - 2 * MARGIN
#: The office's own words, printed as such. Model: 最高人民法院《关于以法院专递方式邮寄送达民事诉讼文书的若干规定》第十一条
#: (a wrong address, or a change nobody reported: the day of return counts as the day of service). An office that
#: uses it for its own decisions has its legal staff read it first.
NOTICE: Final = (
    "1. 本页地址是向您送达证件和文书的地址。寄出前有变化，请马上告诉窗口。",
    "2. 地址写错、写不全，或者变了没有告诉窗口，致使文书没有送到的，文书退回之日视为送达之日，后果由您自己承担。",
    "3. 您在下面勾选、授权的人签收，等于您本人签收；拒绝签收的，同第 2 条。",
)
_METHODS: Final = (
    ("express", "政务专递（邮寄）"),
    ("door", "送证上门"),
    ("point", "送到代办点"),
    ("counter", "窗口自取"),
    ("on_the_spot", "当场领取"),
    ("electronic", "电子送达"),
)
_PAYERS: Final = (("office", "中心承担"), ("recipient", "收件人到付"))
_RECEIVERS: Final = (
    ("self", "本人"),
    ("household_adult", "同住成年家属"),
    ("mailroom", "单位收发室"),
    ("designated", "指定代收人（填下一行）"),
)


@dataclass(frozen=True)
class ApplicationRecord:
    """What is printed into the form; empty values leave room to write. Persons stand in full: they sign it.

    `method`, `payer`, `receivers`: keys of the boxes that are ticked already. `tear_off` adds the strip with the number
    that the applicant keeps.
    """

    operator: str
    phone: str
    form_no: str
    acceptance_no: str = ""
    applicant: str = ""
    id_tail: str = ""
    contact: str = ""
    applicant_phone: str = ""
    item: str = ""
    department: str = ""
    method: str = ""
    point: str = ""
    payer: str = ""
    recipient: str = ""
    organization: str = ""
    recipient_phone: str = ""
    address: str = ""
    receivers: tuple[str, ...] = ()
    only_self: bool = False
    designated: str = ""
    relation: str = ""
    tear_off: bool = False
    sample: bool = True


def render_applications(records: Sequence[ApplicationRecord], book: FontBook) -> bytes:
    """One page for each record; the same records give the same bytes. Raises MissingGlyph, and DoesNotFit naming the
    value that is too long; ValueError for no record.
    """
    if not records:
        raise ValueError("a file of no forms is no file")
    sheet = Sheet(book, 210.0, 297.0, "快递申请单")
    for index, record in enumerate(records):
        if index:
            sheet.next_page()
        _page(sheet, record)
    return sheet.finish()


def _page(sheet: Sheet, record: ApplicationRecord) -> None:
    _head(sheet, record)
    top = _matter(sheet, record, 49)
    top = _way(sheet, record, top + 1.5)
    top = _address(sheet, record, top + 1.5)
    top = _receivers(sheet, record, top + 1.5)
    _signatures(sheet, record, top + 1.5)
    if record.tear_off:
        _tear_off(sheet, record)
    sample_foot(sheet, record.sample, below=7.5)


def _head(sheet: Sheet, record: ApplicationRecord) -> None:
    sheet.one_line(
        Box(MARGIN, 9, WIDTH, 5),
        record.operator,
        "operator",
        size=10.5,
        minimum=6,
        face="serif",
        align="centre",
    )
    sheet.one_line(
        Box(MARGIN, 14, WIDTH, 10),
        "快递申请单",
        "title",
        size=21,
        minimum=12,
        face="serif_bold",
        align="centre",
    )
    sheet.text(sheet.width / 2, 24.2, "（含送达地址确认书、代收授权）", 10, align="centre")
    half = WIDTH / 2
    code(sheet, Box(MARGIN, 31, half - 2, 15.5), "单号", record.form_no, "form_no")
    if record.acceptance_no:
        code(
            sheet,
            Box(MARGIN + half + 2, 31, half - 2, 15.5),
            "统一受理号",
            record.acceptance_no,
            "acceptance_no",
        )
    else:
        sheet.text(MARGIN + half + 4, 32.5, "统一受理号（窗口填写）", 9.5)
        sheet.rule(MARGIN + half + 4, 44, sheet.width - MARGIN, 44, dots=1)


def _matter(sheet: Sheet, record: ApplicationRecord, top: float) -> float:
    heading(sheet, Box(MARGIN, top, WIDTH, 6), "一、申请人和事项")
    top += 6.5
    wide, high = WIDTH / 2, 11.0
    left, right = MARGIN, MARGIN + wide
    cell(sheet, Box(left, top, wide, high), "申请人", record.applicant, "applicant")
    cell(sheet, Box(right, top, wide, high), "电话", record.applicant_phone, "applicant_phone")
    top += high
    cell(sheet, Box(left, top, wide, high), "联系人", record.contact, "contact")
    tail = f"末四位 {record.id_tail}" if record.id_tail else ""
    cell(sheet, Box(right, top, wide, high), "证件号码", tail, "id_tail")
    top += high
    cell(sheet, Box(left, top, WIDTH, high), "办理事项", record.item, "item")
    top += high
    cell(sheet, Box(left, top, WIDTH, high), "办理部门", record.department, "department")
    return top + high


def _way(sheet: Sheet, record: ApplicationRecord, top: float) -> float:
    heading(sheet, Box(MARGIN, top, WIDTH, 6), "二、怎样领取（选一项打勾）")
    box = Box(MARGIN, top + 6.5, WIDTH, 20)
    sheet.frame(box, dots=1)
    chosen = [(words, key == record.method) for key, words in _METHODS]
    used = ticks(sheet, Box(box.x + 2, box.y + 1, box.width - 4, 6), chosen, "method", gap=3.6)
    line = box.y + 1 + used + 0.6
    sheet.text(box.x + 2, line, "代办点：", 10)
    room = Box(box.x + 17, line - 0.4, 68, 5.6)
    if record.point:
        sheet.line_or_block(room, record.point, "point", size=10, minimum=5)
    sheet.rule(room.x, room.bottom, room.right, room.bottom, dots=1)
    sheet.text(box.x + 90, line, "寄递费：", 10)
    payers = [(words, key == record.payer) for key, words in _PAYERS]
    ticks(sheet, Box(box.x + 106, line - 0.5, box.width - 108, 6), payers, "payer")
    sheet.text(
        box.x + 2, line + 6.8, "寄递费是付给寄递企业的运费，不是办证收费；选哪种方式领取，都不影响办证。", 8.5
    )
    return box.bottom


def _address(sheet: Sheet, record: ApplicationRecord, top: float) -> float:
    heading(sheet, Box(MARGIN, top, WIDTH, 6), "三、送达地址确认书")
    top += 6.5
    wide = WIDTH / 2
    cell(sheet, Box(MARGIN, top, wide, 11), "收件人", record.recipient, "recipient")
    cell(sheet, Box(MARGIN + wide, top, wide, 11), "手机", record.recipient_phone, "recipient_phone")
    top += 11
    cell(sheet, Box(MARGIN, top, WIDTH, 9.5), "收件单位", record.organization, "organization")
    top += 9.5
    cell(sheet, Box(MARGIN, top, WIDTH, 18), "详细地址", record.address, "address")
    top += 18
    sheet.text(MARGIN, top + 1.2, "签名前请看清（本中心告知文本）", 9.5, face="serif_bold")
    used = paragraph(sheet, Box(MARGIN, top + 6, WIDTH, 22), NOTICE, "notice", size=9.5)
    return top + 6 + used


def _receivers(sheet: Sheet, record: ApplicationRecord, top: float) -> float:
    heading(sheet, Box(MARGIN, top, WIDTH, 6), "四、代收授权（同意由谁签收，可多选）")
    box = Box(MARGIN, top + 6.5, WIDTH, 19)
    sheet.frame(box, dots=1)
    choices = [(words, key in record.receivers) for key, words in _RECEIVERS]
    if record.only_self:
        choices = [("只能本人（本件须本人签收，不能代收）", True)]
    ticks(sheet, Box(box.x + 2, box.y + 1.4, box.width - 4, 6), choices, "receivers")
    line = box.y + 11
    for x, width, label, text in (
        (box.x + 2, 66, "代收人姓名", record.designated),
        (box.x + 72, 50, "与本人关系", record.relation),
        (box.x + 126, box.width - 128, "证件号末四位", ""),
    ):
        start = x + sheet.width_of(label, 10) + 1
        sign_line(sheet, x, line, label, width)
        if text:
            room = Box(start + 0.5, line - 1, x + width - start - 1, 6)
            sheet.line_or_block(room, text, "designated", size=10.5, least_line=6)
    return box.bottom


def _signatures(sheet: Sheet, record: ApplicationRecord, top: float) -> None:
    sheet.text(MARGIN, top, "以上内容我已看清，填写属实，同意按本单送达。", 9.5)
    sign_line(sheet, MARGIN, top + 11, "申请人签名或盖章", 108)
    date_line(sheet, MARGIN + 116, top + 11)
    line = top + 20
    sheet.rule(MARGIN, line, sheet.width - MARGIN, line)
    sheet.text(MARGIN, line + 2.5, "窗口填写", 9.5, face="serif_bold")
    sign_line(sheet, MARGIN + 20, line + 2.5, "收单人", 44)
    boxes = [("已核对身份证件", False), ("已录入", False)]
    ticks(sheet, Box(MARGIN + 68, line + 2.2, 62, 6), boxes, "desk", size=9.5)
    date_line(sheet, MARGIN + 130, line + 2.5, size=9.5, gap=7.5)


def _tear_off(sheet: Sheet, record: ApplicationRecord) -> None:
    """The strip at the foot: the same number, for the applicant to keep."""
    line = 268.0
    sheet.rule(MARGIN, line, sheet.width - MARGIN, line, dashed=True)
    sample_foot(sheet, record.sample, below=sheet.height - line + 10)  # either part is a sample by itself
    sheet.text(sheet.width / 2, line - 4.2, "沿虚线剪下，申请人留存", 8, align="centre")
    code(sheet, Box(sheet.width - MARGIN - 82, line + 3, 82, 16), "单号", record.form_no, "form_no")
    room = Box(MARGIN, line + 3.5, WIDTH - 88, 5.5)
    sheet.line_or_block(room, f"{record.operator} · 快递申请单留存联", "operator", size=10.5)
    sheet.text(MARGIN, line + 9.5, "凭单号到窗口或来电查询，窗口受理后换成统一受理号。", 8.5)
    sheet.text(MARGIN, line + 14, f"窗口电话：{record.phone}", 9.5)
