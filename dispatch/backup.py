"""A copy of everything the office would miss: rows and files, consistent while the service runs; no private keys.

Rows are read in one snapshot and written one JSON line each, with types taken from the database, so that a copy made
on SQLite can be brought back on PostgreSQL and an older copy into a newer program. Files are create-only and stored
before the rows that name them, so copying them after the snapshot misses none. ``manifest.json`` is written last: a
folder without it is no backup.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import LargeBinary, MetaData, Table, func, insert, select
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.types import Boolean, Date, DateTime, TypeEngine

from . import migrations
from .errors import DispatchError, Rejected
from .ledger import check
from .publications import key_set
from .services import Services

__all__ = ["backup", "restore", "verify_backup"]

FORMAT = 1
_MANIFEST = "manifest.json"
_VERSIONS = "alembic_version"
_BATCH = 500

Progress = Callable[[str], object]


def backup(services: Services, folder: Path, progress: Progress) -> dict[str, int]:
    """Copy rows and files into ``folder`` and verify the copy; ``{rows, files}``.

    Files already there from an earlier backup into the same folder are kept, only new ones are copied.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / _MANIFEST).unlink(missing_ok=True)
    tables, blobs = _write_rows(services.store.engine, folder, progress)
    files = {name: _copy_file(services, folder, name, progress) for name in sorted(blobs)}
    public = json.dumps(key_set(services), ensure_ascii=False).encode()
    (folder / "keys.json").write_bytes(public)
    manifest = {
        "format": FORMAT, "revision": migrations.current(services.store.engine),
        "made_at": services.clock.now().isoformat(), "tables": tables, "files": files,
        "keys.json": hashlib.sha256(public).hexdigest(),
    }  # fmt: skip
    (folder / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    verify_backup(folder)
    return {"rows": sum(int(table["rows"]) for table in tables.values()), "files": len(files)}


def verify_backup(folder: Path) -> dict[str, Any]:
    """The manifest of a whole and unaltered backup; ``Rejected('backup')`` names the first file that is not."""
    try:
        manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_bytes())
        expected = {f"tables/{name}.jsonl.gz": table["sha256"] for name, table in manifest["tables"].items()}
        expected |= {f"files/{name}": digest for name, digest in manifest["files"].items()}
        right_format = manifest["format"] == FORMAT
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise Rejected("backup", f"{folder} 不是完整的备份（缺少或损坏 {_MANIFEST}）。") from fault
    if not right_format:
        raise Rejected("backup", "这个备份由更新的版本建立，请升级程序后再恢复。")
    for name, digest in expected.items():
        if _digest(folder / name) != digest:
            raise Rejected("backup", f"备份中的 {name} 缺失或已损坏，不能使用这个备份。")
    return manifest


def restore(services: Services, folder: Path, progress: Progress) -> dict[str, int]:
    """Bring a backup back into an empty database and file store; ``{rows, files}``.

    The keys must have been brought back before. ``Rejected`` when the backup is damaged, cases are already here, or
    the keys are not the ones the rows were sealed with; then no row has been changed.
    """
    manifest = verify_backup(folder)
    engine = services.store.engine
    _bring_to(engine, str(manifest["revision"]))
    for name in manifest["files"]:
        services.blobs.put(name, (folder / "files" / name).read_bytes())
        progress(name)
    with engine.connect().execution_options(writing=True) as connection, connection.begin():
        _refuse_filled(connection)
        _read_rows(connection, folder, progress)
        _refuse_other_keys(services, connection)
    migrations.upgrade(engine)
    findings = check(services)
    if findings:
        raise Rejected("backup", f"恢复后的对账发现 {len(findings)} 处问题，请运行 doctor 查看。")
    return {
        "rows": sum(int(table["rows"]) for table in manifest["tables"].values()),
        "files": len(manifest["files"]),
    }


def _bring_to(engine: Engine, revision: str) -> None:
    """Tables as they were when the backup was made; the newer program changes them afterwards, rows and all."""
    now = migrations.current(engine)
    if revision not in migrations.known():
        raise Rejected("backup", "这个备份由更新的版本建立，请升级程序后再恢复。")
    if now not in ("", revision):
        raise Rejected("not_empty", "数据库的版本与备份不同。请换一个空的数据目录或数据库（不必先 init）。")
    migrations.upgrade(engine, revision)


# -- rows --------------------------------------------------------------------------------------------------------
def _tables(connection: Connection) -> list[Table]:
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != _VERSIONS]


def _write_rows(
    engine: Engine, folder: Path, progress: Progress
) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """Every table as lines of JSON; also the names of the files that rows speak of."""
    (folder / "tables").mkdir(exist_ok=True)
    snapshot = {} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    tables: dict[str, dict[str, Any]] = {}
    blobs: set[str] = set()
    with engine.connect().execution_options(**snapshot) as connection, connection.begin():
        for table in _tables(connection):
            path = folder / "tables" / f"{table.name}.jsonl.gz"
            count = _write_lines(path, _lines(connection, table, blobs))
            tables[table.name] = {"rows": count, "sha256": _digest(path)}
            progress(table.name)
    return tables, blobs


def _lines(connection: Connection, table: Table, blobs: set[str]) -> Iterator[bytes]:
    named = [column.name for column in table.columns if column.name.endswith("_blob")]
    for row in connection.execution_options(yield_per=_BATCH).execute(select(table)).mappings():
        blobs.update(row[name] for name in named if row[name])
        yield json.dumps({name: _plain(value) for name, value in row.items()}, ensure_ascii=False).encode()


def _write_lines(path: Path, lines: Iterable[bytes]) -> int:
    count = 0
    with gzip.open(path, "wb", compresslevel=6) as file:
        for line in lines:
            file.write(line + b"\n")
            count += 1
    return count


def _plain(value: object) -> object:
    """A value as JSON has it; the column's type brings it back."""
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _value(kind: TypeEngine[Any], plain: Any, *, lite: bool) -> object:
    if plain is None:
        return None
    if isinstance(kind, DateTime):
        moment = datetime.fromisoformat(plain)
        return moment.replace(tzinfo=None) if lite else moment
    if isinstance(kind, Date):
        return date.fromisoformat(plain)
    if isinstance(kind, LargeBinary):
        return base64.b64decode(plain)
    return bool(plain) if isinstance(kind, Boolean) else plain


def _read_rows(connection: Connection, folder: Path, progress: Progress) -> None:
    lite = connection.dialect.name == "sqlite"
    tables = _tables(connection)
    for table in reversed(tables):
        connection.execute(table.delete())
    for table in tables:
        path = folder / "tables" / f"{table.name}.jsonl.gz"
        if path.exists():
            _fill(connection, table, path, lite=lite)
            progress(table.name)


def _fill(connection: Connection, table: Table, path: Path, *, lite: bool) -> None:
    kinds = {column.name: column.type for column in table.columns}
    batch: list[dict[str, object]] = []
    with gzip.open(path, "rb") as file:
        for line in file:
            row = json.loads(line)
            batch.append({name: _value(kinds[name], value, lite=lite) for name, value in row.items()})
            if len(batch) == _BATCH:
                connection.execute(insert(table), batch)
                batch.clear()
    if batch:
        connection.execute(insert(table), batch)


def _refuse_filled(connection: Connection) -> None:
    cases = next(table for table in _tables(connection) if table.name == "cases")
    if connection.scalar(select(func.count()).select_from(cases)):
        raise Rejected("not_empty", "这里已经有办件，不能恢复到有数据的库里。请换一个空的数据目录或数据库。")


def _refuse_other_keys(services: Services, connection: Connection) -> None:
    """Open one sealed field: rows nobody can read are worth nothing."""
    cases = next(table for table in _tables(connection) if table.name == "cases")
    row = connection.execute(select(cases.c.id, cases.c.body).limit(1)).first()
    if row is None:
        return
    try:
        services.vault.open("cases", "body", row.id, row.body)
    except DispatchError as fault:
        detail = "手头的密钥打不开备份中的内容。请先用 keys import 导入与备份同时保存的密钥，再恢复。"
        raise Rejected("other_keys", detail) from fault


# -- files -------------------------------------------------------------------------------------------------------
def _copy_file(services: Services, folder: Path, name: str, progress: Progress) -> str:
    target = folder / "files" / name
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(target.name + ".new")
        fresh.write_bytes(services.blobs.get(name))
        fresh.replace(target)
    progress(name)
    return _digest(target)


def _digest(path: Path) -> str:
    """SHA-256 of a file in hex; empty when it is not there."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
