"""What a verification answers, online and offline: one table from status to verdict (contract, section 6).
Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

__all__ = [
    "CHECKS",
    "EXIT_CODES",
    "Answer",
    "Authenticity",
    "Check",
    "PublicDocument",
    "Result",
    "Status",
    "Validity",
    "answer",
    "field_label",
]

Result = Literal["PASSED", "FAILED", "INDETERMINATE"]
Status = Literal[
    "unreadable",
    "unsupported",
    "unknown_key",
    "bad_signature",
    "log_mismatch",
    "not_found",
    "revoked",
    "suspended",
    "superseded",
    "expired",
    "valid",
    "unavailable",
]
Authenticity = Literal["genuine", "not_genuine", "undetermined"]
Validity = Literal["valid", "revoked", "suspended", "superseded", "expired", "unknown"]
Check = Literal["signature", "date", "status", "log", "file", "fields"]

CHECKS: Final[tuple[Check, ...]] = ("signature", "date", "status", "log", "file", "fields")
#: what ``python -m dispatch verify`` ends with
EXIT_CODES: Final[Mapping[Result, int]] = MappingProxyType({"PASSED": 0, "FAILED": 1, "INDETERMINATE": 2})

_VERDICTS: Final[Mapping[Status, tuple[Authenticity, Validity]]] = MappingProxyType(
    {
        "unreadable": ("undetermined", "unknown"),
        "unsupported": ("undetermined", "unknown"),
        "unknown_key": ("undetermined", "unknown"),
        "bad_signature": ("not_genuine", "unknown"),
        "log_mismatch": ("not_genuine", "unknown"),
        "not_found": ("undetermined", "unknown"),
        "revoked": ("genuine", "revoked"),
        "suspended": ("genuine", "suspended"),
        "superseded": ("genuine", "superseded"),
        "expired": ("genuine", "expired"),
        "valid": ("genuine", "valid"),
        "unavailable": ("undetermined", "unknown"),
    }
)
_LABELS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "title": "文件名称",
        "number": "编号",
        "copy": "正副本",
        "issuer": "发证机关",
        "holder": "持有人",
        "issued": "发证日期",
        "expires": "有效期至",
        "id_tail": "证件号码尾号",
    }
)


@dataclass(frozen=True)
class PublicDocument:
    """What the public may see of a document. Days as ISO dates; ``holder`` masked; ``replaced_by`` a document
    id.

    ``compare``: label → value as it stands on the paper, only for whoever brought a right signature.
    """

    title: str = ""
    number: str = ""
    copy: str = ""
    issuer: str = ""
    holder: str = ""
    issued: str = ""
    expires: str = ""
    replaced_by: str | None = None
    compare: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The API's member ``document``; ``compare`` left out where there is none."""
        shown: dict[str, Any] = {
            "title": self.title,
            "number": self.number,
            "copy": self.copy,
            "issuer": self.issuer,
            "holder": self.holder,
            "issued": self.issued,
            "expires": self.expires,
            "replaced_by": self.replaced_by,
        }
        return shown | ({"compare": dict(self.compare)} if self.compare else {})


@dataclass(frozen=True)
class Answer:
    """One verification's answer. Build it with ``answer``, which keeps its parts in step."""

    status: Status
    authenticity: Authenticity
    validity: Validity
    sample: bool
    checked: tuple[Check, ...]
    document: PublicDocument | None

    @property
    def result(self) -> Result:
        """PASSED: genuine and valid; FAILED: not genuine, or genuine and no longer valid."""
        if self.authenticity == "not_genuine":
            return "FAILED"
        if self.authenticity == "undetermined" or self.validity == "unknown":
            return "INDETERMINATE"
        return "PASSED" if self.validity == "valid" else "FAILED"

    @property
    def not_checked(self) -> tuple[Check, ...]:
        return tuple(check for check in CHECKS if check not in self.checked)

    def as_dict(self) -> dict[str, Any]:
        """The shape of the contract's section 6."""
        return {
            "result": self.result,
            "status": self.status,
            "authenticity": self.authenticity,
            "validity": self.validity,
            "sample": self.sample,
            "checked": list(self.checked),
            "not_checked": list(self.not_checked),
            "document": self.document.as_dict() if self.document else None,
        }


def answer(
    status: Status,
    *,
    checked: Iterable[Check] = (),
    sample: bool = False,
    document: PublicDocument | None = None,
    genuine: bool = False,
) -> Answer:
    """The answer for a status. ``genuine``: a right signature whose standing is out of reach
    (``unavailable``)."""
    authenticity, validity = _VERDICTS[status]
    if genuine and status == "unavailable":
        authenticity = "genuine"
    done = set(checked)
    return Answer(status, authenticity, validity, sample, tuple(c for c in CHECKS if c in done), document)


def field_label(key: str) -> str:
    """The Chinese label of a ``printed`` key: 编号 for ``number``, 坐落 for ``fields.坐落``."""
    return key.removeprefix("fields.") if key.startswith("fields.") else _LABELS.get(key, key)
