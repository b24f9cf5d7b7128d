"""States and scan actions in the words people read."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ..lifecycle import ConsignmentState as K

__all__ = ["ACTION_WORDS", "STATE_WORDS"]

STATE_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        K.PLANNED: "待安排",
        K.BOOKING: "下单中",
        K.BOOKING_UNKNOWN: "下单结果待查",
        K.BOOKING_REJECTED: "下单被拒",
        K.LABELLED: "面单已就绪",
        K.PACKED: "已封装",
        K.HANDED_OVER: "已交寄",
        K.IN_TRANSIT: "运送中",
        K.OUT_FOR_DELIVERY: "正在投递",
        K.ATTEMPT_FAILED: "投递未成功",
        K.READY_FOR_COLLECTION: "待领取",
        K.HELD: "暂存待联系",
        K.TO_VERIFY: "签收待核实",
        K.DELIVERED: "已送达",
        K.RETURNING: "退回途中",
        K.RETURNED: "已退回窗口",
        K.LOST: "丢失",
        K.DAMAGED: "破损",
        K.CANCELLED: "已取消",
    }
)
ACTION_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "hand_over": "交寄",
        "depart": "发出",
        "arrive": "到达",
        "out_for_delivery": "开始投递",
        "attempt_failed": "投递未成功",
        "ready_for_collection": "待领取",
        "deliver": "签收",
        "return_start": "退回",
        "return_arrive": "退回到窗口",
        "hold": "暂存",
        "damage": "破损",
        "lose": "丢失",
        "confirm_delivery": "核实签收",
        "reverse_delivery": "撤销签收",
    }
)
