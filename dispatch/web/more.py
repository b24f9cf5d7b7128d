"""The window's lesser doors on one page: what is needed now and then, each with one sentence."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response
from flask.typing import ResponseReturnValue

from ..cards import quick_card
from ..rights import Role
from . import access
from .access import current_actor, services
from .api_documents import attachment
from .rooms import staff_page

__all__ = ["blueprint"]

_BOTH: Final = (Role.CLERK, Role.SUPERVISOR)
#: group → (address, word, icon, sentence, roles that see it)
_DOORS: Final[dict[str, tuple[tuple[str, str, str, str, tuple[Role, ...]], ...]]] = {
    "核对": (
        ("/window/proof", "校对", "eye", "决定书打印前，由另一位同事对着办件核对一遍。", _BOTH),
        ("/window/holds", "暂缓出件", "pause", "哪些件暂缓、为什么、到哪天；办好了就解除。", _BOTH),
        ("/window/seals/waiting", "等着盖实物章", "pen", "盖章处空着的证件，盖好一份勾一份。", _BOTH),
    ),
    "办件进来": (
        ("/window/imports", "导入办件", "upload", "审批平台导出的表格，先试读再收。", (Role.CLERK,)),
        ("/window/entry", "手工录一件", "plus", "没有接口、也没有表格时用。", (Role.CLERK,)),
    ),
    "文件来往": (
        (
            "/window/exports",
            "回传文件",
            "download",
            "给受理平台：哪些证件寄出、送达、作废了，一天一个文件。",
            _BOTH,
        ),
    ),
    "打印": (
        ("/window/prints", "打印批次", "print", "今天印了哪几批，哪批还没记结果；按批次号找。", _BOTH),
        ("/window/stock", "空白证", "file", "领用、作废、盘点有印制流水号的空白证，每一张有去处。", _BOTH),
        ("/window/prints/ledger", "打印台账", "list", "哪张纸谁打的、打好没有；再打的缺什么手续。", _BOTH),
        (
            "/window/printers",
            "打印机测试",
            "print",
            "带尺子的测试页：尺寸准不准、条码扫不扫得出、小字清不清。",
            _BOTH,
        ),
    ),
    "断网那天": (
        (
            "/window/paper",
            "断网登记",
            "file",
            "每天早上打一张登记单备着；断网时写在纸上，网络恢复后照着补录。",
            _BOTH,
        ),
    ),
    "帮手": (("/window/card.pdf", "窗口速查卡", "print", "一张 A4，贴在桌边。", _BOTH),),
    "纸在谁手里": (
        (
            "/window/shift",
            "交接班",
            "users",
            "下班前看还剩什么，接班的同事扫工牌接过去；打印交接班单。",
            _BOTH,
        ),
        ("/window/red", "红盘", "alert", "有问题的纸先放这里，写明原因；查清了再取出。", _BOTH),
        (
            "/window/internal",
            "内部交接",
            "hand",
            "部门、制证交来的证件，扫一遍，双方签；按架位找纸；作废的登记销毁。",
            _BOTH,
        ),
    ),
    "登记和台账": (
        ("/window/service", "送达", "check", "哪些还差送达回证，公告到哪天，复议诉讼期限。", _BOTH),
        ("/window/payers", "寄递费由谁付", "truck", "按事项、区划和送法的规定；督查人员可以改。", _BOTH),
        ("/window/void-numbers", "作废号登记", "list", "撤回、取消后作废的证号和文号。", _BOTH),
        ("/window/seals", "印章登记簿", "shield", "各部门有哪些印章、谁保管、用在了哪里。", _BOTH),
    ),
    "签字的单子": (
        ("/window/attach", "签好的单子传上来", "upload", "扫描或拍照，凭条码自动归到办件。", _BOTH),
        ("/window/forms", "申请单和回证", "pen", "空白快递申请单；当天不予许可决定的送达回证。", _BOTH),
    ),
}

blueprint = Blueprint("more", __name__, url_prefix="/window")


@blueprint.get("/more")
@access.role("clerk", "supervisor")
def more() -> ResponseReturnValue:
    """Every lesser door this role may open."""
    role = current_actor().role
    groups = [
        {"title": title, "doors": [door for door in doors if role in door[4]]}
        for title, doors in _DOORS.items()
    ]
    return staff_page("window/more.html", "more", groups=[group for group in groups if group["doors"]])


@blueprint.get("/card.pdf")
@access.role("clerk", "supervisor")
def card() -> Response:
    """The clerks' quick card for the wall."""
    return attachment(quick_card(services(), "clerk"), "application/pdf", "窗口速查卡.pdf")
