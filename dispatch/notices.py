"""What people are told, and the rows that keep it. Plain and warm: what happened, what comes next, whom to call.

No message names the matter of a sensitive case, and none that goes to somebody other than the applicant names any.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, Literal

from sqlalchemy import select, update

from . import outbox
from .models import Case, Consignment, Notice, new_id
from .outbox import Claim
from .ports import Message
from .rights import SYSTEM
from .services import Services
from .store import Work

__all__ = [
    "OCCASIONS",
    "Occasion",
    "Words",
    "cancel_unsent",
    "day_words",
    "is_told",
    "notify",
    "send_notice",
]

Occasion = Literal[
    "issued", "handed_over", "attempt_failed", "ready_for_collection", "delivered", "returned", "code"
]
#: occasions of messages and their words
OCCASIONS: Final[dict[Occasion, str]] = {
    "issued": "已出件",
    "handed_over": "已交寄",
    "attempt_failed": "投递未成功",
    "ready_for_collection": "待领取",
    "delivered": "已送达",
    "returned": "已退回窗口",
    "code": "验证码",
}

_WAYS: Final = {
    "express": "我们会用政务专递送到您填写的地址",
    "door": "我们的工作人员会送到您填写的地址",
    "point": "我们会送到您选择的代办点，到了再告诉您",
    "counter": "请带身份证件到窗口领取",
    "on_the_spot": "请在窗口当场领取",
    "electronic": "可以在线查看和核验",
}
_CARRIED: Final = {"express": "已交给邮政", "door": "送件人员已出发", "point": "已送往代办点"}
_FAILED: Final = {
    "refused": "收件人拒收",
    "not_home": "家里没有人",
    "unreachable": "电话没有打通",
    "wrong_address": "地址有误",
    "identity_mismatch": "签收人身份不符",
    "closed": "单位没有开门",
    "postponed": "约定改日",
    "moved_away": "收件人已搬走",
}


def notify(
    work: Work,
    case: Case,
    consignment: Consignment | None,
    occasion: Occasion,
    text: str,
    to: str,
    *,
    delay: timedelta = timedelta(0),
) -> str:
    """Keep a message for the phone ``to`` and leave its sending as due work after ``delay``; returns the notice's id."""
    row = Notice(
        id=new_id(), case_id=case.id, consignment_id=consignment.id if consignment else None, occasion=occasion,
        created_at=work.now,
    )  # fmt: skip
    work.seal(row, "to", to)
    work.seal(row, "text", text)
    work.add(row)
    work.emit("notice.send", row.id, delay=delay)
    return row.id


def cancel_unsent(work: Work, case_id: str) -> int:
    """What was not sent yet for this case is not said at all; how many. The rows stay, marked."""
    unsent = (Notice.case_id == case_id, Notice.sent_at.is_(None), Notice.cancelled_at.is_(None))
    done = work.session.execute(update(Notice).where(*unsent).values(cancelled_at=work.now))
    return int(done.rowcount)  # type: ignore[attr-defined]


def is_told(
    work: Work, occasion: Occasion, *, case_id: str | None = None, consignment_id: str | None = None
) -> bool:
    """Whether a message of this occasion is there already, for the case or for the envelope."""
    query = select(Notice.id).where(Notice.occasion == occasion, Notice.cancelled_at.is_(None))
    if case_id is not None:
        query = query.where(Notice.case_id == case_id)
    if consignment_id is not None:
        query = query.where(Notice.consignment_id == consignment_id)
    return work.session.scalar(query.limit(1)) is not None


def send_notice(services: Services, claim: Claim) -> None:
    """Step ``notice.send``: hand one message to the notifier, once; the sender's name stands in front."""
    with services.store.read(SYSTEM) as work:
        row = work.session.get(Notice, claim.subject)
        sent = row is None or row.sent_at is not None or row.cancelled_at is not None
        message = (
            None if row is None or sent else Message(work.open(row, "to"), work.open(row, "text"), row.id)
        )
    if message is not None:
        services.notifier.send([message])
    with services.store.work(SYSTEM) as work:
        row = work.session.get(Notice, claim.subject)
        if row is not None and row.sent_at is None and message is not None:
            row.sent_at = work.now
        outbox.finish(work, claim)


def day_words(day: date) -> str:
    """11月25日."""
    return f"{day.month}月{day.day}日"


class Words:
    """The texts, signed with the centre's name and telephone."""

    def __init__(self, services: Services) -> None:
        self._operator = services.settings.operator
        self._phone = services.settings.operator_phone
        self._base = services.settings.public_base_url

    def issued(self, case: Case, secret: str) -> str:
        """To the applicant when the window has marked the case issued; with the private link."""
        matter = "您申请的事项" if case.sensitive else f"您申请的“{case.item_name}”"
        way = _WAYS.get(case.method, "请留意后续通知")
        return self._say(f"{matter}已办好，{way}。查看进度：{self._base}/m/{secret}")

    def handed_over(self, method: str, expected: date, code: str | None) -> str:
        """To the recipient when the envelope has left the house; ``code`` where the person himself must sign."""
        text = f"您的信封{_CARRIED.get(method, '已交寄')}，预计 {day_words(expected)} 前送到。"
        if code is not None:
            text += f"须本人签收，请备好身份证件；送达码 {code}，只在收到信封时告诉送件人员。"
        return self._say(text)

    def attempt_failed(self, reason: str) -> str:
        """To the recipient after a failed attempt."""
        why = f"（{_FAILED[reason]}）" if reason in _FAILED else ""
        return self._say(f"今天给您送信封没有成功{why}，会再送一次。想改时间或地址，请打电话告诉我们。")

    def ready(self, point: str, code: str | None) -> str:
        """To the recipient when the envelope waits for him."""
        where = f"“{point}”" if point else "行政服务中心窗口"
        text = f"您的信封可以到{where}领取了，请带身份证件。"
        return self._say(text + (f"送达码 {code}，领取时出示。" if code is not None else ""))

    def delivered(self, day: date) -> str:
        """To the applicant."""
        return self._say(f"您的信封已于 {day_words(day)} 签收。如果不是您或您委托的人收的，请马上联系我们。")

    def returned(self) -> str:
        """To the applicant when the envelope is back at the window."""
        return self._say(
            "您的信封没能送到，已退回窗口妥善保管。请联系我们，改个地址再送，或带身份证件来领取。"
        )

    def code(self, code: str) -> str:
        """To the applicant who wants to take his electronic papers."""
        return self._say(f"收取电子证件的验证码 {code}，十五分钟内有效，请不要告诉别人。")

    def _say(self, text: str) -> str:
        return f"【{self._operator}】{text} 咨询：{self._phone}"
