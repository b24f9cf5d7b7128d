"""The key folder as one file under a passphrase: scrypt and AES-256-GCM over a tar archive.

Kept apart from backups: whoever has both reads everything, whoever has one reads nothing.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from pathlib import Path, PurePosixPath

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import Rejected

__all__ = ["SHORTEST", "export_keys", "import_keys"]

SHORTEST = 12
_HEAD = b"ZDKEYS1\0"
_N, _R, _P = 2**15, 8, 3  # OWASP password storage cheat sheet: scrypt with 32 MiB
_LARGEST = 50 * 2**20


def export_keys(folder: Path, passphrase: str) -> bytes:
    """Every file of the key folder, encrypted. ``Rejected`` for a short passphrase or an empty folder."""
    if len(passphrase) < SHORTEST:
        raise Rejected("passphrase", f"口令至少 {SHORTEST} 个字符。密钥的安全全靠它。")
    names = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    if not names:
        raise Rejected("no_keys", "这里还没有密钥，请先运行 python -m dispatch init")
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path in names:
            data = path.read_bytes()
            entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
            entry.size, entry.mode = len(data), 0o600
            archive.addfile(entry, io.BytesIO(data))
    salt, nonce = os.urandom(16), os.urandom(12)
    return _HEAD + salt + nonce + AESGCM(_key(passphrase, salt)).encrypt(nonce, packed.getvalue(), _HEAD)


def import_keys(folder: Path, sealed: bytes, passphrase: str) -> int:
    """Bring the files back; how many were missing. Safe to repeat.

    ``Rejected`` for a wrong passphrase or an altered file, or when another key stands in a key's place; then nothing
    has been written.
    """
    files = _opened(sealed, passphrase)
    clashes = [
        name
        for name, data in files.items()
        if (folder / name).exists() and (folder / name).read_bytes() != data
    ]
    if any(not name.endswith(".json") for name in clashes):
        raise Rejected("other_keys", "数据目录中已有另一套密钥，不能覆盖。请换一个空的数据目录。")
    fresh = 0
    # Secrets first: a key exists once its .json stands there.
    for name, data in sorted(files.items(), key=lambda item: item[0].endswith(".json")):
        if not (folder / name).exists():
            _write(folder / name, data)
            fresh += 1
    return fresh


def _opened(sealed: bytes, passphrase: str) -> dict[str, bytes]:
    if not sealed.startswith(_HEAD) or len(sealed) < len(_HEAD) + 44:
        raise Rejected("key_file", "这不是密钥备份文件。")
    salt, nonce, text = sealed[8:24], sealed[24:36], sealed[36:]
    try:
        packed = AESGCM(_key(passphrase, salt)).decrypt(nonce, text, _HEAD)
    except InvalidTag as fault:
        raise Rejected("key_file", "口令不对，或密钥备份文件已损坏。") from fault
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for entry in archive:
            place, content = PurePosixPath(entry.name), archive.extractfile(entry) if entry.isfile() else None
            if content is None or place.is_absolute() or ".." in place.parts or entry.size > _LARGEST:
                raise Rejected("key_file", "密钥备份文件的内容不合规。")
            files[entry.name] = content.read()
    return files


def _key(passphrase: str, salt: bytes) -> bytes:
    room = 132 * _N * _R + 2**20
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=_N, r=_R, p=_P, maxmem=room, dklen=32)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
