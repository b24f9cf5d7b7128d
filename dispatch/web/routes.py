"""Every blueprint of the house."""

from __future__ import annotations

from . import api_cases, api_consignments, api_documents, api_public, openapi, public_files

__all__ = ["BLUEPRINTS"]

BLUEPRINTS = (
    api_cases.blueprint,
    api_documents.blueprint,
    api_consignments.blueprint,
    api_public.blueprint,
    public_files.blueprint,
    openapi.blueprint,
)
