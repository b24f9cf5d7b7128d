"""Write a revision from the difference between the revisions so far and today's tables (``make revision``)."""

from __future__ import annotations

import sys
import tempfile

from ..store import make_engine
from . import head, revise, upgrade


def main() -> int:
    """``python -m dispatch.migrations ID MESSAGE``"""
    revision, message = sys.argv[1:3]
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{folder}/scratch.sqlite3")
        if head():
            upgrade(engine)
        path = revise(engine, message, revision)
        engine.dispose()
    sys.stdout.write(f"{path}\n" if path else "nothing changed\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
