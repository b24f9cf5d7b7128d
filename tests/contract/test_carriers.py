"""One suite over all carriers: what the port promises, whoever stands behind it; and the numbers they live on."""

from __future__ import annotations

import threading

import pytest

from dispatch.adapters.carriers.manual import ManualCarrier
from dispatch.adapters.carriers.range import RangeCarrier
from dispatch.adapters.carriers.staff import StaffCarrier
from dispatch.consignments.ranges import (
    DatabaseNumbers,
    ensure_demo_range,
    import_range,
    list_ranges,
    low_water,
    luhn_digit,
    s10_digit,
)
from dispatch.errors import Invalid, NotPermitted, Rejected, RuleViolation
from dispatch.ports import BookingRequest
from dispatch.rights import CLI
from tests.factories import CLERK
from tests.road import Road

pytestmark = pytest.mark.contract

REQUEST = BookingRequest(
    order_no="A" * 26, consignment_id="B" * 26, recipient_name="周小满", recipient_organization="",
    recipient_phone="19000000123", region=("浙江省", "金华市", "磐安县", "安文街道"), address="岭外村2组21号", payer="office",
)  # fmt: skip


@pytest.fixture
def road(tmp_path) -> Road:
    road = Road(tmp_path)
    ensure_demo_range(road.services)
    return road


@pytest.fixture(params=["range", "manual", "staff"])
def carrier(request, road):
    return road.services.carriers[request.param]


def order(number: str) -> BookingRequest:
    return BookingRequest(**{**REQUEST.__dict__, "order_no": number})


# -- every carrier -----------------------------------------------------------------------------------------------
def test_facts_are_stated(carrier) -> None:
    assert carrier.code
    assert carrier.name
    assert carrier.postal or carrier.own_hands  # every one of these may carry official documents
    assert {type(getattr(carrier, fact)) for fact in ("postal", "holds_address", "own_hands")} == {bool}


def test_the_same_order_gets_the_same_number(carrier) -> None:
    first, again = carrier.book(order("one")), carrier.book(order("one"))
    assert first == again


def test_numbers_are_well_formed_and_never_twice(carrier) -> None:
    numbers = [carrier.book(order(f"order-{n}")).waybill_no for n in range(12)]
    given = [number for number in numbers if number is not None]
    assert len(set(given)) == len(given)
    assert all(carrier.number_is_wellformed(number) for number in given)
    assert all(number.isascii() and number.isalnum() and number == number.upper() for number in given)


@pytest.mark.parametrize(
    "junk",
    ["", " ", "1", "EZ000000015ZZ ", "ez000000015zz", "EZ000000016ZZ", "ZD12345", "…", "EZ00000001５ZZ"],
)
def test_junk_is_no_number(carrier, junk) -> None:
    assert not carrier.number_is_wellformed(junk)


# -- each by itself ----------------------------------------------------------------------------------------------
def test_the_range_takes_numbers_in_order_and_says_when_it_is_empty(road) -> None:
    carrier = road.services.carriers["range"]
    assert [carrier.book(order(str(n))).waybill_no for n in range(3)] == [
        "EZ000000014ZZ",
        "EZ000000028ZZ",
        "EZ000000031ZZ",
    ]


def test_an_empty_range_is_refused_with_the_remedy(tmp_path) -> None:
    carrier = Road(tmp_path).services.carriers["range"]
    with pytest.raises(Rejected, match="range_empty") as refusal:
        carrier.book(REQUEST)
    assert "号段" in refusal.value.detail


def test_by_hand_the_number_comes_later() -> None:
    carrier = ManualCarrier()
    assert carrier.book(REQUEST).waybill_no is None
    assert carrier.number_is_wellformed("1234567890123")
    assert carrier.number_is_wellformed("EA473124829CN")
    assert not carrier.number_is_wellformed("EA473124828CN")
    assert not carrier.number_is_wellformed("ABCDEFGHIJ")
    assert not carrier.number_is_wellformed("9" * 31)


def test_our_own_numbers_carry_the_luhn_digit(road) -> None:
    answer = road.services.carriers["staff"].book(REQUEST)
    number = answer.waybill_no
    assert number is not None
    assert number[:2] == "ZD"
    assert len(number) == 15
    assert luhn_digit(number[2:14]) == int(number[14])
    assert answer.sort_code == "安文街道"
    swapped = number[:13] + str((int(number[13]) + 1) % 10) + number[14]
    assert not road.services.carriers["staff"].number_is_wellformed(swapped)


class Broken:
    """A source that gives what is no number of ours."""

    def take(self, carrier: str, order_no: str) -> str:
        return "ZD0000000000000X"


def test_a_wrong_number_of_our_own_is_refused() -> None:
    with pytest.raises(Rejected, match="malformed_number"):
        StaffCarrier(Broken()).book(REQUEST)


def test_check_digits_agree_with_known_ones() -> None:
    assert s10_digit(47312482) == 9  # UPU S10, the example in circulation
    assert luhn_digit("7992739871") == 3  # ISO/IEC 7812-1, the textbook example
    range_carrier = RangeCarrier(Broken())
    for serial in (0, 1, 99999999, 47312482, *range(500, 560)):
        assert range_carrier.number_is_wellformed(f"EZ{serial:08d}{s10_digit(serial)}ZZ")
        wrong = (s10_digit(serial) + 1) % 10
        assert not range_carrier.number_is_wellformed(f"EZ{serial:08d}{wrong}ZZ")


# -- numbers -----------------------------------------------------------------------------------------------------
def s10(serial: int, letters: str = "EA", country: str = "CN") -> str:
    return f"{letters}{serial:08d}{s10_digit(serial)}{country}"


def test_eight_at_once_never_share_a_number(road) -> None:
    numbers = DatabaseNumbers(road.services.store)
    taken: list[str] = []

    def take(worker: int) -> None:
        taken.extend(numbers.take("range", f"{worker}-{n}") for n in range(5))

    threads = [threading.Thread(target=take, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 40
    assert len(set(taken)) == 40
    assert list_ranges(road.services, CLI)[0].remaining == 100_000 - 40


def test_one_order_asked_twice_at_once_gets_one_number(road) -> None:
    numbers = DatabaseNumbers(road.services.store)
    taken: list[str] = []
    threads = [threading.Thread(target=lambda: taken.append(numbers.take("range", "same"))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == 6
    assert len(set(taken)) == 1


def test_ranges_follow_one_another(tmp_path) -> None:
    road = Road(tmp_path)
    import_range(road.services, CLI, "range", s10(10), s10(11))
    road.clock.forward(minutes=1)
    import_range(road.services, CLI, "range", s10(50, "EB"), s10(50, "EB"))
    numbers = DatabaseNumbers(road.services.store)
    assert [numbers.take("range", str(n)) for n in range(3)] == [s10(10), s10(11), s10(50, "EB")]
    with pytest.raises(Rejected, match="range_empty"):
        numbers.take("range", "one more")


@pytest.mark.parametrize(
    ("carrier", "first", "last", "code"),
    [
        ("range", "EA000000105CN", "EA000000200CN", "check_digit"),
        ("range", s10(10), s10(20, "EB"), "mixed_prefixes"),
        ("range", s10(10), s10(20, "EA", "ZZ"), "mixed_prefixes"),
        ("range", s10(20), s10(10), "order"),
        ("range", "12345", "12346", "malformed"),
        ("range", "", "", "malformed"),
        ("sf", s10(10), s10(20), "unknown_carrier"),
        ("staff", s10(10), s10(20), "unknown_carrier"),
    ],
)
def test_a_wrong_range_is_refused(road, carrier, first, last, code) -> None:
    before = list_ranges(road.services, CLI)
    with pytest.raises(Invalid) as refusal:
        import_range(road.services, CLI, carrier, first, last)
    assert code in {fault.code for fault in refusal.value.faults}
    assert list_ranges(road.services, CLI) == before


def test_all_faults_are_told_at_once(road) -> None:
    with pytest.raises(Invalid) as refusal:
        import_range(road.services, CLI, "sf", "1", "EA000000105CN")
    assert {fault.pointer for fault in refusal.value.faults} == {"/carrier", "/first", "/last"}


@pytest.mark.parametrize(("first", "last"), [(100, 199), (150, 160), (90, 100), (199, 250), (1, 999)])
def test_overlap_is_refused_over_all_carriers(road, first, last) -> None:
    import_range(road.services, CLI, "range", s10(100), s10(199))
    with pytest.raises(RuleViolation, match="range_overlap"):
        import_range(road.services, CLI, "manual", s10(first), s10(last))
    import_range(
        road.services, CLI, "range", s10(first, "LX"), s10(last, "LX")
    )  # other letters are other numbers


def test_domestic_numbers_count_as_they_are(tmp_path) -> None:
    road = Road(tmp_path)
    view = import_range(road.services, CLI, "range", " 1012345678901 ", "１０１２３４５６７８９０５")
    assert (view.first, view.last, view.total) == ("1012345678901", "1012345678905", 5)
    assert DatabaseNumbers(road.services.store).take("range", "x") == "1012345678901"


def test_the_demonstration_range_is_made_once_and_never_in_production(tmp_path) -> None:
    road = Road(tmp_path / "a")
    assert ensure_demo_range(road.services)
    assert not ensure_demo_range(road.services)
    (view,) = list_ranges(road.services, CLI)
    assert (view.total, view.first[-2:], view.low) == (100_000, "ZZ", False)
    real = Road(tmp_path / "b", DISPATCH_ENV="production", PUBLIC_BASE_URL="https://zd.example.cn")
    assert not ensure_demo_range(real.services)
    with pytest.raises(Invalid):
        import_range(real.services, CLI, "range", s10(1, "EZ", "ZZ"), s10(9, "EZ", "ZZ"))


def test_low_water_is_told(tmp_path) -> None:
    road = Road(tmp_path)
    import_range(road.services, CLI, "range", s10(1), s10(201))
    assert low_water(road.services, CLI) == []
    numbers = DatabaseNumbers(road.services.store)
    numbers.take("range", "a")
    numbers.take("range", "b")
    assert "199" in low_water(road.services, CLI)[0]
    import_range(road.services, CLI, "range", s10(1000), s10(2000))
    assert low_water(road.services, CLI) == []


def test_importing_needs_the_right(road) -> None:
    with pytest.raises(NotPermitted):
        import_range(road.services, CLERK, "range", s10(1), s10(2))
