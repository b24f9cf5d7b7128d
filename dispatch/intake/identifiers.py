"""Check characters of Chinese identity numbers.

GB 11643 (公民身份号码): 17 digits and a check character, ISO 7064 MOD 11-2, with the date of birth inside.
The address code is not looked up: counties are abolished, numbers are not.
GB 32100 (统一社会信用代码): 17 characters and a check character, modulus 31. The organization code nested
inside (GB 11714) is not checked: numbers issued at the change-over are known to break it.
"""

from __future__ import annotations

import re
from datetime import date

__all__ = [
    "birth_date",
    "canonical",
    "resident_id_check",
    "resident_id_fault",
    "uscc_check",
    "uscc_fault",
]

_RESIDENT = re.compile(r"[0-9]{17}[0-9Xx]\Z", re.ASCII)
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECKS = "10X98765432"
_EARLIEST_BIRTH = date(1850, 1, 1)

_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # without I O S V Z
_USCC = re.compile(rf"[{_USCC_ALPHABET}]{{18}}\Z", re.ASCII)


def canonical(id_type: str, id_no: str) -> str:
    """The form under which two spellings of one number compare equal: capitals for numbers that have check
    characters, everything else as given."""
    return id_no.upper() if id_type in ("resident_id", "uscc") else id_no


def resident_id_check(first17: str) -> str:
    """The check character of the 17 digits before it."""
    return _RESIDENT_CHECKS[sum(int(d) * w for d, w in zip(first17, _RESIDENT_WEIGHTS, strict=True)) % 11]


def birth_date(id_no: str) -> date | None:
    """The date of birth in an 18-character number, None when there is no such day."""
    try:
        return date(int(id_no[6:10]), int(id_no[10:12]), int(id_no[12:14]))
    except ValueError:
        return None


def resident_id_fault(id_no: str, today: date) -> str | None:
    """Code of the first fault of a resident's number, None when it is right: ``pattern``, ``birth_date``,
    ``check_character``. A small x is taken for X."""
    if not _RESIDENT.match(id_no):
        return "pattern"
    birth = birth_date(id_no)
    if birth is None or not _EARLIEST_BIRTH <= birth <= today:
        return "birth_date"
    return None if resident_id_check(id_no[:17]) == id_no[17].upper() else "check_character"


def uscc_check(first17: str) -> str:
    """The check character of the 17 characters before it, which must be of the standard's alphabet."""
    total = sum(_USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(first17))
    return _USCC_ALPHABET[-total % 31]


def uscc_fault(id_no: str) -> str | None:
    """Code of the first fault of an organization's number, None when it is right: ``pattern``,
    ``check_character``. Small letters are taken for capitals."""
    upper = id_no.upper()
    if not _USCC.match(upper):
        return "pattern"
    return None if uscc_check(upper[:17]) == upper[17] else "check_character"
