"""Every blueprint of the house."""

from __future__ import annotations

from . import api_documents, openapi, public_files

__all__ = ["BLUEPRINTS"]

BLUEPRINTS = (
    api_documents.blueprint,
    public_files.blueprint,
    openapi.blueprint,
)
