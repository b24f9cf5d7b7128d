"""Who pays the 寄递费: the rules, for supervisors to set and clerks to read."""

from __future__ import annotations

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from ..payers import add_rule, remove_rule, rules
from . import access
from .access import current_actor, services
from .rooms import act, staff_page

__all__ = ["blueprint"]

blueprint = Blueprint("payers", __name__, url_prefix="/window/payers")
_HERE = "/window/payers"


@blueprint.get("")
@access.role("clerk", "supervisor", "observer")
def shown() -> ResponseReturnValue:
    """The rules, the narrowest first."""
    return staff_page("window/payers.html", "more", rules=rules(services(), current_actor()))


@blueprint.post("")
@access.role("supervisor")
def add() -> ResponseReturnValue:
    """A rule more, or another word for the same item, area and way."""
    given = {
        key: request.form.get(key, "")
        for key in ("item_prefix", "division_prefix", "method", "payer", "reason")
    }
    return act(
        lambda: add_rule(services(), current_actor(), **given), "记下了，以后安排的信封按它办。", _HERE
    )


@blueprint.post("/<rule_id>/remove")
@access.role("supervisor")
def remove(rule_id: str) -> ResponseReturnValue:
    """A rule less."""
    return act(lambda: remove_rule(services(), current_actor(), rule_id), "这条规定已取消。", _HERE)
