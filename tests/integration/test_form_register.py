"""The register of numbered sheets: one number per thing and kind, none twice, none of another office."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from dispatch.form_numbers import (
    FormKind,
    bind_form,
    blank_form,
    form_by_number,
    next_form_number,
    read_form_number,
    register_form,
)
from dispatch.models import new_id
from dispatch.services import Services
from tests.factories import CLERK, ELSEWHERE

pytestmark = pytest.mark.integration


def test_one_thing_keeps_its_number_and_kinds_count_apart(services: Services) -> None:
    with services.store.work(CLERK) as work:
        thing = new_id()
        first = register_form(work, FormKind.SERVICE, "document", thing, "330727")
        assert register_form(work, FormKind.SERVICE, "document", thing, "330727", ("A", "B")) == first
        other = register_form(work, FormKind.CONTENTS, "document", thing, "330727")
        assert first[:2] == "SH" and other[:2] == "NJ"
        assert first[2:14] == other[2:14], "each kind has a serial of its own"
        assert read_form_number(first) == first
    with services.store.read(CLERK) as work:
        found = form_by_number(work, CLERK, f" {first.lower()} ")
        assert found is not None
        assert (found.subject_kind, found.subject_id, found.covers) == ("document", thing, "A B")


def test_another_office_and_an_unknown_number_look_the_same(services: Services) -> None:
    with services.store.work(CLERK) as work:
        number = register_form(work, FormKind.APPLICATION, "case", new_id(), "330727")
        unknown = next_form_number(work, FormKind.APPLICATION)
    with services.store.read(ELSEWHERE) as work:
        assert form_by_number(work, ELSEWHERE, number) is None
        assert form_by_number(work, ELSEWHERE, unknown) is None
        assert form_by_number(work, ELSEWHERE, "nonsense") is None


def test_a_blank_sheet_becomes_one_thing_only(services: Services) -> None:
    with services.store.work(CLERK) as work:
        blank = blank_form(work, FormKind.APPLICATION, "330727")
        assert blank_form(work, FormKind.APPLICATION, "330727") != blank
        mine = new_id()
        assert bind_form(work, blank, "case", mine)
        assert not bind_form(work, blank, "case", new_id())
    with services.store.read(CLERK) as work:
        found = form_by_number(work, CLERK, blank)
        assert found is not None and found.subject_id == mine


def test_many_at_once_get_different_numbers(services: Services) -> None:
    def take(_: int) -> str:
        with services.store.work(CLERK) as work:
            return next_form_number(work, FormKind.MANIFEST)

    with ThreadPoolExecutor(4) as hands:
        numbers = list(hands.map(take, range(12)))
    assert sorted(int(one[10:-1]) for one in numbers) == list(range(1, 13))
