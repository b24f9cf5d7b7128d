"""Page records made from approvals, and readers for what was painted, for the tests of the paper."""

from __future__ import annotations

import base64
import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
import zxingcpp

from dispatch.documents.record import FIELD_PREFIX, PageRecord
from dispatch.documents.templates import TemplateBook
from dispatch.documents.token import shorten_holder, shorten_number

__all__ = [
    "PREFIX",
    "ROOT",
    "approvals",
    "approvals_by_title",
    "page_codes",
    "page_text",
    "record_of",
    "squeeze",
    "token_of",
]

ROOT = Path(__file__).resolve().parents[1]
PREFIX = "https://dz.example.gov.cn/v#"


def approvals() -> list[dict[str, Any]]:
    """Every approval of the sample set."""
    lines = (ROOT / "tests/data/cases.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def approvals_by_title() -> dict[str, list[tuple[dict[str, Any], dict[str, Any]]]]:
    """Title → (approval, document) pairs."""
    found: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {}
    for approval in approvals():
        for document in approval["documents"]:
            found.setdefault(document["title"], []).append((approval, document))
    return found


def record_of(
    templates: TemplateBook,
    approval: dict[str, Any],
    document: dict[str, Any],
    *,
    fields: dict[str, str] | None = None,
    printed: dict[str, str] | None = None,
    **changes: Any,
) -> PageRecord:
    """The record of one document; `fields` and `printed` replace or add values, `changes` the record's
    own."""
    issued = date.fromisoformat(document["valid_from"] or approval["decided_at"][:10])
    until = document["valid_until"] and date.fromisoformat(document["valid_until"])
    sheet = document["source"] != "compose"
    values = {
        "title": document["title"],
        "number": document["number"] or ("" if sheet else "景测〔2026〕12号"),
        "copy": document["copy"] or "",
        "issuer": approval["department"]["name"],
        "holder": document.get("holder") or approval["applicant"]["name"],
        "issued": f"{issued.year}年{issued.month}月{issued.day}日",
        "expires": f"{until.year}年{until.month}月{until.day}日" if until else "",
    } | (printed or {})
    own = {**document["fields"], **(fields or {})}
    sensitive = approval["item"]["sensitivity"] == "sensitive"
    made: dict[str, Any] = {
        "kind": document["kind"],
        "printed": values | {FIELD_PREFIX + name: value for name, value in own.items()},
        "template": templates.for_title(values["title"], document["kind"], sheet=sheet),
        "issued_on": issued,
        "token_holder": "" if sensitive else shorten_holder(values["holder"]),
        "token_number": "" if sensitive else shorten_number(values["number"]),
        "tail": approval["applicant"]["id_no"][-4:],
        "check_code": "ABCDEFGH2345672Q",
        "operator": "景宁畲族自治县行政服务中心",
        "verify_domain": "dz.example.gov.cn",
        "sample": True,
        "sensitive": sensitive,
        "denial": approval["decision"] == "denied",
        "sheet": sheet,
        "object_no": document.get("object_no") or "",
    }
    return PageRecord(**(made | changes))


def token_of(record: PageRecord) -> str:
    """BASE32 of a token as long as this record's would be."""
    size = 26 + len(record.token_holder.encode()) + len(record.token_number.encode()) + 84
    return base64.b32encode(bytes((at * 37 + 11) % 256 for at in range(size))).decode().rstrip("=")


def squeeze(text: str) -> str:
    """Text without white space and hyphens, as printed values are compared."""
    return re.sub(r"[\s\x02\ufffe\u00ad\u200b-]+", "", text)


def page_text(pdf: bytes) -> str:
    """All pages' text in reading order, squeezed."""
    document = pdfium.PdfDocument(pdf)
    return squeeze("".join(page.get_textpage().get_text_bounded() for page in document))


def page_codes(pdf: bytes, *, pages: int = 99) -> list[list[str]]:
    """The codes a scanner reads at 300 dpi on each of the first `pages` pages."""
    document = pdfium.PdfDocument(pdf)
    wanted = range(min(pages, len(document)))
    images = [document[at].render(scale=300 / 72, grayscale=True).to_pil() for at in wanted]
    return [[code.text for code in zxingcpp.read_barcodes(image)] for image in images]
