"""Every blueprint of the house."""

from __future__ import annotations

from . import (
    admin,
    api_cases,
    api_consignments,
    api_documents,
    api_prints,
    api_public,
    applicant,
    case_page,
    checks,
    correct,
    counter,
    courier,
    entry,
    envelopes,
    more,
    openapi,
    papers,
    payers,
    people,
    prints,
    public_files,
    screens,
    seals,
    service,
    supervise,
    undo,
    verify,
    window,
)

__all__ = ["BLUEPRINTS"]

BLUEPRINTS = (
    # pages
    window.blueprint,
    case_page.blueprint,
    checks.blueprint,
    correct.blueprint,
    seals.blueprint,
    entry.blueprint,
    envelopes.blueprint,
    papers.blueprint,
    prints.blueprint,
    undo.blueprint,
    service.blueprint,
    counter.blueprint,
    payers.blueprint,
    more.blueprint,
    courier.blueprint,
    applicant.blueprint,
    verify.blueprint,
    people.blueprint,
    screens.blueprint,
    supervise.blueprint,
    admin.blueprint,
    # programs
    api_cases.blueprint,
    api_documents.blueprint,
    api_consignments.blueprint,
    api_prints.blueprint,
    api_public.blueprint,
    openapi.blueprint,
    public_files.blueprint,
)
