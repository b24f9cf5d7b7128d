"""Create-only storage of bytes: a folder of the machine, or a bucket that speaks S3.

The folder is written by hand rather than through obstore: a name appears only when its bytes are on the disk
(fsync, then link), which the database's rows rely on after a power cut.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from obstore import get as store_get
from obstore import head as store_head
from obstore import put as store_put
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.exceptions import NotFoundError as StoreNotFound
from obstore.store import S3Store

from ..errors import NotFound, Rejected, Unavailable

__all__ = ["FolderBlobs", "S3Blobs", "open_blobs"]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


def open_blobs(url: str) -> FolderBlobs | S3Blobs:
    """The store behind ``BLOB_URL``: ``file:///folder``, a plain folder, or ``s3://bucket/prefix``.

    S3 takes its credentials and endpoint from the usual ``AWS_*`` variables; an endpoint inside the house may be
    plain http. Nothing is created or contacted yet.
    """
    parts = urlsplit(url)
    if parts.scheme in ("", "file"):
        return FolderBlobs(Path(url2pathname(parts.path)))
    if parts.scheme == "s3" and parts.netloc:
        return S3Blobs(url)
    raise Rejected("setting", "BLOB_URL 应为文件夹（file:///…）或 s3://bucket/prefix")


def _checked(name: str) -> str:
    if len(name) > 200 or not _NAME.fullmatch(name):
        raise Rejected("blob_name", "文件名不合格")
    return name


def _no_such(name: str) -> NotFound:
    return NotFound(f"文件库中没有 {name}")


class FolderBlobs:
    """Files below one folder, readable by the owner alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, name: str, data: bytes) -> None:
        """Store; the same bytes again is no error, other bytes under the same name are ``Rejected``."""
        path = self._folder / _checked(name)
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_through(temporary, data)
            fresh = _link(temporary, path)
        except OSError as fault:
            raise Unavailable(
                "blob_store", "文件库暂时写不进去（磁盘已满或没有权限），稍后自动重试"
            ) from fault
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        if not fresh and self.get(name) != data:
            raise Rejected("blob_exists", "同名文件已存在且内容不同")

    def get(self, name: str) -> bytes:
        """``NotFound`` when absent, ``Unavailable`` on a fault."""
        try:
            return (self._folder / _checked(name)).read_bytes()
        except FileNotFoundError as absent:
            raise _no_such(name) from absent
        except OSError as fault:
            raise Unavailable("blob_store", "文件库暂时读不出来，请稍后再试") from fault

    def exists(self, name: str) -> bool:
        """Whether the name is taken."""
        return (self._folder / _checked(name)).is_file()


def _write_through(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _link(temporary: Path, path: Path) -> bool:
    """Give the whole file its name; False when the name is taken."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return True


class S3Blobs:
    """Objects of a bucket, created with a condition (``If-None-Match: *``), so nobody overwrites anything."""

    def __init__(self, url: str) -> None:
        self._store = S3Store.from_url(
            url,
            client_options={"timeout": "10s", "connect_timeout": "3s", "allow_http": True},
            retry_config={"max_retries": 2},
        )

    def put(self, name: str, data: bytes) -> None:
        """Store; the same bytes again is no error, other bytes under the same name are ``Rejected``."""
        _checked(name)
        try:
            store_put(self._store, name, data, mode="create")
        except AlreadyExistsError:
            if self.get(name) != data:
                raise Rejected("blob_exists", "同名文件已存在且内容不同") from None
        except (BaseError, OSError) as fault:
            raise Unavailable("blob_store", "文件库暂时写不进去，稍后自动重试") from fault

    def get(self, name: str) -> bytes:
        """``NotFound`` when absent, ``Unavailable`` on a fault."""
        _checked(name)
        try:
            return bytes(store_get(self._store, name).bytes())
        except (StoreNotFound, FileNotFoundError) as absent:
            raise _no_such(name) from absent
        except (BaseError, OSError) as fault:
            raise Unavailable("blob_store", "文件库暂时读不出来，请稍后再试") from fault

    def exists(self, name: str) -> bool:
        """Whether the name is taken; ``Unavailable`` on a fault."""
        _checked(name)
        try:
            store_head(self._store, name)
        except (StoreNotFound, FileNotFoundError):
            return False
        except (BaseError, OSError) as fault:
            raise Unavailable("blob_store", "文件库暂时读不出来，请稍后再试") from fault
        return True
