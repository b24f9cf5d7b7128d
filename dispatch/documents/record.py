"""What a page is drawn from: everything that stands on it, fixed before the token is signed and kept with the
document, so that the same record gives the same bytes years later."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final

from .templates import Kind, Template

__all__ = ["FIELD_PREFIX", "PageRecord"]

FIELD_PREFIX: Final = "fields."


@dataclass(frozen=True)
class PageRecord:
    """One document's page.

    `printed`: the flat object of CONTRACT section 8 (`title`, `number`, `copy`, `issuer`, `holder`, `issued`,
    `expires`, `fields.<name>`), values as they stand on the paper; field order is drawing order.
    `template`: the snapshot of the template it is made with. `issued_on`: also the date inside the file.
    `token_holder`, `token_number`, `tail`: exactly as in the token. `check_code`: the document id, 16 BASE32
    capitals. `file_sha256`: of the department's own file that this sheet accompanies. `object_no`: only in records of
    earlier versions, whose sheets showed its last four characters; today's must be read from the object itself.
    `denial`: the case was denied. `sheet`: this page accompanies another paper.
    """

    kind: Kind
    printed: Mapping[str, str]
    template: Template
    issued_on: date
    token_holder: str
    token_number: str
    tail: str
    check_code: str
    operator: str
    verify_domain: str
    sample: bool
    sensitive: bool = False
    denial: bool = False
    sheet: bool = False
    object_no: str = ""
    file_sha256: str = ""

    @property
    def title(self) -> str:
        return self.printed["title"]

    @property
    def number(self) -> str:
        return self.printed.get("number", "")

    @property
    def copy(self) -> str:
        return self.printed.get("copy", "")

    @property
    def issuer(self) -> str:
        return self.printed["issuer"]

    @property
    def holder(self) -> str:
        return self.printed.get("holder", "")

    @property
    def issued(self) -> str:
        return self.printed.get("issued", "")

    @property
    def expires(self) -> str:
        return self.printed.get("expires", "")

    @property
    def fields(self) -> dict[str, str]:
        """Field name → value, empty ones left out, in the order received."""
        return {
            key.removeprefix(FIELD_PREFIX): value
            for key, value in self.printed.items()
            if key.startswith(FIELD_PREFIX) and value.strip()
        }

    @property
    def refuses(self) -> bool:
        """True for a decision that denies: by the case's decision or by its title."""
        return (self.kind == "decision" and self.denial) or self.title.startswith("不予")

    @property
    def by_hand(self) -> bool:
        """True for a paper whose seal area stays empty for ink."""
        return self.template.seal == "hand"

    def to_bytes(self) -> bytes:
        """JSON, UTF-8, for keeping; order of `printed` is kept."""
        plain: dict[str, Any] = {item.name: getattr(self, item.name) for item in fields(self)}
        plain["printed"] = dict(self.printed)
        plain["template"] = self.template.model_dump(mode="json")
        plain["issued_on"] = self.issued_on.isoformat()
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")

    @classmethod
    def from_bytes(cls, data: bytes) -> PageRecord:
        """The record that `to_bytes` wrote."""
        plain: dict[str, Any] = json.loads(data.decode("utf-8", "surrogatepass"))
        plain["template"] = Template.model_validate(plain["template"])
        plain["issued_on"] = date.fromisoformat(plain["issued_on"])
        return cls(**plain)
