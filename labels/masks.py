"""What a stranger may read of a person: masked names, phones and addresses. Pure; used in print and on
screens.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

__all__ = ["HIDDEN", "mask_address", "mask_name", "mask_phone"]

#: Stands where something was left out.
HIDDEN: Final = "***"
MOST_STARS: Final = 3
PHONE_TAIL: Final = 4

_MOBILE = re.compile(r"1[3-9]\d{9}")
_MASKED_PHONE = re.compile(r"(\+?[\d \-]{0,9}?)(?:\*{3,}|-{3,})(\d{2,4})")
_LANDLINE = re.compile(r"(0(?:10|2\d|[3-9]\d{2}))(\d{7,8})")
_HOTLINE = re.compile(r"([48]00)(\d{7})")
_EXTENSION = re.compile(r"(?:转|分机|ext\.?|x|#|,)\D*\d+\s*$|(?<=\d{7})[-–—]\d{1,6}\s*$", re.IGNORECASE)
_PHONE_IN_TEXT = re.compile(r"(?<!\d)(?:1[3-9]\d(?:[- ]?\d{4}){2}|0\d{2,3}[- ]?\d{7,8})(?!\d)")
#: ITU-T E.164: zones 1 and 7 have one digit, these have two, all others three.
_TWO_DIGIT_COUNTRIES: Final = (
    " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 "
    "82 84 86 90 91 92 93 94 95 98 "
)

_ARABIC = r"[0-9A-Za-z][0-9A-Za-z#\-]{0,7}"
_NUMERAL = "[〇零一二三四五六七八九十百]{1,4}"
_POINT = "[东南西北中甲乙丙丁戊]"
# A Chinese numeral before 幢, 室 or 楼 is often part of a village's name (三幢屋村, 五里楼村): it counts as a
# part of a building only when nothing but more detail follows.
_DETAIL_FOLLOWS = rf"(?=$|[\s0-9A-Za-z#\-,，.。、;；(（]|第|附|{_POINT}|{_NUMERAL})"
_BUILDING = re.compile(
    "|".join(
        (
            rf"第?{_ARABIC}(?:号楼|#楼|幢|栋|单元|室)",
            rf"第?{_ARABIC}(?:楼|层|座|房|户){_DETAIL_FOLLOWS}",
            rf"第?(?:{_NUMERAL}|{_POINT})(?:号楼|幢|栋|单元|楼|层|座|房|室|户){_DETAIL_FOLLOWS}",
            # 阳光路208号14-2-102, 县政府大楼503, 新城花园3-2-501: a bare number after a house.
            r"(?<=[号楼厦场寓区园苑庭府邸])\d[\d\-]*(?=$|[\s,，。;；(（])",
        )
    )
)
_ENGLISH_ROOM = re.compile(r"\b(?:room|rm|flat|apt|unit|suite)\b\.?\s*[0-9][0-9A-Za-z\-]*", re.IGNORECASE)


def mask_name(name: str) -> str:
    """张三丰 → 张**: the first character kept, each other one a star, at most three. Organizations are not
    masked.
    """
    characters = _clusters("".join(name.split()))
    if not characters:
        return ""
    return characters[0] + "*" * min(len(characters) - 1, MOST_STARS)


def mask_phone(phone: str) -> str:
    """19000001234 → 190****1234; landlines keep area code and tail; other countries keep code and tail.

    The last four digits stay because the courier asks for them. Extensions go. What is masked already stays
    so.
    """
    plain = _narrow(phone).strip()
    masked = _MASKED_PHONE.fullmatch(plain)
    if masked:
        return plain if "*" in plain else f"{masked[1]}****{masked[2]}"
    plain = _EXTENSION.sub("", plain)
    digits = "".join(character for character in plain if character.isascii() and character.isdigit())
    foreign = plain.startswith(("+", "00"))
    if foreign:
        digits = digits.removeprefix("00") if plain.startswith("00") else digits
        if not digits.startswith("86"):
            return _mask_foreign(digits)
    if foreign or (len(digits) == 13 and _MOBILE.fullmatch(digits[2:]) and digits.startswith("86")):
        digits = digits.removeprefix("86")
        digits = digits if _MOBILE.fullmatch(digits) else "0" + digits.removeprefix("0")
    return _mask_domestic(digits)


def mask_address(address: str) -> str:
    """Everything from the first building, unit or room on is left out; 敕木山村69号 and 12组21号 stay whole.

    A phone number written into the address is masked as well.
    """
    plain = " ".join(address.split())
    plain = _PHONE_IN_TEXT.sub(lambda match: mask_phone(match[0]), plain)
    plain = _ENGLISH_ROOM.sub(HIDDEN, plain)
    found = _BUILDING.search(_narrow(plain))
    return plain if found is None else plain[: found.start()].rstrip(" ,，、-(（") + HIDDEN


def _mask_domestic(digits: str) -> str:
    if _MOBILE.fullmatch(digits):
        return f"{digits[:3]}****{digits[-PHONE_TAIL:]}"
    for pattern, joint in ((_LANDLINE, "-"), (_HOTLINE, "-")):
        found = pattern.fullmatch(digits)
        if found:
            return found[1] + joint + _tail(found[2])
    return _tail(digits)


def _mask_foreign(digits: str) -> str:
    if digits[:1] in {"1", "7"}:
        code = digits[:1]
    else:
        code = digits[:2] if f" {digits[:2]} " in _TWO_DIGIT_COUNTRIES else digits[:3]
    return f"+{code} {_tail(digits[len(code) :])}"


def _tail(digits: str) -> str:
    """Stars for all but the last four; a short number keeps no more than its last third."""
    keep = PHONE_TAIL if len(digits) >= PHONE_TAIL + 3 else len(digits) // 3
    return "*" * (len(digits) - keep) + (digits[-keep:] if keep else "")


def _clusters(text: str) -> list[str]:
    """Characters as a reader counts them: marks, selectors and joiners belong to the one before."""
    out: list[str] = []
    for character in text:
        category = unicodedata.category(character)
        if out and (category in {"Mn", "Me", "Mc"} or character == "\u200d"):
            out[-1] += character
        elif category not in {"Cc", "Cf", "Cs"}:
            out.append(character)
    return out


def _narrow(text: str) -> str:
    """Full-width digits, letters and signs as ASCII, one for one, so that positions stay."""
    return "".join(chr(ord(c) - 0xFEE0) if "\uff01" <= c <= "\uff5e" else c for c in text)
