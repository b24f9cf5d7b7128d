"""Messages to people. The default sends nothing: the stored notice is the record, and a clerk reads it from there."""

from __future__ import annotations

from collections.abc import Sequence

from dispatch.ports import Message

__all__ = ["RecordingNotifier"]


class RecordingNotifier:
    """Implements ``ports.Notifier`` where no message gateway is connected."""

    name = "recording"

    def send(self, messages: Sequence[Message]) -> None:
        """Nothing leaves the house."""
