"""Documents and labels, ours and naive ones."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import qrcode
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from reportlab.graphics import renderPDF
from reportlab.graphics.barcode import createBarcodeDrawing
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from dispatch import outbox
from dispatch.documents.compose import compose_document
from dispatch.documents.finish import finish_document
from dispatch.intake.receive import receive_case
from dispatch.issue import issue_case
from dispatch.rights import CLI
from dispatch.services import Services
from labels.fonts import FontBook
from labels.label import LabelRecord, render_label

from .house import Cases, services_in, temporary_folder
from .measure import Figure, in_turns, seconds

__all__ = ["documents", "labels"]

#: so many departments take turns; each is known before it counts, as in a centre after its first morning
DEPARTMENTS = 5
TEXT = "http://127.0.0.1:8000/v#" + "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" * 7
RECORD = LabelRecord(
    waybill_no="XA000000012ZZ", carrier_name="政务专递", product="寄付", sort_code="330727107", sender_name="县行政服务中心",
    sender_phone="0570-0000000", sender_address="行政服务中心综合出件窗口", recipient_masked="顾**",
    phone_masked="190****1126", region="浙江省金华市磐安县尚湖镇", address_printed="杜家庄村环城路349号23幢2单元",
    qr_text="http://127.0.0.1:8000/c#01KAH3B6B9VQ3S2T4X5Y6Z7A8B",
)  # fmt: skip


# -- documents -----------------------------------------------------------------------------------------------------
def documents(rounds: int) -> Figure:
    """Milliseconds from an issued case's fields to a stored, sealed document; database and files included."""
    with temporary_folder() as folder:
        services = services_in(folder)
        font, key, certificate = _naive_tools(folder, services.fonts)
        fields_of = _Waiting(services)
        lines = fields_of.lines

        def ours() -> float:
            return 1000 * _finish_one(services, fields_of.next())

        def naive() -> float:
            target = folder / "naive.pdf"
            return 1000 * seconds(lambda: target.write_bytes(naive_document(lines, font, key, certificate)))

        mine, theirs = in_turns(ours, naive, rounds, warm=DEPARTMENTS)
        services.store.engine.dispose()
    what = "per document: font read, QR as PNG by default settings, SimpleSigner loaded; no database, no reading back"
    return Figure("ms per sealed document", "lower", mine, theirs, rounds, what)


class _Waiting:
    """Documents that wait to be composed, made as needed."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._cases = Cases(most=DEPARTMENTS)
        first = self._cases.take(1)[0]
        document = first["documents"][0]
        self.lines = [
            document["title"],
            first["applicant"]["name"],
            *(f"{k}：{v}" for k, v in document["fields"].items()),
        ]

    def next(self) -> outbox.Claim:
        """A claimed ``document.compose``. What else is due meanwhile is left alone."""
        while True:
            for case in self._cases.take(1):
                receive_case(self._services, CLI, case, source="api")
                issue_case(self._services, CLI, case["acceptance_no"])
            claim = _claim(self._services, "document.compose")
            if claim is not None:
                return claim


def _claim(services: Services, step: str) -> outbox.Claim | None:
    """The oldest due row of this step; rows of other steps on the way stay claimed, nobody works on them."""
    while (claim := outbox.claim_next(services.store)) is not None:
        if claim.step == step:
            return claim
    return None


def _finish_one(services: Services, claim: outbox.Claim) -> float:
    """Seconds of both steps; taking them from the outbox is not counted."""
    composing = seconds(lambda: compose_document(services, claim))
    finish = _claim(services, "document.finish")
    if finish is None:
        raise RuntimeError("a demonstration document could not be composed")
    return composing + seconds(lambda: finish_document(services, finish))


def naive_document(lines: Sequence[str], font: Path, key: Path, certificate: Path) -> bytes:
    """A page and its signature, the way the libraries' tutorials show it."""
    pdfmetrics.registerFont(TTFont("naive", str(font)))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4)
    for number, line in enumerate(lines):
        canvas.setFont("naive", 26 if number == 0 else 13)
        canvas.drawString(25 * mm, A4[1] - (30 + 12 * number) * mm, line)
    picture = io.BytesIO()
    qrcode.make(TEXT).save(picture, "PNG")
    canvas.drawImage(ImageReader(picture), 25 * mm, 25 * mm, 30 * mm, 30 * mm)
    canvas.save()
    signer = signers.SimpleSigner.load(str(key), str(certificate))
    how = signers.PdfSignatureMetadata(
        field_name="Signature", subfilter=fields.SigSeedSubFilter.PADES, certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )  # fmt: skip
    return bytes(signers.sign_pdf(IncrementalPdfFileWriter(out), how, signer=signer).getvalue())


def _naive_tools(folder: Path, book: FontBook) -> tuple[Path, Path, Path]:
    """The same typeface as a plain file, and a key of the same kind with its certificate."""
    font, key_file, certificate_file = (folder / name for name in ("naive.ttf", "naive.key", "naive.crt"))
    font.write_bytes(book.data(book.font_name("serif")))
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "naive")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now).not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.KeyUsage(True, True, False, False, False, False, False, False, False), critical=True
        )
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return font, key_file, certificate_file


# -- labels --------------------------------------------------------------------------------------------------------
def labels(rounds: int) -> Figure:
    """Milliseconds for one label of 100 × 180 mm as PDF."""
    with temporary_folder() as folder:
        book = FontBook()
        font = folder / "naive.ttf"
        font.write_bytes(book.data(book.font_name("sans")))
        mine, theirs = in_turns(
            lambda: 1000 * seconds(lambda: render_label(RECORD, "100x180", book)),
            lambda: 1000 * seconds(lambda: naive_label(font)),
            rounds,
            warm=2,
        )
    what = "font read per label, createBarcodeDrawing and QrCodeWidget of reportlab; no zones, nothing fitted"
    return Figure("ms per label", "lower", mine, theirs, rounds, what)


def naive_label(font: Path) -> bytes:
    """The same words and codes, one below the other."""
    pdfmetrics.registerFont(TTFont("naive", str(font)))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(100 * mm, 180 * mm))
    words: list[Any] = [value for value in vars(RECORD).values() if isinstance(value, str) and value]
    for number, word in enumerate(words):
        canvas.setFont("naive", 9)
        canvas.drawString(4 * mm, (120 - 6 * number) * mm, word)
    bars = createBarcodeDrawing("Code128", value=RECORD.waybill_no, barHeight=14 * mm, humanReadable=True)
    renderPDF.draw(bars, canvas, 4 * mm, 150 * mm)
    code = Drawing(30 * mm, 30 * mm)
    code.add(QrCodeWidget(RECORD.qr_text, barLevel="M", barWidth=30 * mm, barHeight=30 * mm))
    renderPDF.draw(code, canvas, 65 * mm, 4 * mm)
    canvas.save()
    return out.getvalue()
