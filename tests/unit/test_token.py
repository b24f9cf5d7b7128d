"""The DZ1 token, against a reader written here a second time from the table in the contract."""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dispatch.documents.token import (
    EPOCH,
    LAST_DAY,
    NO_TAIL,
    Flag,
    TokenBody,
    TokenError,
    assemble,
    canonical_json,
    document_id_bytes,
    document_id_text,
    fields_digest,
    from_text,
    id_tail,
    in_range,
    leaf_data,
    leaf_hash,
    parse,
    shorten_holder,
    shorten_number,
    signing_input,
    to_base32,
    token_text,
)

SIGNATURE = bytes(range(64))
TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def body(**changes: Any) -> TokenBody:
    fields: dict[str, Any] = {
        "kid": 7,
        "document_id": bytes(range(10)),
        "type_no": 12,
        "issued": date(2026, 11, 2),
        "expires": date(2031, 11, 2),
        "log_index": 4711,
        "flags": int(Flag.SAMPLE),
        "holder": "费强洋",
        "number": "JY23311270000001",
        "id_tail": "531X",
        "digest16": bytes(16),
    }
    return TokenBody(**(fields | changes))


def independent(raw: bytes) -> dict[str, Any]:
    """Fixed offsets, struct, no code of the product."""
    head = struct.unpack(">BH10sHHHIBB", raw[:25])
    holder, rest = raw[25 : 25 + head[8]], raw[25 + head[8] :]
    number, rest = rest[1 : 1 + rest[0]], rest[1 + rest[0] :]
    tail, digest, signature = rest[:4], rest[4:20], rest[20:]
    assert len(signature) == 64
    return {
        "kind": head[0],
        "kid": head[1],
        "id": head[2],
        "type": head[3],
        "issued": head[4],
        "expires": head[5],
        "log_index": head[6],
        "flags": head[7],
        "holder": holder.decode(),
        "number": number.decode(),
        "tail": tail.decode("ascii"),
        "digest": digest,
    }


BODIES = st.builds(
    body,
    kid=st.integers(0, 0xFFFF),
    document_id=st.binary(min_size=10, max_size=10),
    type_no=st.integers(0, 0xFFFF),
    issued=st.dates(EPOCH, LAST_DAY),
    expires=st.none() | st.dates(EPOCH + timedelta(days=1), LAST_DAY),
    log_index=st.integers(0, 0xFFFFFFFF),
    flags=st.integers(0, 31).map(lambda f: f & ~2),
    holder=TEXT.map(shorten_holder),
    number=TEXT.map(shorten_number),
    id_tail=st.text("0123456789X-", min_size=4, max_size=4),
    digest16=st.binary(min_size=16, max_size=16),
)


@given(BODIES)
def test_what_is_packed_is_read_back(made: TokenBody) -> None:
    raw = assemble(made.pack(), SIGNATURE)
    read = parse(raw)
    assert read.fields == made
    assert (read.body, read.signature, read.to_bytes()) == (made.pack(), SIGNATURE, raw)
    seen = independent(raw)
    assert seen["kind"] == 0x11
    assert (seen["kid"], seen["id"], seen["type"]) == (made.kid, made.document_id, made.type_no)
    assert EPOCH + timedelta(days=seen["issued"]) == made.issued
    assert seen["expires"] == ((made.expires - EPOCH).days if made.expires else 0)
    assert (seen["log_index"], seen["flags"], seen["digest"]) == (made.log_index, made.flags, made.digest16)
    assert (seen["holder"], seen["number"], seen["tail"]) == (made.holder, made.number, made.id_tail)


@given(st.binary(max_size=400))
@example(b"\x11" + bytes(300))
@example(bytes([0x11]) + bytes(23) + b"\xff" * 200)
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        assert parse(raw).to_bytes() == raw
    except TokenError as refusal:
        assert refusal.code in ("unreadable", "unsupported")


@given(BODIES, st.data())
def test_a_token_with_a_byte_changed_never_reads_the_same(made: TokenBody, data: st.DataObject) -> None:
    raw = bytearray(assemble(made.pack(), SIGNATURE))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    try:
        other = parse(bytes(raw))
    except TokenError:
        return
    assert (other.body, other.signature) != (made.pack(), SIGNATURE)


@given(st.text(max_size=300))
@example("https://zd.example/v#" + "A" * 40)
@example("ı" * 8)
@example("\ud800")
@example("\0")
@example("＃／Ｖ／")
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        raw = from_text(text)
    except TokenError as refusal:
        assert refusal.code == "unreadable"
    else:
        assert to_base32(raw) in text.upper()


def test_every_length_but_the_right_one_is_refused() -> None:
    raw = assemble(body().pack(), SIGNATURE)
    for length in range(len(raw)):
        with pytest.raises(TokenError):
            parse(raw[:length])
    with pytest.raises(TokenError):
        parse(raw + b"\0")


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (0x12, "unsupported"),
        (0x13, "unsupported"),
        (0x1F, "unsupported"),
        (0x21, "unsupported"),
        (0x10, "unreadable"),
        (0x01, "unreadable"),
    ],
)
def test_other_kinds(first: int, code: str) -> None:
    raw = bytes([first]) + assemble(body().pack(), SIGNATURE)[1:]
    with pytest.raises(TokenError) as refused:
        parse(raw)
    assert refused.value.code == code


def test_unknown_flags_are_of_a_later_kind() -> None:
    raw = bytearray(assemble(body().pack(), SIGNATURE))
    for bit in (32, 64, 128):
        raw[23] = bit
        with pytest.raises(TokenError) as refused:
            parse(bytes(raw))
        assert refused.value.code == "unsupported"


def test_lengths_over_the_limit_are_refused_even_where_they_add_up() -> None:
    head, foot = body(holder="", number="").pack()[:24], b"----" + bytes(16) + SIGNATURE
    assert parse(head + b"\x3c" + b"a" * 60 + b"\x28" + b"1" * 40 + foot).fields.holder == "a" * 60
    for holder, number in ((61, 0), (0, 41)):
        with pytest.raises(TokenError):
            parse(head + bytes([holder]) + b"a" * holder + bytes([number]) + b"1" * number + foot)


def test_text_inside_must_be_utf8_and_the_tail_ascii() -> None:
    raw = assemble(body(holder="abc").pack(), SIGNATURE)
    for place in (25, len(raw) - 64 - 16 - 4):
        bent = bytearray(raw)
        bent[place] = 0xFF
        with pytest.raises(TokenError) as refused:
            parse(bytes(bent))
        assert refused.value.code == "unreadable"


def test_a_sensitive_token_names_nobody() -> None:
    quiet = body(flags=int(Flag.SENSITIVE), holder="", number="").pack()
    assert parse(quiet + SIGNATURE).has(Flag.SENSITIVE)
    with pytest.raises(TokenError):
        body(flags=int(Flag.SENSITIVE)).pack()
    loud = bytearray(body().pack())
    loud[23] = int(Flag.SENSITIVE)
    with pytest.raises(TokenError):
        parse(bytes(loud) + SIGNATURE)


@pytest.mark.parametrize(
    ("day", "inside"),
    [
        (date(2019, 12, 31), False),
        (date(2020, 1, 1), True),
        (date(2199, 6, 6), True),
        (date(2199, 6, 7), False),
    ],
)
def test_range_of_issue_days(day: date, inside: bool) -> None:
    assert in_range(day) is inside
    if inside:
        assert parse(body(issued=day).pack() + SIGNATURE).fields.issued == day
    else:
        with pytest.raises(TokenError) as refused:
            body(issued=day).pack()
        assert refused.value.code == "out_of_range"


@pytest.mark.parametrize("day", [EPOCH, date(2199, 6, 7), date(9999, 12, 31)])
def test_last_days_that_do_not_fit_never_become_none(day: date) -> None:
    with pytest.raises(TokenError) as refused:
        body(expires=day).pack()
    assert refused.value.code == "out_of_range"


@pytest.mark.parametrize(
    "change",
    [
        {"kid": 65536},
        {"kid": -1},
        {"document_id": bytes(9)},
        {"type_no": 70000},
        {"log_index": 2**32},
        {"flags": 32},
        {"holder": "啊" * 21},
        {"number": "1" * 41},
        {"id_tail": "123"},
        {"id_tail": "12四5"},
        {"digest16": bytes(15)},
        {"holder": "\ud800"},
    ],
)
def test_values_that_do_not_fit(change: dict[str, Any]) -> None:
    with pytest.raises(TokenError) as refused:
        body(**change).pack()
    assert refused.value.code == "bad_value"


def test_assemble_wants_a_whole_signature() -> None:
    with pytest.raises(TokenError):
        assemble(body().pack(), SIGNATURE[:-1])


# -- text ----------------------------------------------------------------------------------------------------
def test_every_spelling_a_reader_meets() -> None:
    raw = assemble(body().pack(), SIGNATURE)
    bare = to_base32(raw)
    base = "https://zd.example.gov.cn"
    assert token_text(f"{base}/v#", raw) == f"{base}/v#{bare}"
    for text in (
        bare,
        bare.lower(),
        f"  {bare}\r\n",
        f"{base}/v#{bare}",
        f"{base}/V/{bare}",
        f"{base}/v/{bare.lower()}",
        f"HTTPS://ZD.EXAMPLE.GOV.CN/V/{bare}",
        f"\u3000{base}/v# {bare} ",
    ):
        assert from_text(text) == raw


@pytest.mark.parametrize(
    "spoil",
    [
        lambda t: t + "=",
        lambda t: t[:50] + " " + t[50:],
        lambda t: t + "A",
        lambda t: t[:-1],
        lambda t: t.replace("A", "1", 1),
        lambda t: "",
        lambda t: "#",
    ],
)
def test_spellings_that_are_refused(spoil: Any) -> None:
    raw = assemble(body(holder="费强").pack(), SIGNATURE)
    with pytest.raises(TokenError):
        parse(from_text(spoil(to_base32(raw))))


def test_non_canonical_spare_bits_are_refused() -> None:
    for length in range(1, 10):
        text = to_base32(bytes(length))
        if len(text) % 8:
            assert from_text(text) == bytes(length)
            with pytest.raises(TokenError):
                from_text(text[:-1] + "B")


def test_long_text_is_told_apart() -> None:
    for text in ("A" * 2049, "啊" * 1000):
        with pytest.raises(TokenError) as refused:
            from_text(text)
        assert refused.value.code == "too_long"


def test_messages_never_repeat_what_was_read() -> None:
    with pytest.raises(TokenError) as refused:
        from_text("SECRETNAME1")
    assert "SECRET" not in str(refused.value)


@given(st.binary(min_size=10, max_size=10))
def test_check_codes(identity: bytes) -> None:
    text = document_id_text(identity)
    assert len(text) == 16
    assert document_id_bytes(text) == identity
    assert document_id_bytes(f" {text[:4].lower()} {text[4:8]}-{text[8:12]}—{text[12:]}\n") == identity


@pytest.mark.parametrize("text", ["", "A" * 15, "A" * 17, "A" * 15 + "1", "A" * 24, "A" * 5000, "啊" * 16])
def test_bad_check_codes(text: str) -> None:
    with pytest.raises(TokenError):
        document_id_bytes(text)
    with pytest.raises(TokenError):
        document_id_text(bytes(9))


@pytest.mark.parametrize(
    ("id_no", "tail"),
    [
        ("33112719800101531x", "531X"),
        ("92331127D1TJ3Y7LL6", "7LL6"),
        ("12", NO_TAIL),
        ("", NO_TAIL),
        ("台胞１２３４", NO_TAIL),
        ("\t1\t\t", NO_TAIL),
    ],
)
def test_tails(id_no: str, tail: str) -> None:
    assert id_tail(id_no) == tail


# -- shortening ----------------------------------------------------------------------------------------------
@given(TEXT)
def test_shortening_cuts_at_characters(text: str) -> None:
    holder, number, size = shorten_holder(text), shorten_number(text), len(text.encode())
    assert len(holder.encode()) <= 60
    assert len(number.encode()) <= 40
    if size <= 60:
        assert holder == text
    else:
        front, back = next(
            (holder[:i], holder[i + 1 :])
            for i in range(len(holder))
            if holder[i] == "…" and text.startswith(holder[:i]) and text.endswith(holder[i + 1 :])
        )
        assert 24 <= len(front.encode()) <= 27 or "…" in text
        assert len(back.encode()) <= 30
    if size <= 40:
        assert number == text
    else:
        assert number[0] == "…"
        assert text.endswith(number[1:])
        assert 34 <= len(number[1:].encode()) <= 37


def test_shortened_as_the_table_says() -> None:
    assert shorten_holder("甲" * 20) == "甲" * 20
    assert shorten_holder("甲" * 21) == "甲" * 9 + "…" + "甲" * 10
    assert shorten_holder("a" + "甲" * 30) == "a" + "甲" * 8 + "…" + "甲" * 10
    assert shorten_holder("𬭎" * 16) == "𬭎" * 6 + "…" + "𬭎" * 7
    assert shorten_number("景" * 14) == "…" + "景" * 12
    assert shorten_number("1" * 41) == "…" + "1" * 37


# -- digests -------------------------------------------------------------------------------------------------
@given(st.dictionaries(TEXT, TEXT, max_size=8), st.binary(min_size=16, max_size=16))
def test_canonical_json_is_what_any_reader_gets(printed: dict[str, str], salt: bytes) -> None:
    expected = json.dumps(printed, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert canonical_json(printed) == expected
    assert json.loads(canonical_json(printed)) == printed
    assert fields_digest(salt, printed) == hashlib.sha256(salt + expected).digest()[:16]


def test_canonical_json_orders_by_code_point_and_escapes_little() -> None:
    assert (
        canonical_json({"𬭎": "/", "ﬀ": "é\u007f", "a": '"\\\n'})
        == '{"a":"\\"\\\\\\n","ﬀ":"é\u007f","𬭎":"/"}'.encode()
    )


@pytest.mark.parametrize("printed", [{"a": 1}, {"a": None}, {"a": {"b": "c"}}, {"a": "\ud800"}, {1: "a"}])
def test_printed_holds_strings_only(printed: Any) -> None:
    with pytest.raises(TokenError):
        canonical_json(printed)


def test_leaf_of_a_token() -> None:
    packed = body().pack()
    assert signing_input(packed) == b"DZ1\x00" + packed
    entry = b"\x01" + hashlib.sha256(b"DZ1\x00" + packed).digest()
    assert leaf_data(1, packed) == entry
    assert leaf_hash(1, packed) == hashlib.sha256(b"\x00" + entry).digest()
    assert leaf_hash(0, packed) != leaf_hash(1, packed)
    assert base64.b32encode(packed).decode().rstrip("=") == to_base32(packed)
