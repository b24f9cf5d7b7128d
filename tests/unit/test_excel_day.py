from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from dispatch.errors import Invalid
from dispatch.intake.files import read_cases
from dispatch.intake.schema import parse_case
from tests.approvals import NOW
from tests.excel_day import build_day_file

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("good", [45, 3])
def test_the_days_file_has_its_good_cases_and_ten_different_faults(tmp_path: Path, good: int) -> None:
    expected = build_day_file(tmp_path / "day.xlsx", good, today=date(2026, 11, 21))
    assert len({fault.code for fault in expected}) == 10
    passed, told = 0, {}
    for row in read_cases(tmp_path / "day.xlsx"):
        faults = list(row.faults)
        if not faults:
            try:
                parse_case(row.case, now=NOW)
            except Invalid as refusal:
                faults = list(refusal.faults)
        passed += not faults
        if faults:
            told[row.line] = [(fault.pointer, fault.code) for fault in faults]
    assert passed == good
    assert told == {fault.line: [(fault.pointer, fault.code)] for fault in expected}
