"""Verification against pinned keys: what passes, what fails, what cannot be told, and files made to
deceive."""

from __future__ import annotations

import base64
import io
import json
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from reportlab.pdfgen.canvas import Canvas

from dispatch.adapters.keyring import FileKeyRing
from dispatch.adapters.sealer import PadesSealer
from dispatch.documents.seal_image import SIZE, seal_image
from dispatch.documents.token import (
    Flag,
    TokenBody,
    assemble,
    fields_digest,
    signing_input,
    to_base32,
    token_text,
)
from dispatch.errors import Rejected
from dispatch.offline import check_pdf, check_text, is_expired, seal_fault, shown_holder
from dispatch.pinned import PinnedKeys, jwks
from dispatch.ports import Appearance
from dispatch.verdict import CHECKS, EXIT_CODES, Answer, answer, field_label
from labels import qr
from labels.fonts import FontBook

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
BASE = "https://zd.example/v#"
DEPARTMENT = "景宁畲族自治县市场监督管理局"
SALT = bytes(range(16))
PRINTED = {
    "title": "食品经营许可证",
    "number": "JY23311270000001",
    "copy": "正本",
    "issuer": DEPARTMENT,
    "holder": "费强洋",
    "issued": "2026年11月2日",
    "expires": "2031年11月1日",
    "fields.经营场所": "秋炉乡秋炉村188号",
}
ID = bytes(range(10))
TYPES = {12: "食品经营许可证"}


@dataclass(frozen=True)
class House:
    """Keys, sealer and typefaces for one run of this module."""

    ring: FileKeyRing
    sealer: PadesSealer
    fonts: FontBook

    @property
    def keys(self) -> list[dict[str, Any]]:
        return jwks(self.ring)["keys"]

    def token(self, kid: int = 1, **changes: Any) -> bytes:
        plain = TokenBody(
            kid=kid,
            document_id=ID,
            type_no=12,
            issued=date(2026, 11, 2),
            expires=date(2031, 11, 1),
            log_index=3,
            flags=int(Flag.SAMPLE),
            holder="费强洋",
            number="JY23311270000001",
            id_tail="531X",
            digest16=fields_digest(SALT, PRINTED),
        )
        body = replace(plain, **changes).pack()
        return assemble(body, self.ring.sign("token", kid, signing_input(body)))

    def page(self, token: bytes, size: tuple[float, float] = (595.28, 841.89)) -> bytes:
        out = io.BytesIO()
        make: Any = Canvas
        canvas = make(out, pagesize=size, invariant=1, initialFontName=self.fonts.font_name("serif"))
        canvas.setFont(self.fonts.font_name("serif"), 12)
        for line, text in enumerate(PRINTED.values()):
            canvas.drawString(60, 700 - 20 * line, text)
        qr.draw(canvas, 60, 60, qr.matrix(BASE, to_base32(token)))
        canvas.save()
        return out.getvalue()

    def seal(
        self, page: bytes, attachment: bytes | dict[str, Any], sealer: PadesSealer | None = None
    ) -> bytes:
        if isinstance(attachment, dict):
            attachment = json.dumps(attachment, ensure_ascii=False).encode()
        picture = Appearance(
            0, (380, 80, 380 + SIZE, 80 + SIZE), seal_image(DEPARTMENT, self.fonts, sample=True)
        )
        return (sealer or self.sealer).certify(
            page, appearance=picture, department=DEPARTMENT, attachment=attachment, now=NOW, sample=True
        )

    def file(self, token: bytes | None = None, page: bytes | None = None, **changes: Any) -> bytes:
        token = token or self.token()
        return self.seal(page or self.page(token), attached(token) | changes)

    def check(self, data: bytes, **changes: Any) -> Answer:
        plain: dict[str, Any] = {"now": NOW, "types": TYPES, "roots_pem": self.sealer.ca_pem()}
        return check_pdf(data, self.keys, **(plain | changes))


def attached(token: bytes) -> dict[str, Any]:
    return {"printed": PRINTED, "salt": SALT.hex(), "token": to_base32(token), "identifier": to_base32(ID)}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    folder = tmp_path_factory.mktemp("house")
    ring = FileKeyRing(folder / "keys")
    ring.ensure(NOW)
    return House(ring, PadesSealer(ring, folder / "keys"), FontBook())


@pytest.fixture(scope="module")
def sealed(house: House) -> bytes:
    return house.file()


# -- texts ---------------------------------------------------------------------------------------------------
def test_a_right_token_passes_and_says_what_was_not_checked(house: House) -> None:
    got = check_text(token_text(BASE, house.token()), house.keys, now=NOW, types=TYPES)
    assert (got.result, got.status, got.authenticity, got.validity) == ("PASSED", "valid", "genuine", "valid")
    assert got.sample
    assert got.checked == ("signature", "date")
    assert got.not_checked == ("status", "log", "file", "fields")
    shown = got.as_dict()["document"]
    assert (shown["title"], shown["holder"], shown["number"]) == (
        "食品经营许可证",
        "费**",
        "JY23311270000001",
    )
    assert shown["compare"] == {
        "持有人": "费强洋",
        "编号": "JY23311270000001",
        "证件号码尾号": "531X",
        "发证日期": "2026-11-02",
        "有效期至": "2031-11-01",
    }


def test_every_bent_byte_of_a_token_is_noticed(house: House) -> None:
    raw, keys = house.token(), house.keys
    for at in range(len(raw)):
        bent = bytearray(raw)
        bent[at] ^= 0x01
        got = check_text(to_base32(bytes(bent)), keys, now=NOW)
        assert got.result != "PASSED", at
        if at not in (1, 2):  # another key id is a key we do not know, and no forgery
            assert got.status in ("bad_signature", "unreadable", "unsupported"), at
        else:
            assert got.status == "unknown_key"
        assert got.document is None


@pytest.mark.parametrize("signature", [bytes(64), b"\xff" * 64, bytes(63) + b"\x01"])
def test_degenerate_signatures(house: House, signature: bytes) -> None:
    raw = house.token()[:-64] + signature
    assert check_text(to_base32(raw), house.keys, now=NOW).status == "bad_signature"


def test_the_last_day_counts_in_shanghai(house: House) -> None:
    text = to_base32(house.token(expires=date(2026, 11, 20)))
    for hour, result in ((15, "PASSED"), (16, "FAILED")):  # 23:59 and 00:00 there
        got = check_text(
            text, house.keys, now=datetime(2026, 11, 20, hour, 0, tzinfo=UTC) - timedelta(seconds=hour == 15)
        )
        assert got.result == result
    assert (got.status, got.authenticity, got.validity) == ("expired", "genuine", "expired")
    assert not is_expired(None, NOW)


def test_a_token_of_an_unknown_key_is_no_forgery(house: House) -> None:
    got = check_text(to_base32(house.token()), [], now=NOW)
    assert (got.result, got.status, got.authenticity) == ("INDETERMINATE", "unknown_key", "undetermined")
    assert got.checked == ()


def test_under_a_withdrawn_key_nothing_can_be_told_offline(house: House, tmp_path: Path) -> None:
    ring = FileKeyRing(tmp_path / "keys")
    ring.ensure(NOW)
    other = House(ring, house.sealer, house.fonts)
    old = to_base32(other.token(issued=date(2020, 1, 2)))
    ring.withdraw("token", 1, NOW, "外泄")
    got = check_text(old, other.keys, now=NOW)
    assert (got.result, got.status, got.authenticity) == ("INDETERMINATE", "unavailable", "undetermined")
    assert check_text(old[:-1] + ("A" if old[-1] != "A" else "E"), other.keys, now=NOW).result != "PASSED"


@pytest.mark.parametrize(
    "text", ["", "x", "A" * 100_000, "\0", "𬭎" * 50, "https://zd.example/c#ABC", "\ud800"]
)
def test_junk_is_unreadable(house: House, text: str) -> None:
    got = check_text(text, house.keys, now=NOW)
    assert (got.status, got.result, got.sample, got.document) == ("unreadable", "INDETERMINATE", False, None)


def test_a_later_kind_of_token_is_unsupported(house: House) -> None:
    assert check_text(to_base32(b"\x13" + house.token()[1:]), house.keys, now=NOW).status == "unsupported"


@given(st.text(max_size=200))
def test_any_text_gets_an_answer(text: str) -> None:
    assert check_text(text, [], now=NOW).result == "INDETERMINATE"


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"keys": {}},
        {"keys": [1]},
        {"keys": [{"kty": "EC", "crv": "P-256"}]},
        {"keys": [{"kty": "EC", "crv": "P-256", "kid": "1", "x": "AA", "y": "AA"}]},
        {"keys": [{"kty": "EC", "crv": "P-256", "kid": "x"}]},
    ],
)
def test_broken_key_files_are_refused(document: object) -> None:
    with pytest.raises(Rejected):
        PinnedKeys.from_document(document)


def test_other_kinds_of_key_are_passed_over(house: House) -> None:
    keys = PinnedKeys.from_document({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "9"}, *house.keys]})
    assert keys.withdrawn_at(9) is None
    with pytest.raises(Rejected):
        PinnedKeys([house.keys[0] | {"withdrawn_at": "yesterday"}])


def test_names_of_persons_are_masked_and_organizations_shown() -> None:
    assert shown_holder("费强洋") == "费**"
    assert shown_holder("阿卜杜拉·买买提江") == "阿***"
    assert shown_holder("景宁畲族自治县斌艳客运服务部") == "景宁畲族自治县斌艳客运服务部"
    assert shown_holder("") == ""


# -- files ---------------------------------------------------------------------------------------------------
def test_a_sealed_file_passes(house: House, sealed: bytes) -> None:
    got = house.check(sealed)
    assert (got.result, got.status, got.sample) == ("PASSED", "valid", True)
    assert got.checked == ("signature", "date", "file", "fields")
    assert got.not_checked == ("status", "log")
    assert got.document is not None
    assert (got.document.issuer, got.document.copy, got.document.title) == (
        DEPARTMENT,
        "正本",
        "食品经营许可证",
    )
    assert seal_fault(sealed) is None


def test_an_expired_file_fails_as_expired(house: House) -> None:
    got = house.check(house.file(house.token(expires=date(2026, 11, 19))))
    assert (got.result, got.status) == ("FAILED", "expired")
    assert "file" in got.checked


def painted_over(data: bytes, words: str = "FORGED") -> bytes:
    """A further revision that paints over the page: what editors and forgers do, and `pdfsig` calls valid."""
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    paint = generic.StreamObject(
        stream_data=f"q 1 1 1 rg 0 0 600 850 re f BT /F1 40 Tf 50 600 Td ({words}) Tj ET Q".encode()
    )
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    old = page.raw_get("/Contents")
    page["/Contents"] = generic.ArrayObject([old, writer.add_object(paint)])
    writer.mark_update(page.container_ref)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def another_attachment(data: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    spec = writer.root["/Names"]["/EmbeddedFiles"]["/Names"][1].get_object()
    spec["/EF"]["/F"] = writer.add_object(generic.StreamObject(stream_data=b"{}"))
    writer.mark_update(spec.container_ref)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_painting_over_a_sealed_page_fails(house: House, sealed: bytes) -> None:
    forged = painted_over(sealed)
    assert forged.startswith(sealed)
    got = house.check(forged)
    assert (got.result, got.status, got.authenticity) == ("FAILED", "bad_signature", "not_genuine")
    assert "改动" in (seal_fault(forged) or "")


@pytest.mark.parametrize(
    "change", [lambda d: d + b"\n", lambda d: d + b"%%EOF\n", lambda d: d + b"junk" * 100]
)
def test_anything_appended_fails(house: House, sealed: bytes, change: Callable[[bytes], bytes]) -> None:
    got = house.check(change(sealed))
    assert (got.result, got.status) == ("FAILED", "bad_signature")


def test_a_changed_attachment_never_passes(house: House, sealed: bytes) -> None:
    assert house.check(another_attachment(sealed)).result != "PASSED"


def test_no_changed_byte_passes(house: House, sealed: bytes) -> None:
    """Every 199th byte; where the structure still stands or the digest can be told, the answer is FAILED."""
    results = []
    gap = sealed.index(b"/Contents <") if b"/Contents <" in sealed else sealed.index(b"/ByteRange")
    for at in range(0, len(sealed), 199):
        bent = bytearray(sealed)
        bent[at] ^= 0x04
        got = house.check(bytes(bent))
        if gap < at < gap + 12400 and got.result == "PASSED":
            continue  # unused room after the signature itself, which covers everything but that room
        assert got.result != "PASSED", at
        results.append(got.result)
    assert results.count("FAILED") > 0.9 * len(results)


@pytest.mark.parametrize("version", [b"42", b"ff", b"7f"])
def test_a_certificate_of_no_known_version_is_an_answer(house: House, sealed: bytes, version: bytes) -> None:
    """The version inside the signer's certificate (RFC 5280, 4.1.2.1: ``[0] INTEGER 2``) bent."""
    found = re.search(rb"a003020102", sealed, re.IGNORECASE)
    assert found is not None
    bent = sealed[: found.end() - 2] + version + sealed[found.end() :]
    assert house.check(bent).result == "FAILED"


def test_a_file_cut_short_is_no_forgery(house: House, sealed: bytes) -> None:
    for length in (0, 4, 20, 1000, len(sealed) // 2, len(sealed) - 700):
        got = house.check(sealed[:length])
        assert (got.result, got.status) == ("INDETERMINATE", "unreadable"), length


def test_an_unsealed_page_with_a_genuine_attachment_fails(house: House, sealed: bytes) -> None:
    """The seal taken off, everything else kept."""
    reader = PdfFileReader(io.BytesIO(sealed))
    writer = copy_into_new_writer(reader)
    del writer.root["/AcroForm"]
    out = io.BytesIO()
    writer.write(out)
    got = house.check(out.getvalue())
    assert (got.result, got.status) == ("FAILED", "bad_signature")


def test_a_page_sealed_by_somebody_else_cannot_be_vouched_for(house: House, tmp_path: Path) -> None:
    """Genuine token and attachment on another page, under a seal of the forger's own with the department's
    name."""
    ring = FileKeyRing(tmp_path / "keys")
    ring.ensure(NOW)
    forged = house.seal(
        house.page(house.token()), attached(house.token()), PadesSealer(ring, tmp_path / "keys")
    )
    got = house.check(forged)
    assert (got.result, got.status) == ("INDETERMINATE", "unknown_key")
    assert "file" in got.not_checked
    assert house.check(house.file(), roots_pem=b"").status == "unknown_key"


def test_printed_values_must_be_those_the_token_vouches_for(house: House) -> None:
    got = house.check(house.file(printed=PRINTED | {"fields.经营场所": "别处1号"}))
    assert (got.result, got.status) == ("FAILED", "bad_signature")
    assert house.check(house.file(salt="00" * 16)).result == "FAILED"
    assert house.check(house.file(identifier="A" * 16)).result == "FAILED"


def test_the_code_on_the_page_must_be_the_attached_token(house: House) -> None:
    token, other = house.token(), house.token(log_index=99)
    got = house.check(house.file(token, house.page(other)))
    assert (got.result, got.status) == ("FAILED", "bad_signature")


def test_a_forged_token_inside_a_file(house: House) -> None:
    bent = house.token()[:-1] + bytes([house.token()[-1] ^ 1])
    assert house.check(house.file(bent)).status == "bad_signature"
    assert house.check(house.file(), now=NOW, roots_pem=b"").result == "INDETERMINATE"
    assert check_pdf(house.file(), [], now=NOW, roots_pem=house.sealer.ca_pem()).status == "unknown_key"


@pytest.mark.parametrize(
    "attachment",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'{"printed":{},"printed":{}}',
        b'{"printed":{"a":1},"salt":"00","token":"A","identifier":""}',
    ],
)
def test_strange_attachments(house: House, attachment: bytes) -> None:
    got = house.check(house.seal(house.page(house.token()), attachment))
    assert (got.result, got.status) == ("INDETERMINATE", "unreadable")


@pytest.mark.parametrize("salt", ["", "0" * 31, "0" * 34, "g" * 32, "AB" * 16, " " * 32, 7, None])
def test_strange_salts(house: House, salt: Any) -> None:
    assert house.check(house.file(salt=salt)).status == "unreadable"


def test_a_page_without_seal_or_attachment_is_not_ours(house: House) -> None:
    assert house.check(house.page(house.token())).status == "unreadable"
    assert seal_fault(house.page(house.token())) == "文件没有电子印章的签名"
    assert seal_fault(b"junk") is not None


def test_encrypted_files_are_refused(house: House, sealed: bytes) -> None:
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(sealed)))
    writer.encrypt(owner_pass="x", user_pass="x")
    out = io.BytesIO()
    writer.write(out)
    got = house.check(out.getvalue())
    assert (got.result, got.status) == ("INDETERMINATE", "unsupported")


def test_huge_pages_are_read_without_huge_memory(house: House) -> None:
    got = house.check(house.file(page=house.page(house.token(), (14000.0, 14000.0))))
    assert got.result in ("PASSED", "FAILED")


# -- hostile files -------------------------------------------------------------------------------------------
def raw_pdf(*objects: bytes, trailer: bytes = b"/Root 1 0 R") -> bytes:
    """A minimal classic file; object 1 is the catalog."""
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    start = len(out)
    count = len(objects) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<</Size %d %s>>\nstartxref\n%d\n%%%%EOF\n" % (
        count,
        table,
        count,
        trailer,
        start,
    )


def stream(data: bytes, more: bytes = b"/Filter /FlateDecode") -> bytes:
    return b"<<%s /Length %d>>\nstream\n%s\nendstream" % (more, len(data), data)


CATALOG = b"<</Type /Catalog /Names 2 0 R /AcroForm 5 0 R>>"
NAMES = b"<</EmbeddedFiles <</Names [(document.json) 3 0 R]>>>>"
SPEC = b"<</EF <</F 4 0 R>>>>"
ZEROS = zlib.compress(b"0" * 200_000_000, 9)

HOSTILE: dict[str, bytes] = {
    "bomb": raw_pdf(CATALOG, NAMES, SPEC, stream(ZEROS), b"<</Fields []>>"),
    "bomb in a bomb": raw_pdf(
        CATALOG,
        NAMES,
        SPEC,
        stream(zlib.compress(ZEROS, 9), b"/Filter [/FlateDecode /FlateDecode]"),
        b"<</Fields []>>",
    ),
    "names of themselves": raw_pdf(CATALOG, b"2 0 R"),
    "catalog of itself": raw_pdf(b"1 0 R"),
    "fields of themselves": raw_pdf(
        CATALOG,
        NAMES,
        SPEC,
        stream(zlib.compress(b"{}")),
        b"<</Fields [5 0 R]>>",
    ),
    "kids in a ring": raw_pdf(
        CATALOG,
        NAMES,
        SPEC,
        stream(zlib.compress(b"{}")),
        b"<</Fields [6 0 R]>>",
        b"<</FT /Sig /T (a) /Kids [6 0 R]>>",
    ),
    "deep": raw_pdf(b"[" * 50_000),
    "deep names": raw_pdf(CATALOG, b"<</A " * 20_000 + b">>" * 20_000),
    "previous of itself": raw_pdf(CATALOG, NAMES, trailer=b"/Root 1 0 R /Prev 9"),
    "no root": raw_pdf(CATALOG, trailer=b""),
    "root of another kind": raw_pdf(b"(text)"),
    "signature of strings": raw_pdf(
        CATALOG,
        NAMES,
        SPEC,
        stream(zlib.compress(b"{}")),
        b"<</Fields [6 0 R]>>",
        b"<</FT /Sig /T (a) /V <</ByteRange (x) /Contents (y)>>>>",
    ),
    "huge length": raw_pdf(CATALOG, NAMES, SPEC, b"<</Length 999999999999>>\nstream\nx\nendstream"),
    "huge size": raw_pdf(CATALOG, trailer=b"/Root 1 0 R /Size 99999999999"),
    "only a header": b"%PDF-1.7",
    "startxref far away": b"%PDF-1.7\nstartxref\n99999999999999999999\n%%EOF",
    "startxref below zero": b"%PDF-1.7\nstartxref\n-5\n%%EOF",
    "byte ranges": b"%PDF-1.7 document.json /ByteRange [0 10 5 2] /ByteRange [0 1 2 3]",
    "byte range far away": b"%PDF-1.7 document.json /ByteRange [0 1 999999999 999999999]",
    "too large": b"%PDF-1.7" + bytes(30 * 1024 * 1024),
}


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_files_get_an_answer(house: House, name: str) -> None:
    got = house.check(HOSTILE[name])
    assert got.result != "PASSED"
    assert got.document is None


@pytest.mark.timeout(60)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mangled_files_get_an_answer(house: House, sealed: bytes, data: st.DataObject) -> None:
    """Pieces cut out, doubled or overwritten anywhere."""
    bent = bytearray(sealed)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(bent) - 1))
        length = data.draw(st.integers(0, 64))
        bent[at : at + length] = data.draw(
            st.binary(max_size=64) | st.just(bytes(bent[at : at + length]) * 2)
        )
    got = house.check(bytes(bent))
    assert got.result != "PASSED" or bytes(bent) == sealed or differs_only_in_the_gap(sealed, bytes(bent))


def differs_only_in_the_gap(one: bytes, two: bytes) -> bool:
    begin, end = one.rindex(b"<3"), one.rindex(b"0>")
    return len(one) == len(two) and one[:begin] == two[:begin] and one[end:] == two[end:]


@given(st.binary(max_size=300))
def test_any_bytes_get_an_answer(data: bytes) -> None:
    for made in (data, b"%PDF-1.7\n" + data):
        assert check_pdf(made, [], now=NOW).result == "INDETERMINATE"


# -- the table -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("status", "result"),
    [
        ("unreadable", "INDETERMINATE"),
        ("unsupported", "INDETERMINATE"),
        ("unknown_key", "INDETERMINATE"),
        ("not_found", "INDETERMINATE"),
        ("unavailable", "INDETERMINATE"),
        ("bad_signature", "FAILED"),
        ("log_mismatch", "FAILED"),
        ("revoked", "FAILED"),
        ("suspended", "FAILED"),
        ("superseded", "FAILED"),
        ("expired", "FAILED"),
        ("valid", "PASSED"),
    ],
)
def test_the_table_from_status_to_result(status: Any, result: str) -> None:
    got = answer(status, checked=["file", "signature"])
    assert got.result == result
    assert got.checked == ("signature", "file")
    assert sorted((*got.checked, *got.not_checked)) == sorted(CHECKS)
    assert EXIT_CODES[got.result] == {"PASSED": 0, "FAILED": 1, "INDETERMINATE": 2}[result]
    genuine = answer(status, genuine=True)
    assert genuine.result == result
    assert genuine.authenticity == ("genuine" if status == "unavailable" else got.authenticity)


def test_labels_of_fields() -> None:
    assert (field_label("number"), field_label("fields.坐落"), field_label("else")) == (
        "编号",
        "坐落",
        "else",
    )
    assert base64.b32encode(ID).decode() == to_base32(ID)
