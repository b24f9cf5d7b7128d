"""Changing one's own password: whoever sits at an open screen must know the old one."""

from __future__ import annotations

from . import people
from .errors import Fault, Invalid, NotPermitted
from .people import LoggedIn
from .rights import Actor, Scope
from .services import Services

__all__ = ["change_own_password"]


def change_own_password(
    services: Services, actor: Actor, old: str, new: str, again: str, *, address: str
) -> LoggedIn:
    """Set a new password and begin a new session; every other session of this account ends.

    ``NotPermitted('login_failed')`` for a wrong old password, counted like any failed log-in; ``Invalid`` for a new one
    that differs from its repetition or is too weak.
    """
    kind, _, name = actor.name.partition(":")
    if kind != "user":
        raise NotPermitted("no_password", "只有人员账号才有密码。")
    if new != again:
        raise Invalid([Fault("/again", "differs", "两次输入的新密码不一样。")])
    if new == old:
        raise Invalid([Fault("/password", "unchanged", "新密码和现在的一样，请换一个。")])
    people.log_in(services, name, old, address)
    may_set = Actor(actor.name, actor.office, actor.scopes | {Scope.ADMIN}, actor.role)
    people.set_password(services, may_set, name, new)
    return people.log_in(services, name, new, address)
