"""What this process counted since it began: verifications by answer."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter

__all__ = ["Tally"]


class Tally:
    """Counters of one web process, with a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._checks = Counter(
            "dispatch_verifications", "Verifications by status", ["status"], registry=self.registry
        )

    def verified(self, status: str) -> None:
        self._checks.labels(status=status).inc()
