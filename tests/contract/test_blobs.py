"""One contract, several stores: a folder, the memory of the tests, and a server that speaks S3."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import boto3
import pytest
from moto.server import ThreadedMotoServer

from dispatch.adapters.blobs import FolderBlobs, S3Blobs, open_blobs
from dispatch.errors import NotFound, Rejected, Unavailable
from dispatch.ports import BlobStore

pytestmark = pytest.mark.contract


class MemoryBlobs:
    """The store tests use."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def put(self, name: str, data: bytes) -> None:
        if self.kept.setdefault(name, data) != data:
            raise Rejected("blob_exists", "同名文件已存在且内容不同")

    def get(self, name: str) -> bytes:
        if name not in self.kept:
            raise NotFound
        return self.kept[name]

    def exists(self, name: str) -> bool:
        return name in self.kept


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def s3_address() -> Iterator[str]:
    address = f"http://127.0.0.1:{_free_port()}"
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=int(address.rsplit(":", 1)[1]), verbose=False)
    server.start()
    settings = {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": address,
    }  # fmt: skip
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    client = boto3.client("s3", region_name="us-east-1", endpoint_url=address)
    client.create_bucket(Bucket="papers")
    yield address
    server.stop()
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


@pytest.fixture(params=["folder", "memory", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "folder":
        return open_blobs(f"file://{tmp_path / 'blobs'}")
    if request.param == "memory":
        return MemoryBlobs()
    request.getfixturevalue("s3_address")
    return open_blobs(f"s3://papers/{request.node.name.split('[')[0].replace('_', '-')}")


def test_what_was_put_is_got_byte_for_byte(store: BlobStore) -> None:
    data = bytes(range(256)) * 400
    store.put("pdf/AB/ABCDEF.pdf", data)
    assert store.get("pdf/AB/ABCDEF.pdf") == data
    assert store.exists("pdf/AB/ABCDEF.pdf")


def test_the_same_bytes_again_are_no_error(store: BlobStore) -> None:
    store.put("a.pdf", b"one")
    store.put("a.pdf", b"one")
    assert store.get("a.pdf") == b"one"


def test_other_bytes_under_the_same_name_are_refused_and_change_nothing(store: BlobStore) -> None:
    store.put("a.pdf", b"one")
    with pytest.raises(Rejected):
        store.put("a.pdf", b"two")
    assert store.get("a.pdf") == b"one"


def test_absent_names(store: BlobStore) -> None:
    assert not store.exists("nobody")
    with pytest.raises(NotFound):
        store.get("nobody")


def test_many_writers_of_one_name_leave_one_whole_file(store: BlobStore) -> None:
    refused: list[bytes] = []

    def write(data: bytes) -> None:
        try:
            store.put("race.pdf", data)
        except Rejected:
            refused.append(data)

    everybody = [bytes([n]) * 50_000 for n in range(6)]
    threads = [Thread(target=write, args=(data,)) for data in everybody]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get("race.pdf") in everybody
    assert len(refused) == 5


@pytest.mark.parametrize(
    "name", ["../up", "/etc/passwd", "a/../b", "", "a//b", ".hidden", "a\0b", "名", "x" * 201]
)
def test_hostile_names_are_refused(name: str, tmp_path: Path) -> None:
    store = FolderBlobs(tmp_path / "blobs")
    with pytest.raises(Rejected):
        store.put(name, b"x")
    with pytest.raises(Rejected):
        store.get(name)
    assert not any(p.is_file() for p in tmp_path.rglob("*"))


def test_files_are_private_and_no_temporary_remains(tmp_path: Path) -> None:
    store = FolderBlobs(tmp_path / "blobs")
    store.put("pdf/one.pdf", b"x")
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert [p.name for p in files] == ["one.pdf"]
    assert files[0].stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_written_is_a_passing_fault(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_text("a file stands where the folder should be")
    with pytest.raises(Unavailable):
        FolderBlobs(tmp_path / "blobs").put("a.pdf", b"x")


def test_a_bucket_out_of_reach_is_a_passing_fault(s3_address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{_free_port()}")
    store = S3Blobs("s3://papers/away")
    with pytest.raises(Unavailable):
        store.put("a.pdf", b"x")
    with pytest.raises(Unavailable):
        store.get("a.pdf")
    with pytest.raises(Unavailable):
        store.exists("a.pdf")


def test_unknown_addresses_are_refused() -> None:
    with pytest.raises(Rejected):
        open_blobs("ftp://somewhere")
