"""Reads a sealed PDF that may come from anybody: seal, coverage, attachment. Nothing from it is rendered or
executed.

A right seal here is narrower than in PDF viewers: exactly one certification signature (DocMDP 1) over the
whole file. Whatever was appended afterwards, even what a viewer calls a permitted change, makes it another
file.
"""

from __future__ import annotations

import hashlib
import io
import re
import struct
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm
from pyhanko.sign.validation import SignatureCoverageLevel
from pyhanko.sign.validation.generic_cms import validate_sig_integrity

__all__ = [
    "ATTACHMENT",
    "MAX_PDF",
    "NotReadable",
    "SealedFile",
    "altered_beyond_reading",
    "read_sealed",
    "seal_fault",
]

MAX_PDF: Final = 30 * 1024 * 1024
ATTACHMENT: Final = "document.json"
_MAX_ATTACHMENT: Final = 1024 * 1024
_MOST_NAMES: Final = 64
_LONGEST_CHAIN: Final = 5
_BYTE_RANGE: Final = re.compile(rb"/ByteRange\s*\[\s*(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s+(\d{1,9})\s*\]")
#: what every file we sealed shows in plain bytes
_OURS: Final = (b"/EmbeddedFile", b"/DocMDP", b"/ETSI.CAdES.detached")
#: everything the parsers are known to raise on hostile bytes; whatever they raise means the file is not
#: readable
_HOSTILE: Final = (
    PdfError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    EOFError,
    OSError,
    MemoryError,
    struct.error,
    zlib.error,
    InvalidSignature,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    x509.ExtensionNotFound,
    x509.AttributeNotFound,
)


class NotReadable(Exception):
    """Not a file this program can judge. ``encrypted``: it asks for a password."""

    def __init__(self, *, encrypted: bool = False) -> None:
        super().__init__("encrypted" if encrypted else "not readable")
        self.encrypted = encrypted


@dataclass(frozen=True)
class SealedFile:
    """What was found. ``fault``: what is wrong with the seal, in Chinese, None when right. ``attachment``:
    the bytes of ``document.json``, None when there is none. ``trusted``: the signer's certificate chains to a
    given root."""

    attachment: bytes | None
    fault: str | None
    trusted: bool


def read_sealed(data: bytes, roots_pem: bytes = b"") -> SealedFile:
    """Examine the file; ``NotReadable`` when it is too large, encrypted, or no PDF that can be parsed."""
    if len(data) > MAX_PDF or b"%PDF-" not in data[:1024]:
        raise NotReadable
    try:
        reader = PdfFileReader(io.BytesIO(data))
        if reader.encrypted:
            raise NotReadable(encrypted=True)
        attachment = _attachment(reader)
        signatures = list(reader.embedded_signatures)
    except _HOSTILE as fault:
        raise NotReadable from fault
    try:
        fault_text = _fault(signatures)
        trusted = fault_text is None and _chains(signatures[0], _roots(roots_pem))
    except _HOSTILE:
        fault_text, trusted = "电子印章的签名数据已损坏", False
    return SealedFile(attachment, fault_text, trusted)


def seal_fault(data: bytes) -> str | None:
    """What is wrong with the seal of a file of ours, in Chinese; None when it is right. Says nothing of who
    signed."""
    try:
        found = read_sealed(data)
    except NotReadable:
        return "文件读不出来，或不是加盖电子印章的 PDF"
    if found.fault is None and found.attachment is None:
        return "文件里缺少 document.json"
    return found.fault


def altered_beyond_reading(data: bytes) -> bool:
    """For a file that does not parse: whether it still shows one seal of ours whose bytes no longer agree
    with it.

    A file cut short is no forgery, so it is not called altered.
    """
    found = _BYTE_RANGE.findall(data)
    if len(found) != 1 or len(data) > MAX_PDF or not all(mark in data for mark in _OURS):
        return False
    begin, first, second, length = (int(number) for number in found[0])
    if begin != 0 or first >= second or second + length > len(data):
        return False
    if second + length < len(data):
        return True
    return hashlib.sha256(data[:first] + data[second:]).digest() != _message_digest(data[first:second])


def _message_digest(contents: bytes) -> bytes | None:
    """The digest the seal vouches for, out of the hexadecimal string in angle brackets."""
    try:
        signed = cms.ContentInfo.load(bytes.fromhex(contents.strip(b"<> \r\n").decode("ascii")), strict=False)
        for attribute in signed["content"]["signer_infos"][0]["signed_attrs"]:
            if attribute["type"].native == "message_digest":
                return bytes(attribute["values"][0].native)
    except _HOSTILE:
        return None
    return None


def _attachment(reader: PdfFileReader) -> bytes | None:
    root = reader.root
    if "/Names" not in root or "/EmbeddedFiles" not in root["/Names"]:
        return None
    tree = root["/Names"]["/EmbeddedFiles"]
    if "/Names" not in tree:
        return None
    names = tree["/Names"]
    found = [
        names[at + 1].get_object()["/EF"]["/F"].get_object().data
        for at in range(0, min(len(names) - 1, _MOST_NAMES), 2)
        if str(names[at]) == ATTACHMENT
    ]
    if len(found) > 1 or (found and len(found[0]) > _MAX_ATTACHMENT):
        raise ValueError("not one small attachment")
    return bytes(found[0]) if found else None


def _fault(signatures: list[Any]) -> str | None:
    if not signatures:
        return "文件没有电子印章的签名"
    if len(signatures) > 1:
        return "文件上有不止一个签名"
    seal = signatures[0]
    seal.compute_integrity_info(skip_diff=True)
    digest = seal.compute_digest()
    intact, valid = validate_sig_integrity(seal.signer_info, seal.signer_cert, "data", digest)
    if not intact or not valid:
        return "文件内容与电子印章的签名不符"
    if seal.coverage is not SignatureCoverageLevel.ENTIRE_FILE:
        return "文件在盖章之后又被改动或添加了内容"
    if seal.docmdp_level is not MDPPerm.NO_CHANGES:
        return "电子印章不是禁止修改的认证签名"
    return None


def _chains(seal: Any, roots: list[x509.Certificate]) -> bool:
    """Whether the signer's certificate leads to a given root, each one in force when the seal was made."""
    moment = seal.self_reported_timestamp
    if not roots or moment is None or moment.tzinfo is None:
        return False
    current = _plain(seal.signer_cert)
    others = [_plain(certificate) for certificate in seal.other_embedded_certs[:_LONGEST_CHAIN]]
    for _ in range(_LONGEST_CHAIN):
        if not _in_force(current, moment):
            return False
        if current in roots or any(_issued(current, root) and _in_force(root, moment) for root in roots):
            return True
        above = next((other for other in others if _is_authority(other) and _issued(current, other)), None)
        if above is None or above == current:
            return False
        current = above
    return False


def _in_force(certificate: x509.Certificate, moment: datetime) -> bool:
    return certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _plain(certificate: Any) -> x509.Certificate:
    return x509.load_der_x509_certificate(certificate.dump())


def _roots(roots_pem: bytes) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(roots_pem) if roots_pem.strip() else []
