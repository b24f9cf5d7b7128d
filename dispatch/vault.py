"""Field encryption and blind index.

A sealed field is ``version(1) ‖ key id(2) ‖ nonce(12) ‖ AES-256-GCM ciphertext`` with the table, column and row id as
associated data, so a ciphertext moved elsewhere does not open. The blind index is HMAC-SHA256 under a key that is
not in the database.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import unicodedata
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import Rejected
from .ports import KeyRing

__all__ = ["Vault"]

_VERSION = 1


class Vault:
    """Seals and opens fields of rows; makes blind index keys."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys

    def seal(self, table: str, column: str, row_id: str, text: str) -> bytes:
        """Ciphertext of ``text`` bound to its place."""
        return self.seal_bytes(table, column, row_id, text.encode())

    def seal_bytes(self, table: str, column: str, row_id: str, data: bytes) -> bytes:
        """Ciphertext of a whole file, bound to its place."""
        kid = self._keys.current("field").kid
        nonce = os.urandom(12)
        box = AESGCM(self._keys.secret("field", kid))
        head = bytes([_VERSION]) + kid.to_bytes(2, "big")
        return head + nonce + box.encrypt(nonce, data, _place(table, column, row_id))

    def open(self, table: str, column: str, row_id: str, sealed: bytes) -> str:
        """The text; ``Rejected('sealed_field')`` when it was altered or moved."""
        return self.open_bytes(table, column, row_id, sealed).decode()

    def open_bytes(self, table: str, column: str, row_id: str, sealed: bytes) -> bytes:
        """The bytes; ``Rejected('sealed_field')`` when they were altered or moved."""
        if len(sealed) < 31 or sealed[0] != _VERSION:
            raise Rejected("sealed_field", f"{table}.{column} 的密文无法识别")
        kid = int.from_bytes(sealed[1:3], "big")
        box = AESGCM(self._keys.secret("field", kid))
        try:
            return box.decrypt(sealed[3:15], sealed[15:], _place(table, column, row_id))
        except InvalidTag as fault:
            raise Rejected("sealed_field", f"{table}.{column} 的密文与所在记录不符") from fault

    def seal_json(self, table: str, column: str, row_id: str, value: object) -> bytes:
        return self.seal(table, column, row_id, json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def open_json(self, table: str, column: str, row_id: str, sealed: bytes) -> Any:
        return json.loads(self.open(table, column, row_id, sealed))

    def blind(self, kind: str, value: str) -> bytes:
        """32 bytes that are equal for equal values (NFKC, upper case, no white space), and tell nothing else."""
        plain = "".join(unicodedata.normalize("NFKC", value).upper().split())
        secret = self._keys.secret("index", self._keys.current("index").kid)
        return hmac.new(secret, f"{kind}\0{plain}".encode(), hashlib.sha256).digest()


def _place(table: str, column: str, row_id: str) -> bytes:
    return f"{table}|{column}|{row_id}".encode()
