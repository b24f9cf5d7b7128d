"""The database's shape over time: alembic revisions, run inside the process with an engine handed in.

``revise`` writes a new revision from the difference between the revisions so far and the tables of
``dispatch.models``; the text it writes is read by a person before it is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from alembic.autogenerate import compare_metadata, produce_migrations, render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from alembic.operations.ops import MigrateOperation, UpgradeOps
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, text
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.types import TypeDecorator

from ..errors import Rejected, Unavailable
from ..models import AuditHead, Base, LogHead

__all__ = ["current", "differences", "head", "known", "revise", "upgrade"]

_HERE = Path(__file__).parent
#: any number will do as long as nobody else uses it: one migration at a time on PostgreSQL
_ADVISORY_LOCK = 7_203_114


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_HERE))
    config.set_main_option("path_separator", "os")
    return config


def head() -> str:
    """The newest revision this program knows."""
    return _scripts().get_current_head() or ""


def known() -> frozenset[str]:
    """All revisions this program knows."""
    return frozenset(script.revision for script in _scripts().walk_revisions())


def current(engine: Engine) -> str:
    """The revision the database is at; empty for an empty database. ``Unavailable`` when it does not answer."""
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision() or ""
    except OperationalError as fault:
        raise Unavailable("database", "数据库连接不上。请检查 DATABASE_URL 与数据目录的权限。") from fault


def upgrade(engine: Engine, target: str = "head") -> bool:
    """Bring the database to ``target``, all in one transaction; True when something changed.

    Two processes may call this at once. ``Rejected('newer_database')`` when the database is of a newer program.
    """
    scripts = _scripts()
    with _exclusive(engine) as connection:
        before = MigrationContext.configure(connection).get_current_revision()
        if before is not None and before not in known():
            raise Rejected("newer_database", "数据库是由更新的版本建立的，请升级程序后再运行。")
        _run(scripts, connection, target)
        if before is None:
            _first_rows(connection)
        return MigrationContext.configure(connection).get_current_revision() != before


def _run(scripts: ScriptDirectory, connection: Connection, target: str) -> None:
    def steps(revision: Any, _context: MigrationContext) -> Any:
        return scripts._upgrade_revs(target, revision)

    with EnvironmentContext(_config(), scripts, fn=steps) as environment:
        environment.configure(
            connection=connection, target_metadata=Base.metadata, render_as_batch=True, transactional_ddl=True
        )
        environment.run_migrations()


def _first_rows(connection: Connection) -> None:
    """The two rows that every writing transaction locks: heads of the log and of the audit chain, both empty."""
    connection.execute(insert(LogHead).values(id=1, size=0))
    connection.execute(insert(AuditHead).values(id=1, seq=0, hash=bytes(32)))


@contextmanager
def _exclusive(engine: Engine) -> Iterator[Connection]:
    """One transaction that keeps other migrations out; foreign keys are checked at its end, not while tables move."""
    lite = engine.dialect.name == "sqlite"
    try:
        with engine.connect().execution_options(writing=True) as connection:
            if lite:
                _foreign_keys(connection, "OFF")
            with connection.begin():
                if not lite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
                yield connection
                if lite and connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                    raise Rejected("migration", "数据库升级后关联检查未通过，已撤回，数据未变。")
            if lite:
                _foreign_keys(connection, "ON")
    except (OperationalError, ProgrammingError) as fault:
        raise Unavailable(
            "database", "数据库打不开或没有建表的权限。请检查 DATABASE_URL 与数据目录。"
        ) from fault


def _foreign_keys(connection: Connection, switch: Literal["ON", "OFF"]) -> None:
    """The pragma has no effect inside a transaction, so it goes to the driver directly."""
    driver: Any = connection.connection.dbapi_connection
    driver.execute(f"PRAGMA foreign_keys={switch}")


def differences(engine: Engine) -> list[Any]:
    """What the tables of ``dispatch.models`` have and the database has not, or the other way round."""
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "target_metadata": Base.metadata}
        )
        return list(compare_metadata(context, Base.metadata))


def revise(engine: Engine, message: str, revision: str) -> Path | None:
    """Write the revision that turns the database behind ``engine`` into today's models; None when there is nothing.

    For developers: ``engine`` is an empty scratch database already brought to ``head``. One function per table, so
    that a reader finds it.
    """
    opts = {"compare_type": True, "target_metadata": Base.metadata}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=opts)
        script = produce_migrations(context, Base.metadata)
        before = context.get_current_revision()
        texts = _by_table(
            script.upgrade_ops.ops if script.upgrade_ops else [], context, batch=before is not None
        )
    if not texts:
        return None
    path = _HERE / "versions" / f"{revision}_{re.sub('[^a-z0-9]+', '_', message.lower()).strip('_')[:40]}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(_written(message, revision, before, texts), encoding="utf-8")
    return path


def _by_table(
    operations: Sequence[MigrateOperation], context: MigrationContext, *, batch: bool
) -> dict[str, str]:
    """Python text of the operations, gathered by table, in the order alembic wants them."""
    texts: dict[str, str] = {}
    for operation in operations:
        table = getattr(operation, "table_name", "others")
        code = render_python_code(
            UpgradeOps([operation]),
            render_as_batch=batch,
            render_item=_plain_types,
            migration_context=context,
        )
        lines = [line for line in code.splitlines() if line.strip() and not line.strip().startswith("#")]
        texts[table] = texts.get(table, "") + "\n".join(lines) + "\n"
    return texts


def _written(message: str, revision: str, before: str | None, texts: dict[str, str]) -> str:
    """A revision's file. It goes forward only: the way back is a backup."""
    lines = [
        f'"""{message}."""\n', "from __future__ import annotations\n", "import sqlalchemy as sa", "from alembic import op\n",
        '__all__ = ["down_revision", "revision", "upgrade"]\n',
        f'revision = "{revision}"', f"down_revision = {before!r}\n\n",
        f'def upgrade() -> None:\n    """{message}."""',
    ]  # fmt: skip
    calls = "".join(f"    _{table}()\n" for table in texts)
    bodies = "".join(f"\n\ndef _{table}() -> None:\n    {text.strip()}\n" for table, text in texts.items())
    return "\n".join(lines) + "\n" + calls + bodies


def _plain_types(kind: str, value: Any, context: AutogenContext) -> str | Literal[False]:
    """Revisions name SQL types, not our classes: they must still run when the classes are gone."""
    if kind != "type" or not isinstance(value, TypeDecorator):
        return False
    return f"sa.{value.impl!r}"
