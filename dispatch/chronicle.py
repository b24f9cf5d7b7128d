"""What happened, told in plain sentences: audit rows and scans of a case become its list of events.

No personal data: who signed is told by kind, never by name; what was typed as a note is left out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from .attachments import KINDS
from .models import Audit, ScanEvent

__all__ = ["PAPER_ACTS", "audit_event", "scan_event", "shown_actor"]

Facts = Mapping[str, Any]

_VALIDITY = MappingProxyType(
    {"revoke": "结束效力", "suspend": "冻结核查", "reinstate": "恢复效力", "supersede": "以新证件替换"}
)
_ENDINGS = MappingProxyType(
    {"withdrawn": "撤回", "revoked": "撤销", "cancelled": "注销", "penalty": "吊销", "void": "作废"}
)
_SIGNERS = MappingProxyType(
    {
        "self": "本人签收",
        "household_adult": "同住成年家属签收",
        "mailroom": "单位收发室签收",
        "representative": "代理人签收",
        "designated": "指定代收人签收",
        "point": "代办点签收",
        "village": "村（社区）签收",
    }
)
_SERVICE = MappingProxyType(
    {
        "direct": "直接送达",
        "left": "留置送达",
        "post": "邮寄送达",
        "through": "转交送达",
        "public_notice": "公告送达",
        "electronic": "电子送达",
    }
)
_FORMS = MappingProxyType({"application": "快递申请单", "contents": "内件清单", "service": "送达回证"})
_REASONS = MappingProxyType(
    {
        "refused": "拒收",
        "not_home": "家中无人",
        "unreachable": "电话联系不上",
        "wrong_address": "地址有误",
        "identity_mismatch": "身份核对不符",
        "closed": "单位关门",
        "postponed": "约定改日",
        "moved_away": "已搬走",
        "deceased": "收件人已故",
        "other": "其他原因",
    }
)
_SCANS = MappingProxyType(
    {
        "hand_over": "信封已交寄",
        "depart": "离开处理点",
        "arrive": "到达处理点",
        "out_for_delivery": "正在投递",
        "attempt_failed": "投递未成功",
        "ready_for_collection": "可以领取",
        "deliver": "已送达",
        "return_start": "开始退回",
        "return_arrive": "已退回窗口",
        "hold": "暂存待联系",
        "damage": "信封破损",
        "lose": "信封丢失",
    }
)
#: the source of scans that were entered from a sheet of paper, and what can stand on one
_PAPER = "paper"
PAPER_ACTS = MappingProxyType(
    {
        "issue": "出件",
        "pack": "装封",
        "hand_over": "交寄",
        "collect": "领取",
        "deliver": "送达",
        "return": "退回",
    }
)
_OUTCOMES = MappingProxyType(
    {"conflict": "与当时状态对不上，已留底", "rejected": "没有采用", "unknown": "没有采用"}
)


def _after(words: str, facts: Facts, key: str) -> str:
    return f"{words}：{facts[key]}" if facts.get(key) else words


def _members(facts: Facts) -> str:
    named = facts.get("members")
    if not isinstance(named, list) or not named:
        return ""
    more = f" 等 {facts.get('count')} 处" if int(facts.get("count") or 0) > len(named) else ""
    return f"：{'、'.join(str(one) for one in named)}{more}"


def _cell(facts: Facts) -> str:
    """DJ… 第 3 行“装封”."""
    return f"{facts.get('sheet')} 第 {facts.get('line')} 行“{PAPER_ACTS.get(str(facts.get('act')), '')}”"


def _from_paper(facts: Facts) -> str:
    when = str(facts.get("happened_at", ""))[11:16]
    beside = f"、{shown_actor(str(facts['beside']))}" if facts.get("beside") else ""
    who = f"{shown_actor(str(facts.get('done_by')))}{beside} 办理"
    return f"来源：纸质登记 {_cell(facts)}，{when} {who}"


_ACTS: Mapping[str, Callable[[Facts], str]] = MappingProxyType(
    {
        "case_received": lambda f: {"api": "收到办件", "file": "从文件导入办件"}.get(
            str(f.get("source")), "窗口录入办件"
        ),
        "case_corrected": lambda f: "更正了办件内容" + _members(f),
        "case_issued": lambda f: f"出件，共 {f.get('documents', '?')} 份证件",
        "messages_shown": lambda f: "看了给申请人的话",
        "receipt_printed": lambda f: "打印了受理回执",
        "consignment_kept": lambda f: _after("退回的信封留在窗口保管", f, "reason"),
        "consignment_sent_again": lambda f: "退回的信封重新安排寄送",
        "link_code_sent": lambda f: "给申请人发了收取验证码",
        "paper_opened": lambda f: "申请人在线打开了证件",
        "collection_refused": lambda f: _after("来人没有领到", f, "reason"),
        "collection_mismatch": lambda f: "来人身份证末四位对不上",
        "service_recorded": lambda f: f"记下送达：{_SERVICE.get(str(f.get('method')), '送达')}",
        "service_ended": lambda f: _after("撤销送达记录", f, "reason"),
        "service_sheet_made": lambda f: "打印了送达情况记录",
        "consent_recorded": lambda f: "登记了电子送达的同意",
        "consent_withdrawn": lambda f: "撤回了电子送达的同意",
        "case_undone": lambda f: "撤回出件，证件作废，可以重新出件",
        "case_cancelled": lambda f: _after("取消办件", f, "reason"),
        "case_closed": lambda f: "全部送达，归档",
        "case_reopened": lambda f: "送达被收回，重新打开",
        "case_revealed": lambda f: "查看了未遮盖的个人信息",
        "hold_placed": lambda f: _after("暂缓出件", f, "reason"),
        "hold_lifted": lambda f: _after("解除暂缓", f, "done"),
        "hold_postponed": lambda f: _after("改了暂缓到期日", f, "until"),
        "delivery_changed": lambda f: "更改了送达方式或地址",
        "document_composed": lambda f: _after("证件内容已固定并登记", f, "number"),
        "document_valid": lambda f: "证件已盖章生效",
        "document_blocked": lambda f: "制证受阻",
        "document_retried": lambda f: "重新制证",
        "document_destroyed": lambda f: "作废的打印件已销毁",
        "document_void": lambda f: _after("证件作废", f, "reason"),
        "document_suspended": lambda f: "证件冻结核查",
        "document_revoked": lambda f: f"证件{_ENDINGS.get(str(f.get('kind')), '不再有效')}",
        "document_reinstated": lambda f: "证件恢复有效",
        "document_superseded": lambda f: "证件已被新证件替换",
        "document_packed": lambda f: (
            f"按纸质登记装入信封，没有扫码，{shown_actor(str(f.get('second')))} 在旁核对"
            if f.get("known_by") == "paper"
            else "装封核对一致，已装入信封"
        ),
        "document_printed": lambda f: _after("证件已打印", f, "sheet"),
        "document_spoiled": lambda f: _after("打印损坏，纸张作废", f, "sheet"),
        "document_unprinted": lambda f: "打印机没有打出来，要重印",
        "labels_sent": lambda f: f"面单送往打印机，共 {f.get('labels', '?')} 张",
        "labels_answered": lambda f: (
            "看过打印机：打出来了" if f.get("came_out") else "看过打印机：没有打出来"
        ),
        "labels_stopped": lambda f: "停止打印面单",
        "print_started": lambda f: _after("开始打印一批", f, "batch"),
        "document_hand_sealed": lambda f: _after("已盖实物章", f, "seal"),
        "proof_opened": lambda f: "打开页面校对（看到未遮盖的内容）",
        "proof_right": lambda f: "校对一致",
        "proof_wrong": lambda f: "校对有误，办件暂缓",
        "seal_first_used": lambda f: "使用了尚未登记的印章",
        "seal_registered": lambda f: _after("登记印章", f, "name"),
        "seal_changed": lambda f: _after("更改印章登记", f, "name"),
        "seal_suspended": lambda f: _after("停用印章", f, "reason"),
        "seal_resumed": lambda f: "恢复使用印章",
        "validity_asked": lambda f: f"提出{_VALIDITY.get(str(f.get('act')), '处理')}，待第二人确认",
        "original_stored": lambda f: "收到部门的电子原件",
        "code_bound": lambda f: "登记了纸面上的编号",
        "printer_set": lambda f: f"改了打印机“{f.get('name', '')}”的偏移",
        "printer_removed": lambda f: f"删了打印机“{f.get('name', '')}”",
        "forms_received": lambda f: f"领用空白证 {f.get('first', '')} 到 {f.get('last', '')}",
        "form_used": lambda f: f"印在空白证 {f.get('code', '')} 上",
        "form_spoiled": lambda f: _after(f"空白证 {f.get('code', '')} 作废", f, "reason"),
        "forms_destroyed": lambda f: f"销毁作废的空白证 {f.get('count', '?')} 张",
        "forms_counted": lambda f: (
            f"盘点空白证：应有 {f.get('expected', '?')} 张，点到 {f.get('counted', '?')} 张"
        ),
        "envelope_planned": lambda f: "安排了信封",
        "consignment_planned": lambda f: "安排了信封",
        "consignment_labelled": lambda f: "运单号已绑定，面单已就绪",
        "consignment_packed": lambda f: "信封已装好",
        "consignment_cancelled": lambda f: _after("信封已取消", f, "reason"),
        "consignment_unpacked": lambda f: _after("已拆封", f, "reason"),
        "delivery_confirmed": lambda f: "核实签收人，确认送达",
        "booking_rejected": lambda f: _after("下单被拒", f, "reason"),
        "booking_unknown": lambda f: "下单结果待查",
        "waybill_bound": lambda f: "运单号已绑定",
        "waybill_voided": lambda f: "旧运单已作废",
        "manifest_signed": lambda f: "接收方签收了清单",
        "manifest_printed": lambda f: "打印了交接清单",
        "upload_kept": lambda f: "收到扫描件",
        "upload_attached": lambda f: "扫描件已归档",
        "upload_dropped": lambda f: _after("扫描件不用归档", f, "reason"),
        "upload_shown": lambda f: "查看了扫描件",
        "blank_forms_printed": lambda f: f"打印了 {f.get('count', '?')} 张空白申请单",
        "form_printed": lambda f: f"打印了{_FORMS.get(str(f.get('kind')), '单子')}",
        "attachment_kept": lambda f: f"收到签好的单子或照片：{KINDS.get(str(f.get('kind')), '附件')}",
        "attachment_shown": lambda f: "查看了附件",
        "manifest_made": lambda f: "列入交接清单",
        "waybills_exported": lambda f: f"下载了 {f.get('count', '?')} 个信封的寄递表（收件人未遮盖）",
        "file_kept": lambda f: "上传了办件文件",
        "file_tried": lambda f: f"试读文件，有问题 {f.get('refused', '?')} 件",
        "file_taken": lambda f: f"导入文件，收下 {f.get('created', '?')} 件",
        "files_forgotten": lambda f: f"删去放满三十天的办件文件 {f.get('count', '?')} 个",
        "bad_rows_exported": lambda f: f"下载了有问题的 {f.get('rows', '?')} 行",
        "mapping_kept": lambda f: _after("记住平台的列", f, "platform"),
        "mapping_forgotten": lambda f: _after("忘掉平台的列", f, "platform"),
        "shift_taken_over": lambda f: f"交接班，接过 {f.get('items', '?')} 项",
        "taken_over": lambda f: _after("交接班，换了人接着办", f, "number"),
        "red_tray_in": lambda f: "放进红盘，查清以前不装封",
        "red_tray_out": lambda f: _after("从红盘取出", f, "done"),
        "handover_begun": lambda f: _after("开了内部交接单", f, "number"),
        "handover_cancelled": lambda f: _after("取消内部交接单", f, "reason"),
        "handover_signed": lambda f: f"内部交接双方签字，{f.get('papers', '?')} 份",
        "paper_entered": lambda f: _from_paper(f),
        "paper_refused": lambda f: f"纸质登记 {_cell(f)}对不上，没有采用",
        "paper_waits": lambda f: f"纸质登记 {_cell(f)}等证件做好",
        "register_printed": lambda f: f"打印了当日登记单，{f.get('cases', '?')} 件",
        "returnfile_made": lambda f: f"做了回传文件，{f.get('rows', '?')} 行",
        "step_parked": lambda f: "系统多次未能完成，等待处理",
        "step_retried": lambda f: "重新尝试",
        "booking_retried": lambda f: "重新下单",
    }
)


def shown_actor(name: str) -> str:
    """``user:wang`` → wang; the house's own acts as 系统."""
    kind, _, rest = name.partition(":")
    if kind == "user" and rest:
        return rest
    if kind == "key" and rest:
        return f"接口 {rest}"
    return {"system": "系统", "cli": "命令行"}.get(name, name)


def audit_event(row: Audit, subject: str) -> dict[str, str]:
    """One event of the case view. ``subject``: which document or envelope it is about, empty for the case itself."""
    try:
        facts = json.loads(row.detail)
    except ValueError:
        facts = {}  # a detail longer than its column is cut and then no JSON
    tell = _ACTS.get(row.action)
    sentence = tell(facts if isinstance(facts, dict) else {}) if tell else "处理记录"
    return _event(row.at, row.action, row.actor, f"{subject}：{sentence}" if subject else sentence)


def scan_event(row: ScanEvent, subject: str, signer_kind: str, done_by: str = "") -> dict[str, str]:
    """One event of the case view from a scan or a carrier's message; ``signer_kind`` empty where nobody signed;
    ``done_by``: who did what was entered from paper, while the event's actor is who entered it."""
    parts = [_SCANS.get(row.action, "处理记录")]
    parts += [_REASONS[row.reason]] if row.reason in _REASONS else []
    parts += [_SIGNERS[signer_kind]] if signer_kind in _SIGNERS else []
    parts += [_OUTCOMES[row.outcome]] if row.outcome in _OUTCOMES else []
    if row.source == _PAPER:
        who = f"{shown_actor(done_by)} 办理，" if done_by else ""
        parts.append(f"来源：纸质登记，{who}{shown_actor(row.actor)} 录入")
    sentence = "，".join(parts)
    return _event(row.corrected_at, row.action, row.actor, f"{subject}：{sentence}" if subject else sentence)


def _event(at: datetime, kind: str, actor: str, detail: str) -> dict[str, str]:
    return {"at": at.isoformat(), "type": kind, "actor": shown_actor(actor), "detail": detail}
