"""The machine's clock."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["SystemClock"]


class SystemClock:
    """The present moment, aware, in UTC."""

    def now(self) -> datetime:
        """Now."""
        return datetime.now(UTC)
