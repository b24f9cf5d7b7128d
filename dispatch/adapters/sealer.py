"""The department's electronic seal on a finished page: one PAdES B-B certification signature, DocMDP 1.

A production seal is the department's own: ``<keys>/ca/provided/<department>.pem`` (its certificate, then the
chain) and ``<department>.key`` beside it, with the issuer's root in ``<keys>/ca/ca.pem``. Outside production,
departments without one get a certificate from a development authority made here, over the key ring's ``seal``
key.

Attachment, appearance and signature go into one incremental update, so the signature covers the whole file.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from asn1crypto import cms
from asn1crypto import x509 as asn1
from asn1crypto.algos import SignedDigestAlgorithm
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.embed import EmbeddedFileObject, EmbeddedFileParams, FileSpec, embed_file
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import (
    AxisAlignment,
    BoxConstraints,
    InnerScaling,
    LayoutError,
    Margins,
    SimpleBoxLayoutRule,
)
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from dispatch.errors import Rejected, Unavailable
from dispatch.ports import Appearance, KeyRing

__all__ = ["ATTACHMENT", "FIELD", "PadesSealer"]

ATTACHMENT: Final = "document.json"
FIELD: Final = "Seal"
#: hexadecimal digits kept free for the CMS object; three certificates fit
RESERVED: Final = 12288
_FROM: Final = datetime(2020, 1, 1, tzinfo=UTC)
_UNTIL: Final = datetime(2060, 1, 1, tzinfo=UTC)
_MOST_CN: Final = 64  # X.520, ub-common-name, counted in bytes by the library
#: in place of a digest while a mould is made
_MARKER: Final = hashlib.sha256(b"the place of the digest").digest()
#: signed attributes that are the same in every seal of a department, but for the digest
_CONSTANT: Final = frozenset(
    {"content_type", "message_digest", "signing_certificate_v2", "cms_algorithm_protection"}
)
_SIGNED_DATA: Final = bytes(cms.ContentType("signed_data").dump())
_WHOLE_BOX: Final = SimpleBoxLayoutRule(
    x_align=AxisAlignment.ALIGN_MID,
    y_align=AxisAlignment.ALIGN_MID,
    margins=Margins(left=0, right=0, top=0, bottom=0),
    inner_content_scaling=InnerScaling.STRETCH_TO_FIT,
)
#: data in, DER signature out
Sign = Callable[[bytes], bytes]


@dataclass(frozen=True)
class _Seal:
    """One department's certificate, the chain above it, and how to sign."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    sign: Sign


class PadesSealer:
    """The ``Sealer`` over pyHanko. Works offline. Thread-safe; one object per process."""

    def __init__(self, keys: KeyRing, folder: Path, *, development: bool = True) -> None:
        """``folder``: the key folder; certificates live in its ``ca``. ``development``: no seal yet is no
        obstacle."""
        self._keys = keys
        self._folder = folder / "ca"
        self._development = development
        self._lock = threading.Lock()
        self._signers: dict[tuple[str, int], _Signer] = {}

    def certify(
        self,
        pdf: bytes,
        *,
        appearance: Appearance,
        department: str,
        attachment: bytes,
        now: datetime,
        sample: bool,
    ) -> bytes:
        """The sealed file. ``Rejected`` when the page or the seal will not do, ``Unavailable`` when keys
        cannot be read."""
        signer = _At(
            _metadata(department, sample=sample),
            self._signer(department),
            _style(appearance),
            _field(appearance),
        )
        signer.moment = now
        try:
            writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
            _attach(writer, attachment, now)
            sealed = signer.sign_pdf(writer, bytes_reserved=RESERVED)
        except (PdfError, SigningError, LayoutError, ValueError, LookupError, NotImplementedError) as fault:
            raise Rejected("seal_failed", f"无法加盖电子印章：{type(fault).__name__}") from fault
        return bytes(sealed.getvalue())

    def ca_pem(self) -> bytes:
        """The root certificate(s) that seals chain to; empty in production until one is provided."""
        try:
            return (self._folder / "ca.pem").read_bytes()
        except FileNotFoundError:
            return self._authority()[0].public_bytes(serialization.Encoding.PEM) if self._development else b""
        except OSError as fault:
            raise Unavailable("key_folder", "印章证书目录读不出来，请检查数据目录的权限") from fault

    # -- who signs -------------------------------------------------------------------------------------------
    def _signer(self, department: str) -> _Signer:
        kid = self._keys.current("seal").kid
        with self._lock:
            found = self._signers.get((department, kid))
            if found is None:
                found = _Signer(self._provided(department) or self._issued(department, kid))
                self._signers[department, kid] = found
        return found

    def _provided(self, department: str) -> _Seal | None:
        name = department.replace("/", "／").replace("\0", "").lstrip(".")
        certificates, key = (self._folder / "provided" / f"{name}.{ending}" for ending in ("pem", "key"))
        if not name or not certificates.exists():
            return None
        try:
            chain = x509.load_pem_x509_certificates(certificates.read_bytes())
            private = serialization.load_pem_private_key(key.read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as fault:
            raise Rejected("broken_seal", f"{department}的电子印章文件读不出来，请重新登记") from fault
        if (
            not isinstance(private, ec.EllipticCurvePrivateKey)
            or chain[0].public_key() != private.public_key()
        ):
            raise Rejected("broken_seal", f"{department}的电子印章证书与密钥不符，请重新登记")
        return _Seal(chain[0], tuple(chain[1:]), lambda data: private.sign(data, ec.ECDSA(hashes.SHA256())))

    def _issued(self, department: str, kid: int) -> _Seal:
        """The development authority's certificate for this department over the key ring's seal key."""
        if not self._development:
            raise Rejected("no_seal", f"{department}的电子印章尚未登记，请先登记部门印章")
        root, root_key = self._authority()
        name = f"{hashlib.sha256(department.encode()).hexdigest()[:32]}-{kid}.pem"
        target = self._folder / "issued" / name
        if not target.exists():
            jwk = next(key.public_jwk for key in self._keys.all("seal") if key.kid == kid)
            made = _certificate(department, _public_key(jwk or {}), root, root_key)
            _create_only(target, made.public_bytes(serialization.Encoding.PEM))
        certificate = _load_certificate(target)
        return _Seal(certificate, (root,), lambda data: _der(self._keys.sign("seal", kid, data)))

    def _authority(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        """The development authority, made on first use; of two processes the first one's stays."""
        key_file, certificate_file = self._folder / "development.key", self._folder / "development.pem"
        if not key_file.exists():
            _create_only(key_file, _pem(ec.generate_private_key(ec.SECP256R1())))
        try:
            key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        except (OSError, ValueError) as fault:
            raise Rejected("broken_key", "测试印章的签发密钥读不出来，请从密钥备份恢复") from fault
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise Rejected("broken_key", "测试印章的签发密钥类型不符")
        if not certificate_file.exists():
            made = _certificate("", key.public_key(), None, key)
            _create_only(certificate_file, made.public_bytes(serialization.Encoding.PEM))
        return _load_certificate(certificate_file), key


@dataclass(frozen=True)
class _Mould:
    """The DER of one signer's CMS object in the parts between which digest and signature go (RFC 5652, section 5)."""

    before_signers: bytes
    before_attributes: bytes
    attributes: bytes
    before_signature: bytes

    @classmethod
    def of(cls, made: cms.ContentInfo) -> _Mould | None:
        """Taken from an object over ``_MARKER``; None where anything but digest and signature could differ next time."""
        signed = made["content"]
        signer = signed["signer_infos"][0]
        attributes = bytes(signer["signed_attrs"].untag().dump())
        if (
            attributes.count(_MARKER) != 1
            or not {a["type"].native for a in signer["signed_attrs"]} <= _CONSTANT
        ):
            return None
        if signer["unsigned_attrs"].native or signed["crls"].native:
            return None
        head = ("version", "digest_algorithms", "encap_content_info", "certificates")
        return cls(
            before_signers=b"".join(signed[name].dump() for name in head),
            before_attributes=b"".join(
                signer[name].dump() for name in ("version", "sid", "digest_algorithm")
            ),
            attributes=attributes,
            before_signature=signer["signature_algorithm"].dump(),
        )

    def to_sign(self, digest: bytes) -> bytes:
        """The signed attributes, as they are hashed: under the tag of a set."""
        return self.attributes.replace(_MARKER, digest)

    def filled(self, digest: bytes, signature: bytes) -> cms.ContentInfo:
        """The finished object; what is loaded from bytes is dumped as it was loaded."""
        attributes = b"\xa0" + self.to_sign(digest)[1:]
        signer = self.before_attributes + attributes + self.before_signature + _tlv(0x04, signature)
        signed = _tlv(0x30, self.before_signers + _tlv(0x31, _tlv(0x30, signer)))
        return cms.ContentInfo.load(_tlv(0x30, _SIGNED_DATA + _tlv(0xA0, signed)))


def _tlv(tag: int, content: bytes) -> bytes:
    """One DER element."""
    count = len(content)
    if count < 0x80:
        return bytes((tag, count)) + content
    size = count.to_bytes((count.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


class _Signer(Signer):
    """Signs through a callable with the key already loaded; a trial run costs no signature.

    All seals of one department differ in digest and signature only, and building the rest anew took most of the time of
    sealing: it is built once and kept.
    """

    def __init__(self, seal: _Seal) -> None:
        store: Callable[[], Any] = SimpleCertificateStore
        registry = store()
        registry.register_multiple([_asn1(certificate) for certificate in seal.chain])
        mechanism = SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})
        super().__init__(
            signing_cert=_asn1(seal.certificate), cert_registry=registry, signature_mechanism=mechanism
        )
        self._sign = seal.sign
        self._moulds: list[_Mould | None] = []

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        return bytes(72) if dry_run else self._sign(data)

    async def async_sign(
        self, data_digest: bytes, digest_algorithm: str, *rest: Any, **more: Any
    ) -> cms.ContentInfo:
        if not self._moulds:
            made = await super().async_sign(_MARKER, digest_algorithm, *rest, **{**more, "dry_run": True})
            self._moulds.append(_Mould.of(made))
        mould = self._moulds[0]
        if mould is None:
            return await super().async_sign(data_digest, digest_algorithm, *rest, **more)
        return mould.filled(data_digest, self._sign(mould.to_sign(data_digest)))


class _At(PdfSigner):
    """A signer that writes the moment it is given as the time of signing."""

    moment: datetime

    def __init__(
        self,
        metadata: PdfSignatureMetadata,
        signer: Signer,
        style: StaticStampStyle,
        field: fields.SigFieldSpec,
    ) -> None:
        super().__init__(metadata, signer=signer, stamp_style=style, new_field_spec=field)

    def init_signing_session(self, pdf_out: Any, existing_fields_only: bool = False) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self.moment
        return session


class _Picture(PdfContent):
    """The first page of a PDF as a form; copied into each file."""

    def __init__(self, pdf: bytes) -> None:
        super().__init__()
        self._pdf = pdf

    def render(self) -> bytes:
        form = self._ensure_writer.import_page_as_xobject(PdfFileReader(io.BytesIO(self._pdf)))
        self.resources.xobject["/SealPicture"] = form
        left, bottom, right, top = (float(edge) for edge in form.get_object()["/BBox"])
        self.box = BoxConstraints(width=right - left, height=top - bottom)
        return b"/SealPicture Do"


def _metadata(department: str, *, sample: bool) -> PdfSignatureMetadata:
    return PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
        subfilter=fields.SigSeedSubFilter.PADES,
        name=department,
        reason="演示样本 不具法律效力" if sample else "电子印章",
    )


def _style(appearance: Appearance) -> StaticStampStyle:
    return StaticStampStyle(
        background=_Picture(appearance.pdf),
        background_layout=_WHOLE_BOX,
        background_opacity=1.0,
        border_width=0,
    )


def _field(appearance: Appearance) -> fields.SigFieldSpec:
    left, bottom, right, top = appearance.box
    box = (round(left), round(bottom), round(right), round(top))
    return fields.SigFieldSpec(FIELD, on_page=appearance.page, box=box)


def _attach(writer: IncrementalPdfFileWriter, data: bytes, now: datetime) -> None:
    params = EmbeddedFileParams(creation_date=now, modification_date=now)
    stored = EmbeddedFileObject.from_file_data(writer, data, params=params, mime_type="application/json")
    relation = generic.pdf_name("/Data")
    embed_file(writer, FileSpec(ATTACHMENT, ATTACHMENT, embedded_data=stored, af_relationship=relation))


def _certificate(
    department: str,
    public: ec.EllipticCurvePublicKey,
    root: x509.Certificate | None,
    key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    """A department's certificate under ``root``; without one, the root itself."""
    subject = _name(department) if root else _name("证达演示印章根证书")
    authority = x509.BasicConstraints(ca=root is None, path_length=0 if root is None else None)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(root.subject if root else subject)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(authority, critical=True)
        .add_extension(_usage(authority=root is None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _name(text: str) -> x509.Name:
    """The common name holds 64 bytes and is cut at a character; the organization's name is always whole."""
    common = text.encode()[:_MOST_CN].decode("utf-8", "ignore")
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, text),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "演示样本 不具法律效力"),
        ]
    )


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _public_key(jwk: dict[str, str]) -> ec.EllipticCurvePublicKey:
    x, y = (int.from_bytes(_from_base64url(jwk[name]), "big") for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()


def _from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _der(raw: bytes) -> bytes:
    return encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))


def _asn1(certificate: x509.Certificate) -> asn1.Certificate:
    return asn1.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _load_certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as fault:
        raise Rejected("broken_seal", f"印章证书 {path.name} 读不出来，删除后会重新签发") from fault


def _create_only(target: Path, data: bytes) -> None:
    """Write whole or not at all; what another process put there first stays."""
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, target)
    except FileExistsError:
        pass
    except OSError as fault:
        raise Unavailable("key_folder", "印章证书目录无法写入，请检查数据目录的权限") from fault
    finally:
        fresh.unlink(missing_ok=True)
