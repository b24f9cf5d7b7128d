"""All tables. No rules here: rules are in the stages, moves in ``dispatch.store``."""

from __future__ import annotations

from .attachments import Attachment
from .base import Base, Moment, Sealed, new_id
from .cases import Case, CaseCorrection, CaseSearch, Hold, IssueBatch, IssueBatchItem, Notice, PrivateLink
from .consignments import (
    CarrierRange,
    Consignment,
    Manifest,
    ManifestItem,
    Placement,
    Point,
    RangeNumber,
    ScanEvent,
    Waybill,
)
from .custody import Custody, CustodyEvent, Handover, HandoverItem
from .documents import (
    Document,
    DocumentNumber,
    DocumentType,
    LogHead,
    LogLeaf,
    NumberCounter,
    ValidityRequest,
)
from .forms import FormCounter, ManifestTicket, PaperForm, Upload, UploadPart
from .imports import ColumnMapping, ImportChunk, ImportFault, ImportFile, ImportRun
from .ledger import Audit, AuditHead, Outbox
from .paper_day import PaperEntry, PaperLine, PaperSheet
from .people import ApiKey, FailureCount, IdempotentAnswer, LoginSession, User
from .printers import Printer
from .prints import LabelJob, LabelJobItem, PaperCode, PrintBatch, PrintCounter, PrintItem
from .seals import Seal, SealUse
from .service import ElectronicConsent, PayerRule, ServiceRecord
from .shift import Charge, RedTray, Shift, ShiftItem
from .stock import BlankCount, BlankForm, BlankReceipt

__all__ = [
    "ApiKey",
    "Attachment",
    "Audit",
    "AuditHead",
    "Base",
    "BlankCount",
    "BlankForm",
    "BlankReceipt",
    "CarrierRange",
    "Case",
    "CaseCorrection",
    "CaseSearch",
    "Charge",
    "ColumnMapping",
    "Consignment",
    "Custody",
    "CustodyEvent",
    "Document",
    "DocumentNumber",
    "DocumentType",
    "ElectronicConsent",
    "FailureCount",
    "FormCounter",
    "Handover",
    "HandoverItem",
    "Hold",
    "IdempotentAnswer",
    "ImportChunk",
    "ImportFault",
    "ImportFile",
    "ImportRun",
    "IssueBatch",
    "IssueBatchItem",
    "LabelJob",
    "LabelJobItem",
    "LogHead",
    "LogLeaf",
    "LoginSession",
    "Manifest",
    "ManifestItem",
    "ManifestTicket",
    "Moment",
    "Notice",
    "NumberCounter",
    "Outbox",
    "PaperCode",
    "PaperEntry",
    "PaperForm",
    "PaperLine",
    "PaperSheet",
    "PayerRule",
    "Placement",
    "Point",
    "PrintBatch",
    "PrintCounter",
    "PrintItem",
    "Printer",
    "PrivateLink",
    "RangeNumber",
    "RedTray",
    "ScanEvent",
    "Seal",
    "SealUse",
    "Sealed",
    "ServiceRecord",
    "Shift",
    "ShiftItem",
    "Upload",
    "UploadPart",
    "User",
    "ValidityRequest",
    "Waybill",
    "new_id",
]
