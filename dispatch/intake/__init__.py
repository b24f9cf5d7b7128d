"""Approvals in: what the acceptance platform or a spreadsheet says, checked before anything is stored.

``jsontext`` and ``files`` read, ``scan`` looks at characters and size, ``case`` says the shape, ``checks``
what is beyond it, ``schema.parse_case`` joins them, ``receive`` stores.
"""

from __future__ import annotations

__all__: list[str] = []
