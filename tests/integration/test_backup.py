"""Backups made while work goes on, brought back elsewhere, on the other kind of database too; keys kept apart."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from sqlalchemy import select

from dispatch import ledger, setup
from dispatch.adapters.bell import NullBell
from dispatch.backup import backup, restore, verify_backup
from dispatch.bootstrap import build, keys_folder
from dispatch.errors import Rejected
from dispatch.intake.receive import receive_case
from dispatch.issue import issue_case
from dispatch.keybackup import export_keys, import_keys
from dispatch.models import Base, Document
from dispatch.rights import SYSTEM
from tests.factories import CLERK, COLLEAGUE, approval
from tests.integration.conftest import settings_in

pytestmark = pytest.mark.integration

PASSPHRASE = "four quiet rivers meet"


def silent(_name: str) -> None:
    """No bar."""


def issued(services, count=3):
    for _ in range(count):
        case = approval()
        receive_case(services, CLERK, case, source="api")
        issue_case(services, COLLEAGUE, case["acceptance_no"])


def everything(services):
    """All rows of all tables."""
    with services.store.read(SYSTEM) as work:
        return {
            table.name: sorted(str(tuple(row)) for row in work.session.execute(select(table)))
            for table in Base.metadata.sorted_tables
        }


@pytest.fixture
def elsewhere(tmp_path, services, clock):
    """Another machine with the same keys and nothing else; on the database named."""
    opened = []

    def machine(database_url=""):
        folder = tmp_path / f"machine{len(opened)}"
        shutil.copytree(keys_folder(services.settings), folder / "keys")
        built = build(settings_in(folder, database_url), clock=clock, bell=NullBell())
        opened.append(built)
        return built

    yield machine
    for built in opened:
        built.store.engine.dispose()


def test_what_was_backed_up_comes_back_whole(services, drain, elsewhere, tmp_path) -> None:
    issued(services)
    drain()
    done = backup(services, tmp_path / "copy", silent)
    assert done["files"] >= 6 and done["rows"] > 30
    other = elsewhere()
    assert restore(other, tmp_path / "copy", silent) == done
    assert everything(other) == everything(services)
    assert ledger.check(other) == []
    with services.store.read(SYSTEM) as work:
        names = work.session.scalars(select(Document.pdf_blob)).all()
    assert names and all(other.blobs.get(name) == services.blobs.get(name) for name in names)


def test_a_copy_crosses_to_the_other_kind_of_database(services, drain, elsewhere, tmp_path, postgres) -> None:
    issued(services, 1)
    drain()
    backup(services, tmp_path / "copy", silent)
    lite = services.store.engine.dialect.name == "sqlite"
    other = elsewhere(postgres.fresh() if lite else "")
    assert other.store.engine.dialect.name != services.store.engine.dialect.name
    restore(other, tmp_path / "copy", silent)
    assert everything(other) == everything(services)
    issued(other, 1)


def test_a_backup_while_cases_are_issued_is_consistent(services, drain, elsewhere, tmp_path) -> None:
    issued(services, 2)
    drain()
    stop = threading.Event()

    def go_on() -> None:
        while not stop.is_set():
            issued(services, 1)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        backup(services, tmp_path / "copy", silent)
    finally:
        stop.set()
        thread.join()
    restore(elsewhere(), tmp_path / "copy", silent)  # runs the ledger check


def test_a_backup_holds_no_private_key(services, drain, tmp_path) -> None:
    issued(services, 1)
    drain()
    backup(services, tmp_path / "copy", silent)
    secrets = [
        path.read_bytes()
        for path in keys_folder(services.settings).rglob("*")
        if path.suffix in (".pem", ".bin", ".key")
    ]
    assert secrets
    for path in (tmp_path / "copy").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert b"PRIVATE KEY" not in data and not any(
                secret in data for secret in secrets if len(secret) == 32
            )


def test_a_second_backup_into_the_same_folder_copies_what_is_new(
    services, drain, elsewhere, tmp_path
) -> None:
    issued(services, 1)
    drain()
    first = backup(services, tmp_path / "copy", silent)
    issued(services, 1)
    drain()
    assert backup(services, tmp_path / "copy", silent)["files"] > first["files"]
    restore(elsewhere(), tmp_path / "copy", silent)


def _flip_last(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


HARMS = {
    "cut": lambda whole, file: file.write_bytes(file.read_bytes()[:-1]),
    "change": lambda whole, file: _flip_last(whole / "tables" / "cases.jsonl.gz"),
    "remove": lambda whole, file: file.unlink(),
    "empty": lambda whole, file: (whole / "manifest.json").write_text("{}"),
    "half": lambda whole, file: (whole / "manifest.json").unlink(),
    "newer format": lambda whole, file: _edit(whole, '"format": 1', '"format": 2'),
    "newer tables": lambda whole, file: _edit(whole, '"revision": "', '"revision": "9'),
}


def _edit(whole: Path, old: str, new: str) -> None:
    manifest = whole / "manifest.json"
    manifest.write_text(manifest.read_text().replace(old, new))


def test_a_damaged_backup_is_refused_before_anything_happens(services, drain, elsewhere, tmp_path) -> None:
    issued(services, 1)
    drain()
    backup(services, tmp_path / "copy", silent)
    for name, harm in HARMS.items():
        whole = tmp_path / name
        shutil.copytree(tmp_path / "copy", whole)
        harm(whole, next(path for path in sorted((whole / "files").rglob("*")) if path.is_file()))
        other = elsewhere()
        with pytest.raises(Rejected):
            restore(other, whole, silent)
        assert not (other.settings.data_dir / "blobs").exists(), name


def test_nothing_is_restored_over_cases_or_without_the_keys(services, drain, elsewhere, tmp_path) -> None:
    issued(services, 1)
    drain()
    backup(services, tmp_path / "copy", silent)
    before = everything(services)
    with pytest.raises(Rejected, match="not_empty"):
        restore(services, tmp_path / "copy", silent)
    assert everything(services) == before
    other = elsewhere()
    shutil.rmtree(keys_folder(other.settings))
    setup.prepare(other)
    untouched = everything(other)
    with pytest.raises(Rejected, match="other_keys"):
        restore(other, tmp_path / "copy", silent)
    assert everything(other) == untouched


def test_a_disk_that_cannot_be_written_leaves_no_backup_that_looks_whole(services, tmp_path) -> None:
    (tmp_path / "copy" / "tables").mkdir(parents=True)
    (tmp_path / "copy" / "tables" / "cases.jsonl.gz").mkdir()
    with pytest.raises(OSError):
        backup(services, tmp_path / "copy", silent)
    with pytest.raises(Rejected):
        verify_backup(tmp_path / "copy")


# -- keys --------------------------------------------------------------------------------------------------------
def _files(folder: Path):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and p.name != ".lock"
    }


def test_keys_come_back_as_they_were_and_private(prepared, tmp_path) -> None:
    sealed = export_keys(prepared / "keys", PASSPHRASE)
    assert b"PRIVATE KEY" not in sealed
    fresh = import_keys(tmp_path / "keys", sealed, PASSPHRASE)
    assert _files(tmp_path / "keys") == _files(prepared / "keys") and fresh == len(_files(prepared / "keys"))
    assert import_keys(tmp_path / "keys", sealed, PASSPHRASE) == 0
    assert all(p.stat().st_mode & 0o077 == 0 for p in (tmp_path / "keys").rglob("*"))


@pytest.mark.parametrize("place", [0, 10, 30, 40, 200, -1])
def test_a_changed_key_file_or_wrong_passphrase_writes_nothing(prepared, tmp_path, place) -> None:
    sealed = bytearray(export_keys(prepared / "keys", PASSPHRASE))
    with pytest.raises(Rejected):
        import_keys(tmp_path / "keys", bytes(sealed), PASSPHRASE + "!")
    sealed[place] ^= 1
    with pytest.raises(Rejected):
        import_keys(tmp_path / "keys", bytes(sealed), PASSPHRASE)
    with pytest.raises(Rejected):
        import_keys(tmp_path / "keys", bytes(sealed[:30]), PASSPHRASE)
    assert not (tmp_path / "keys").exists()


def test_other_keys_are_never_overwritten(prepared, services, tmp_path) -> None:
    folder = keys_folder(services.settings)
    shutil.rmtree(folder)
    services.keys.ensure(services.clock.now())
    before = _files(folder)
    with pytest.raises(Rejected, match="other_keys"):
        import_keys(folder, export_keys(prepared / "keys", PASSPHRASE), PASSPHRASE)
    assert _files(folder) == before


def test_a_short_passphrase_is_refused(prepared) -> None:
    with pytest.raises(Rejected):
        export_keys(prepared / "keys", "short")
