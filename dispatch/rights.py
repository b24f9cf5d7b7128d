"""Who acts, and what they may do. Rights go by role or scope, and by office (a division code prefix)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from .errors import NotFound, NotPermitted

__all__ = ["CLI", "ROLE_SCOPES", "SCOPES", "SYSTEM", "Actor", "Role", "Scope"]


class Scope(StrEnum):
    """What a key or a role allows (contract, section 4)."""

    CASES = "cases"
    READ = "read"
    ISSUE = "issue"
    SCANS = "scans"
    VALIDITY = "validity"
    VERIFY = "verify"
    ADMIN = "admin"


class Role(StrEnum):
    """Roles of staff (contract, section 2)."""

    CLERK = "clerk"
    COURIER = "courier"
    AGENT = "agent"
    DEPARTMENT = "department"
    SUPERVISOR = "supervisor"
    OBSERVER = "observer"
    ADMIN = "admin"


SCOPES = tuple(Scope)

ROLE_SCOPES = MappingProxyType(
    {
        Role.CLERK: frozenset({Scope.CASES, Scope.READ, Scope.ISSUE, Scope.SCANS}),
        Role.COURIER: frozenset({Scope.SCANS}),
        Role.AGENT: frozenset({Scope.SCANS}),
        Role.DEPARTMENT: frozenset({Scope.CASES, Scope.READ, Scope.VALIDITY}),
        Role.SUPERVISOR: frozenset({Scope.READ, Scope.ISSUE, Scope.VALIDITY, Scope.SCANS}),
        Role.OBSERVER: frozenset({Scope.READ}),
        Role.ADMIN: frozenset({Scope.ADMIN}),
    }
)


@dataclass(frozen=True)
class Actor:
    """A person, a program's key or the system itself. ``name`` is what audit rows carry, e.g. ``user:wang``."""

    name: str
    office: str = ""
    scopes: frozenset[Scope] = field(default_factory=frozenset)
    role: Role | None = None

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes

    def require(self, scope: Scope) -> None:
        """Raise ``NotPermitted('scope')`` unless allowed."""
        if not self.may(scope):
            raise NotPermitted("scope", f"没有这项权限（{scope}）。请联系管理员。")

    def sees(self, division_code: str) -> bool:
        """Whether an object of this office is this actor's to see: same code or below."""
        return division_code.startswith(self.office)

    def require_office(self, division_code: str) -> None:
        """Raise ``NotFound`` for another office's object: absent and foreign look the same."""
        if not self.sees(division_code):
            raise NotFound


SYSTEM = Actor("system", scopes=frozenset(SCOPES))
#: The command line of the machine's owner; the rule that who enters does not issue spares it (contract, section 2).
CLI = Actor("cli", scopes=frozenset(SCOPES))
