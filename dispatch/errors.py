"""The exception tree. Foreign exceptions are translated at the adapter's edge and never travel further.

DispatchError
├── RuleViolation   the request is understood and refused now: 409, with a stable code
├── NotFound        no such object, or not this office's: 404
├── NotPermitted    known person, missing right: 403
├── Invalid         faults in the input, all of them together: 422
├── Unavailable     the outside does not answer now: try again later
└── Rejected        the outside said no, or it cannot be made: permanent, goes to a worklist
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "DispatchError",
    "Fault",
    "Invalid",
    "NotFound",
    "NotPermitted",
    "Rejected",
    "RuleViolation",
    "Unavailable",
]


@dataclass(frozen=True)
class Fault:
    """One fault of an input: a JSON pointer (RFC 6901), a stable code, and what to do about it in Chinese."""

    pointer: str
    code: str
    detail: str

    def as_dict(self) -> dict[str, str]:
        """The shape of one entry of a problem's ``errors``."""
        return {"pointer": self.pointer, "code": self.code, "detail": self.detail}


class DispatchError(Exception):
    """Base of all: ``code`` is stable English for programs, ``detail`` Chinese for people."""

    def __init__(self, code: str, detail: str, **extra: object) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.extra = extra


class RuleViolation(DispatchError):
    """A rule forbids this now; nothing was changed."""


class NotFound(DispatchError):
    """No such object for this actor. Says the same for absent and for foreign ones."""

    def __init__(self, detail: str = "没有找到。请核对编号后再试。", code: str = "not_found") -> None:
        super().__init__(code, detail)


class NotPermitted(DispatchError):
    """The actor is known but lacks the right."""


class Invalid(DispatchError):
    """The input has faults; ``faults`` holds all of them."""

    def __init__(self, faults: Sequence[Fault], code: str = "invalid") -> None:
        super().__init__(code, "内容有误，请按下列各项更正后重新提交。")
        self.faults = tuple(faults)


class Unavailable(DispatchError):
    """A fault of the outside that may pass: the step is tried again later."""


class Rejected(DispatchError):
    """A refusal that trying again will not change: somebody must look at it."""
