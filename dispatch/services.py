"""Everything a stage may use, handed in. Built by ``dispatch.bootstrap``, replaced piece by piece in tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from labels.fonts import FontBook

from .calendar import WorkingCalendar
from .config import Settings
from .documents.seal_image import SealImages
from .documents.templates import TemplateBook
from .ports import BlobStore, Carrier, Clock, KeyRing, LabelPrinter, Notifier, Sealer
from .store import Store
from .vault import Vault

__all__ = ["Services"]


@dataclass(frozen=True)
class Services:
    """The house's tools. ``carriers`` by code; ``label_printer`` None where labels are printed as PDF."""

    settings: Settings
    clock: Clock
    store: Store
    vault: Vault
    keys: KeyRing
    sealer: Sealer
    blobs: BlobStore
    carriers: Mapping[str, Carrier]
    notifier: Notifier
    fonts: FontBook
    templates: TemplateBook
    calendar: WorkingCalendar
    seal_images: SealImages = field(default_factory=SealImages)
    label_printer: LabelPrinter | None = None
