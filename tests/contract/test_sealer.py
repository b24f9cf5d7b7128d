"""The sealed file, read by pyHanko's validator, by poppler and by pdfium."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import time
from datetime import UTC, datetime
from math import cos, radians, sin
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from asn1crypto import pem
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from reportlab.pdfgen.canvas import Canvas

from dispatch.adapters.keyring import FileKeyRing
from dispatch.adapters.sealer import PadesSealer
from dispatch.documents.seal_image import SIZE, VERMILION, empty_area, seal_image
from dispatch.errors import Rejected
from dispatch.ports import Appearance, Sealer
from labels.fonts import FontBook, MissingGlyph

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)
DEPARTMENT = "景宁畲族自治县市场监督管理局"
ATTACHMENT = json.dumps({"printed": {"title": "试"}, "salt": "00", "token": "", "identifier": ""}).encode()
BOX = (380.2, 80.7, 380.2 + SIZE, 80.7 + SIZE)


@pytest.fixture(scope="module")
def fonts() -> FontBook:
    return FontBook()


@pytest.fixture(scope="module")
def page(fonts: FontBook) -> bytes:
    out = io.BytesIO()
    make: Any = Canvas
    canvas = make(out, invariant=1, initialFontName=fonts.font_name("serif"))
    for _ in range(2):
        canvas.setFont(fonts.font_name("serif"), 14)
        canvas.drawString(60, 700, "食品经营许可证")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


@pytest.fixture
def keys(tmp_path: Path) -> FileKeyRing:
    ring = FileKeyRing(tmp_path / "keys")
    ring.ensure(NOW)
    return ring


@pytest.fixture
def sealer(keys: FileKeyRing, tmp_path: Path) -> PadesSealer:
    return PadesSealer(keys, tmp_path / "keys", development=True)


@pytest.fixture
def appearance(fonts: FontBook) -> Appearance:
    return Appearance(1, BOX, seal_image(DEPARTMENT, fonts, sample=True))


def sealed_by(sealer: Sealer, page: bytes, appearance: Appearance, department: str = DEPARTMENT) -> bytes:
    return sealer.certify(
        page, appearance=appearance, department=department, attachment=ATTACHMENT, now=NOW, sample=True
    )


def status_of(pdf: bytes, ca: bytes) -> Any:
    roots = [asn1.Certificate.load(der) for _, _, der in pem.unarmor(ca, multiple=True)]
    (signature,) = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    context = ValidationContext(trust_roots=roots, allow_fetching=False, moment=NOW)
    return signature, validate_pdf_signature(signature, context)


def test_one_certification_signature_that_chains_to_our_root(
    sealer: PadesSealer, page: bytes, appearance: Appearance
) -> None:
    signature, status = status_of(sealed_by(sealer, page, appearance), sealer.ca_pem())
    assert status.bottom_line
    assert "ENTIRE_FILE" in str(status.coverage)
    assert signature.docmdp_level.value == 1
    assert status.signing_cert.subject.native["common_name"] == DEPARTMENT
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert signature.sig_object["/Reason"] == "演示样本 不具法律效力"
    assert signature.self_reported_timestamp == NOW
    assert signature.sig_object["/Name"] == DEPARTMENT


def test_every_seal_of_a_department_is_its_own_and_shaped_alike(
    sealer: PadesSealer, page: bytes, appearance: Appearance
) -> None:
    """The first seal, and those that come from its mould: other bytes under them, the same attributes in them."""
    first, second = (
        sealed_by(sealer, page, appearance),
        sealed_by(sealer, page + b"% another page\n", appearance),
    )
    signers = []
    for pdf in (first, second):
        signature, status = status_of(pdf, sealer.ca_pem())
        assert status.bottom_line
        signers.append(signature.signer_info)
    names = [[attribute["type"].native for attribute in signer["signed_attrs"]] for signer in signers]
    assert names[0] == names[1]
    assert {"content_type", "message_digest", "signing_certificate_v2"} <= set(names[0])
    assert "signing_time" not in names[0]  # PAdES: the time stands in the signature dictionary
    assert signers[0]["signature"].native != signers[1]["signature"].native
    assert not signers[0]["unsigned_attrs"].native


def test_poppler_agrees(sealer: PadesSealer, page: bytes, appearance: Appearance, tmp_path: Path) -> None:
    tool = shutil.which("pdfsig")
    if tool is None:
        pytest.skip("poppler-utils is not installed: pdfsig is missing")
    file = tmp_path / "sealed.pdf"
    file.write_bytes(sealed_by(sealer, page, appearance))
    said = subprocess.run([tool, "-nocert", str(file)], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert said.count("Signature #") == 1


def test_attachment_and_signature_share_one_increment(
    sealer: PadesSealer, page: bytes, appearance: Appearance
) -> None:
    pdf = sealed_by(sealer, page, appearance)
    assert pdf.startswith(page)
    assert pdf.count(b"%%EOF") == page.count(b"%%EOF") + 1
    root = PdfFileReader(io.BytesIO(pdf)).root
    name, entry = root["/Names"]["/EmbeddedFiles"]["/Names"]
    assert name == "document.json"
    assert entry.get_object()["/EF"]["/F"].get_object().data == ATTACHMENT
    (associated,) = root["/AF"]
    assert associated.get_object()["/AFRelationship"] == "/Data"


def test_the_seal_is_seen_where_it_should_be(
    sealer: PadesSealer, page: bytes, appearance: Appearance
) -> None:
    document = pypdfium2.PdfDocument(sealed_by(sealer, page, appearance))
    document.init_forms()
    plain, image = (
        document[number].render(scale=2, may_draw_forms=True).to_pil().convert("RGB") for number in (0, 1)
    )
    red = tuple(round(part * 255) for part in VERMILION)
    assert plain.getcolors(1 << 24) and red not in {colour for _, colour in plain.getcolors(1 << 24) or []}
    height = image.height
    box = [round(2 * edge) for edge in (BOX[0], height / 2 - BOX[3], BOX[2], height / 2 - BOX[1])]
    inside = image.crop((box[0] - 4, box[1] - 4, box[2] + 4, box[3] + 4))
    count = sum(number for number, colour in inside.getcolors(1 << 24) or [] if colour == red)
    total = sum(number for number, colour in image.getcolors(1 << 24) or [] if colour == red)
    assert count == total > 3000


def test_the_page_itself_is_untouched(sealer: PadesSealer, page: bytes, appearance: Appearance) -> None:
    before, after = (
        pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_bounded()
        for pdf in (page, sealed_by(sealer, page, appearance))
    )
    assert before == after


def test_fonts_of_the_seal_are_embedded(
    sealer: PadesSealer, page: bytes, appearance: Appearance, tmp_path: Path
) -> None:
    if shutil.which("pdffonts") is None:
        pytest.skip("poppler-utils is not installed: pdffonts is missing")
    file = tmp_path / "sealed.pdf"
    file.write_bytes(sealed_by(sealer, page, appearance))
    rows = subprocess.run(
        ["pdffonts", str(file)], capture_output=True, text=True, check=True
    ).stdout.splitlines()[2:]
    assert rows
    assert all(re.search(r"\byes\s+yes\s+yes\s+\d+\s+\d+$", row) for row in rows), rows


def test_every_department_signs_under_its_own_name(
    sealer: PadesSealer, page: bytes, appearance: Appearance
) -> None:
    for name in ("龙泉市水利局", "局" * 80, "A/../../B", ".."):
        _, status = status_of(sealed_by(sealer, page, appearance, name), sealer.ca_pem())
        assert status.bottom_line
        subject = status.signing_cert.subject.native
        assert subject["organization_name"] == name
        assert subject["common_name"] == name[:21]


def test_another_process_uses_the_same_root_and_certificates(
    sealer: PadesSealer, keys: FileKeyRing, page: bytes, appearance: Appearance, tmp_path: Path
) -> None:
    other = PadesSealer(FileKeyRing(tmp_path / "keys"), tmp_path / "keys", development=True)
    assert other.ca_pem() == sealer.ca_pem()
    first, second = (status_of(sealed_by(s, page, appearance), sealer.ca_pem())[1] for s in (sealer, other))
    assert first.signing_cert.dump() == second.signing_cert.dump()


def test_a_rotated_seal_key_is_used_at_once_and_old_files_stay_right(
    sealer: PadesSealer, keys: FileKeyRing, page: bytes, appearance: Appearance
) -> None:
    old = sealed_by(sealer, page, appearance)
    keys.rotate("seal", NOW)
    new = sealed_by(sealer, page, appearance)
    first, second = (status_of(pdf, sealer.ca_pem())[1] for pdf in (old, new))
    assert first.bottom_line
    assert second.bottom_line
    assert first.signing_cert.public_key.dump() != second.signing_cert.public_key.dump()


def test_secrets_are_not_for_others(
    sealer: PadesSealer, page: bytes, appearance: Appearance, tmp_path: Path
) -> None:
    sealed_by(sealer, page, appearance)
    for path in (tmp_path / "keys" / "ca").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_production_wants_a_seal_of_the_departments_own(
    keys: FileKeyRing, page: bytes, appearance: Appearance, tmp_path: Path
) -> None:
    folder = tmp_path / "keys" / "ca"
    strict = PadesSealer(keys, tmp_path / "keys", development=False)
    assert strict.ca_pem() == b""
    with pytest.raises(Rejected) as refused:
        sealed_by(strict, page, appearance)
    assert refused.value.code == "no_seal"

    own = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, DEPARTMENT)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(own.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2030, 1, 1, tzinfo=UTC))
        .sign(own, hashes.SHA256())
    )
    provided = folder / "provided"
    provided.mkdir(parents=True)
    (provided / f"{DEPARTMENT}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (provided / f"{DEPARTMENT}.key").write_bytes(b"junk")
    with pytest.raises(Rejected) as broken:
        sealed_by(strict, page, appearance)
    assert broken.value.code == "broken_seal"
    (provided / f"{DEPARTMENT}.key").write_bytes(
        own.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    signature, status = status_of(sealed_by(strict, page, appearance), strict.ca_pem())
    assert status.intact
    assert status.valid
    assert signature.signer_cert.serial_number == 7
    with pytest.raises(Rejected):
        sealed_by(strict, page, appearance, "龙泉市水利局")


@pytest.mark.parametrize("pdf", [b"", b"junk", b"%PDF-1.4\n%%EOF"])
def test_what_is_no_pdf_is_refused(sealer: PadesSealer, appearance: Appearance, pdf: bytes) -> None:
    with pytest.raises(Rejected):
        sealed_by(sealer, pdf, appearance)


def test_a_page_that_is_not_there_is_refused(
    sealer: PadesSealer, page: bytes, appearance: Appearance
) -> None:
    with pytest.raises(Rejected):
        sealed_by(sealer, page, Appearance(7, BOX, appearance.pdf))


def test_sealing_is_quick(sealer: PadesSealer, page: bytes, appearance: Appearance) -> None:
    """About 12 ms on the machine this was written on; ten times that would mean the key is loaded each
    time."""
    sealed_by(sealer, page, appearance)
    took = []
    for _ in range(9):
        began = time.perf_counter()
        sealed_by(sealer, page, appearance)
        took.append(time.perf_counter() - began)
    assert sorted(took)[4] < 0.12


# -- the picture ---------------------------------------------------------------------------------------------
def test_the_picture_is_the_same_for_the_same_name(fonts: FontBook) -> None:
    assert seal_image(DEPARTMENT, fonts, sample=True) == seal_image(DEPARTMENT, fonts, sample=True)
    assert seal_image(DEPARTMENT, fonts, sample=True) != seal_image(DEPARTMENT, fonts, sample=False)


@pytest.mark.parametrize("name", ["局", DEPARTMENT, "某" * 80, "𬭎" * 3 + "县水利局"])
@pytest.mark.parametrize("sample", [True, False])
def test_the_picture_holds_the_name_and_what_it_is(fonts: FontBook, name: str, sample: bool) -> None:
    page = pypdfium2.PdfDocument(seal_image(name, fonts, sample=sample))[0]
    text = re.sub(r"\s", "", page.get_textpage().get_text_bounded())
    assert text.count(name[0]) >= name.count(name[0])
    assert ("演示用章" if sample else "电子印章") in text
    assert ("电子印章" if sample else "演示用章") not in text


def test_the_characters_of_a_long_name_do_not_touch_the_ring(fonts: FontBook) -> None:
    """Between ring and name there is a circle of white."""
    for count in (2, 14, 40, 80):
        image = (
            pypdfium2.PdfDocument(seal_image("国" * count, fonts, sample=True))[0]
            .render(scale=6)
            .to_pil()
            .convert("L")
        )
        radius = (SIZE / 2 - 2.6 - 1.6) * 6
        centre = image.width / 2
        between = [
            image.getpixel((round(centre + radius * x), round(centre - radius * y))) for x, y in _circle()
        ]
        assert min(between) > 200, count


def _circle() -> list[tuple[float, float]]:
    return [(cos(radians(degree)), sin(radians(degree))) for degree in range(360)]


def test_a_character_no_face_has_is_refused(fonts: FontBook) -> None:
    with pytest.raises(MissingGlyph):
        seal_image("\U0003fffd局", fonts, sample=True)


# -- the area that stays empty for ink -----------------------------------------------------------------------
@pytest.mark.parametrize("name", ["局", DEPARTMENT, "某" * 80, "𬭎" * 3 + "县水利局"])
def test_the_empty_area_names_the_department_below_and_leaves_room_above(fonts: FontBook, name: str) -> None:
    made = empty_area(name, fonts)
    assert made == empty_area(name, fonts)
    page = pypdfium2.PdfDocument(made)[0]
    text = re.sub(r"\s", "", page.get_textpage().get_text_bounded())
    assert text.count(name[0]) >= name.count(name[0])
    assert "盖章处" in text and "印章" not in text and "用章" not in text
    image = page.render(scale=4).to_pil().convert("RGB")
    inside = image.crop((12, 12, image.width - 12, round(image.height * 0.7)))
    assert {pixel for _, pixel in inside.getcolors()} == {(255, 255, 255)}, "issuer and date stand here"
    assert all(r == g == b for _, (r, g, b) in image.getcolors()), "no vermilion without a seal"


def test_a_paper_sealed_by_hand_is_certified_like_any_other(
    sealer: PadesSealer, page: bytes, fonts: FontBook
) -> None:
    made = sealed_by(sealer, page, Appearance(1, BOX, empty_area(DEPARTMENT, fonts)))
    signature, status = status_of(made, sealer.ca_pem())
    assert status.bottom_line and signature.docmdp_level.value == 1
    whole = pypdfium2.PdfDocument(made)
    whole.init_forms()
    shown = whole[1].render(scale=2).to_pil().convert("L")
    left, bottom, right, top = (round(2 * edge) for edge in BOX)
    seen = shown.crop((left, shown.height - top, right, shown.height - bottom))
    assert seen.getextrema()[0] < 200, "the dashed box is seen"
