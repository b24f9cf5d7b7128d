"""Faults in words: what a field is called in Chinese, and what a person should do about it.

No sentence repeats what was typed in: messages travel to logs and screens of others.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from ..errors import Fault

__all__ = [
    "CHOICES",
    "choices_of",
    "fault",
    "field_name",
    "known_members",
    "nearest",
    "options_at",
    "pointer_of",
]

_NAMES = {
    "": "办件",
    "acceptance_no": "统一受理号",
    "item": "事项",
    "item/code": "事项编码",
    "item/name": "事项名称",
    "item/promised_working_days": "承诺工作日",
    "item/sensitivity": "事项敏感程度",
    "department": "审批部门",
    "department/name": "审批部门名称",
    "department/division_code": "审批部门区划代码",
    "applicant": "申请人",
    "applicant/type": "申请人类型",
    "applicant/name": "申请人名称",
    "applicant/id_type": "申请人证件类型",
    "applicant/id_no": "申请人证件号码",
    "applicant/contact": "申请人的联系人",
    "applicant/phone": "申请人电话",
    "decision": "审批结果",
    "accepted_at": "受理时间",
    "decided_at": "办结时间",
    "documents": "证件（文书）",
    "documents/kind": "类别",
    "documents/source": "来源",
    "documents/title": "名称",
    "documents/copy": "正副本",
    "documents/number": "证号（文号）",
    "documents/object_no": "印制流水号",
    "documents/holder": "持证人",
    "documents/fields": "内容",
    "documents/signer_policy": "签收要求",
    "documents/valid_from": "有效期起",
    "documents/valid_until": "有效期止",
    "documents/recipient": "收件人",
    "delivery": "送达方式信息",
    "delivery/method": "送达方式",
    "delivery/recipient": "收件人",
    "delivery/point": "代办点",
    "delivery/payer": "付费方",
    "materials_in": "申请材料寄送",
    "materials_in/carrier": "材料寄送的快递公司",
    "materials_in/waybill_no": "材料寄送的运单号",
    "materials_in/expected": "应收材料清单",
    "recipient/name": "姓名（名称）",
    "recipient/organization": "单位",
    "recipient/phone": "电话",
    "recipient/relation": "与申请人的关系",
    "recipient/authorization": "委托材料",
    "recipient/division_code": "区划代码",
    "recipient/region": "所在地区（省、市、县、乡镇）",
    "recipient/address": "详细地址",
}

CHOICES = {
    "item/sensitivity": {"normal": "普通", "sensitive": "敏感"},
    "applicant/type": {"person": "个人", "organization": "单位"},
    "applicant/id_type": {
        "resident_id": "居民身份证",
        "uscc": "统一社会信用代码",
        "passport": "护照",
        "hk_macao_taiwan": "港澳台居民证件",
        "foreign_permanent": "外国人永久居留身份证",
        "other": "其他",
    },
    "decision": {"approved": "准予", "denied": "不予"},
    "documents/kind": {
        "certificate": "证照",
        "notice": "通知书",
        "decision": "决定书",
        "physical": "实体证件",
    },
    "documents/source": {"compose": "系统制作", "import": "部门文件", "physical": "实体原件"},
    "documents/signer_policy": {"self": "本人签收", "authorized": "可由他人代收", "any": "不限"},
    "delivery/method": {
        "express": "邮政快递",
        "door": "专人送达",
        "point": "代办点",
        "counter": "窗口自取",
        "on_the_spot": "当场领取",
        "electronic": "电子送达",
    },
    "delivery/payer": {"office": "单位付费", "recipient": "收件人付费"},
    "recipient/relation": {
        "self": "本人",
        "contact": "联系人",
        "mailroom": "单位收发室",
        "spouse": "配偶",
        "child": "子女",
        "parent": "父母",
        "colleague": "同事",
        "representative": "代理人",
        "designated": "指定代收人",
        "guardian": "监护人",
        "heir": "继承人",
    },
}

_TEXTS = {
    "required": "“{name}”没有填写。请补上。",
    "type": "“{name}”的数据类型不对。应为{wanted}。",
    "unknown_field": "“{name}”不是办件的内容项，系统不认识。{hint}请核对名称，或删去这一项。",
    "pattern": "“{name}”的格式不对。{hint}",
    "too_short": "“{name}”太短，至少 {least} 个字。请核对后填写完整。",
    "too_long": "“{name}”太长，最多 {most} 个字。请缩短后重新填写。",
    "too_few": "“{name}”至少要有 {least} 项。请补齐。",
    "too_many": "“{name}”最多 {most} 项。请分成几个办件提交。",
    "not_allowed": "“{name}”的值不在允许范围内。可以填：{choices}。",
    "below": "“{name}”不能小于 {least}。请核对。",
    "above": "“{name}”不能大于 {most}。请核对。",
    "date_time": "“{name}”应写成带时区的时间，例如 2026-11-02T13:55:00+08:00。请核对。",
    "date": "“{name}”应是真实的日期，写成 2026-11-02 这样。请核对。",
    "excel_number": (
        "“{name}”被 Excel 改成了科学计数或四舍五入，后几位已经丢失。"
        "请把该列设为“文本”后，按原始材料重新填写。"
    ),
    "bad_character": "“{name}”里有看不见的控制字符或损坏的字符。请删除后重新填写。",
    "surrounding_space": "“{name}”的前后有空格。请删去空格。",
    "check_character": "“{name}”的校验位不对，可能有一位抄错。请按证件逐位核对。",
    "birth_date": "“{name}”中的出生日期不真实。请按证件逐位核对。",
    "phone": "“{name}”不是可以拨通的号码。请填 11 位手机号、带区号的座机，境外号码以 + 和国家代码开头。",
    "unknown_division": "“{name}”的前六位不在行政区划代码表里。请核对。",
    "decided_before_accepted": "“办结时间”早于“受理时间”。请核对这两个时间。",
    "in_future": "“{name}”晚于现在一天以上。请核对日期。",
    "valid_order": "“有效期止”早于“有效期起”。请核对第 {index} 份证件的这两个日期。",
    "out_of_range": "“{name}”超出可用范围（{least} 至 {most}）。{hint}",
    "kind_source": "“{name}”与类别不配：实体证件只能是实体原件，其他文书由系统制作或由部门提供文件。请核对。",
    "duplicate_document": "“{name}”与第 {other} 份完全相同（名称、正副本、持证人、收件人）。请删去一份，或用正副本区分。",
    "too_large": "内容太多或层次太深，系统不接收。请核对数据是否完整、是否重复。",
    "too_many_faults": "问题太多，只列出前 {most} 处。请先更正这些，再次提交。",
    "duplicate_member": "“{name}”写了两次。请只保留一个。",
    "malformed": "不是正确的 JSON，第 {line} 行附近无法读懂。请核对数据格式。",
    "encoding": "文字编码不对，应为 UTF-8。请转换编码后重新提交。",
    "formula": "“{name}”的单元格里是公式。请复制后“选择性粘贴”为数值，再提交。",
    "cell_error": "“{name}”的单元格显示错误值（如 #N/A）。请改成正确的内容。",
    "word": "“{name}”填的不在可选范围内。可以填：{choices}。",
    "when": "“{name}”看不懂。请写成 2026-11-02 13:55 或 2026-11-02 这样。",
    "content": "“{name}”应写成“名称=值；名称=值”。请核对。",
    "content_twice": "“{name}”写了两个不同的值。请只保留一个。",
    "rows_differ": "“{name}”在第 {other} 行和第 {line} 行不一样，而它们是同一个受理号。请改成一致。",
    "unknown_town": "“{name}”的乡镇（街道）不在已知名单里，可能是新设的，请留意。",
    "retired_division": "“{name}”是已撤销的区划，现为 {successor}。地址仍可使用，请留意。",
    "region_differs": "“{name}”与区划代码不一致，投递前请核对地址。",
    "lost_character": "“{name}”里有问号或方框，可能是生僻字没有显示出来，请按原始材料核对。",
}

# A document stands in a case's list, or alone when it replaces another.
_REFERENCE = re.compile(r"^(?:documents/[0-9]+|document)(?=/|$)")


def pointer_of(parts: Iterable[object]) -> str:
    """RFC 6901: parts joined by ``/`` with ``~`` and ``/`` escaped. Broken characters are written out, since
    a pointer must travel in an answer."""
    return "".join("/" + _token(str(part)) for part in parts)


def _token(part: str) -> str:
    cut = part if len(part) <= 200 else part[:200] + "…"
    safe = cut.encode("utf-8", "backslashreplace").decode("utf-8")
    shown = "".join(ch if ch.isprintable() else f"\\u{ord(ch):04x}" for ch in safe)
    return shown.replace("~", "~0").replace("/", "~1")


def _kind(pointer: str) -> str:
    """The pointer without list positions and without what stands before a recipient: the key of the
    tables."""
    path = _REFERENCE.sub("documents", pointer.lstrip("/"))
    for owner in ("documents/recipient/", "delivery/recipient/"):
        if path.startswith(owner):
            return "recipient/" + path.removeprefix(owner)
    return path


def field_name(pointer: str) -> str:
    """What a clerk calls the field at ``pointer``: 第 1 份证件的收件人的电话."""
    path = pointer.lstrip("/")
    own = _NAMES.get(_kind(pointer))
    parts = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")]
    if parts[0] == "document":
        return f"替换证件的{_inner(parts[1:], own)}" if len(parts) > 1 else "替换证件"
    if parts[0] == "documents" and len(parts) > 1 and re.fullmatch("[0-9]{1,6}", parts[1], re.ASCII):
        prefix = f"第 {int(parts[1]) + 1} 份证件"
        return f"{prefix}的{_inner(parts[2:], own)}" if len(parts) > 2 else prefix
    if own is None and len(parts) == 1:
        return parts[0]
    return f"收件人的{own}" if own and path.startswith("delivery/recipient/") else own or _inner_name(parts)


def _inner(parts: list[str], own: str | None) -> str:
    if parts[0] == "fields" and len(parts) > 1:
        return f"内容项“{parts[1]}”"
    if parts[0] == "recipient" and len(parts) > 1:
        return f"收件人的{own or _inner_name(parts)}"
    return own or _inner_name(parts)


def _inner_name(parts: list[str]) -> str:
    """Of a member of a list the list's name and the position, else the last part as it is."""
    if len(parts) > 1 and re.fullmatch("[0-9]{1,6}", parts[-1], re.ASCII):
        owner = parts[-2]
        known = {"region": "所在地区", "expected": "应收材料清单"}.get(owner, owner)
        return f"{known}第 {int(parts[-1]) + 1} 项"
    return parts[-1]


def known_members(pointer: str) -> list[str]:
    """The members that may stand in the object at ``pointer``."""
    prefix = _kind(pointer + "/").rstrip("/")
    if pointer.endswith("/recipient"):
        prefix = "recipient"
    start = f"{prefix}/" if prefix else ""
    rest = (key.removeprefix(start) for key in _NAMES if key.startswith(start) and key)
    own = [key for key in rest if "/" not in key]
    return [key for key in own if key != "recipient" or prefix]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word most like this one, None when none is."""
    found = difflib.get_close_matches(word[:80], list(known), n=1, cutoff=0.6)
    return found[0] if found else None


def options_at(pointer: str) -> dict[str, str]:
    """The allowed values at ``pointer`` with the word for each; empty where anything may stand."""
    return CHOICES.get(_kind(pointer), {})


def choices_of(pointer: str) -> str:
    """The allowed values at ``pointer`` with their meaning, for a sentence."""
    options = CHOICES.get(_kind(pointer), {})
    return "、".join(f"{value}（{word}）" for value, word in options.items())


def fault(pointer: str, code: str, *, text: str | None = None, **details: object) -> Fault:
    """A fault in words. ``text`` picks another sentence than the code's own; ``details`` fill its gaps."""
    template = _TEXTS[text or code]
    values: dict[str, object] = {"hint": "", "name": field_name(pointer), "choices": choices_of(pointer)}
    return Fault(pointer, code, template.format(**(values | details)))
