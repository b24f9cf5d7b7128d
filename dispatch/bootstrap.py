"""Builds the services from settings. The only importer of adapters.

Nothing is connected, drawn or created here: databases and queues are opened on first use, and what is missing on a
fresh machine is made by ``dispatch.setup``.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from labels.fonts import FontBook

from .adapters.bell import NullBell, RqBell
from .adapters.blobs import open_blobs
from .adapters.carriers.manual import ManualCarrier
from .adapters.carriers.range import RangeCarrier
from .adapters.carriers.staff import StaffCarrier
from .adapters.clock import SystemClock
from .adapters.keyring import FileKeyRing
from .adapters.notify import RecordingNotifier
from .adapters.printers import open_printer
from .adapters.sealer import PadesSealer
from .calendar import WorkingCalendar
from .config import Settings
from .consignments.ranges import DatabaseNumbers
from .documents.templates import TemplateBook
from .ports import Bell, Carrier, Clock, NumberSource
from .services import Services
from .store import Store, make_engine
from .vault import Vault

__all__ = [
    "PACKAGE",
    "TEMPLATES",
    "build",
    "build_without_bell",
    "keys_folder",
    "queue_address",
    "socket_folder",
]

PACKAGE = Path(__file__).resolve().parent
TEMPLATES = PACKAGE.parent / "templates" / "documents"
#: sun_path holds 108 bytes on Linux and 104 on macOS, the closing zero included
_LONGEST_SOCKET = 100


def build(settings: Settings, *, clock: Clock | None = None, bell: Bell | None = None) -> Services:
    """The services of one process. ``clock`` and ``bell`` take the place of the machine's and the queue's."""
    clock = clock or SystemClock()
    bell = bell or RqBell(queue_address(settings))
    keys = FileKeyRing(keys_folder(settings))
    vault = Vault(keys)
    store = Store(make_engine(settings.database_url), vault, clock, bell)
    return Services(
        settings=settings,
        clock=clock,
        store=store,
        vault=vault,
        keys=keys,
        sealer=PadesSealer(keys, keys_folder(settings), development=settings.sample),
        blobs=open_blobs(settings.blob_url),
        carriers={carrier.code: carrier for carrier in _carriers(DatabaseNumbers(store))},
        notifier=RecordingNotifier(),
        fonts=FontBook(),
        templates=TemplateBook.load(TEMPLATES),
        calendar=WorkingCalendar.load(PACKAGE / "data" / "calendar", settings.data_dir / "calendar"),
        label_printer=open_printer(settings.label_printer),
    )


def build_without_bell(settings: Settings) -> Services:
    """For a process that need not wake anybody, such as a check."""
    return build(settings, bell=NullBell())


def _carriers(numbers: NumberSource) -> Iterable[Carrier]:
    return (RangeCarrier(numbers), ManualCarrier(), StaffCarrier(numbers))


def keys_folder(settings: Settings) -> Path:
    """Where the key files are."""
    return settings.data_dir / "keys"


def socket_folder(settings: Settings) -> Path:
    """Where the embedded Valkey's socket is: the data folder, or a short one where that path would be too long.

    The short one is worked out from the data folder alone, so every process finds the same.
    """
    if len(os.fsencode(settings.data_dir / "valkey.sock")) <= _LONGEST_SOCKET:
        return settings.data_dir
    mark = hashlib.sha256(os.fsencode(settings.data_dir)).hexdigest()[:12]
    base = Path(tempfile.gettempdir())
    if len(os.fsencode(base)) > 60:
        base = Path("/tmp")
    return base / f"zhengda-{os.getuid()}-{mark}"


def queue_address(settings: Settings) -> str:
    """The address under which this process finds its queue."""
    if not settings.embedded_redis:
        return settings.redis_url
    return f"unix://{socket_folder(settings) / 'valkey.sock'}"
