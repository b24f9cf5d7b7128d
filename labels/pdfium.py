"""PDFium keeps process-wide state and is not thread-safe; whoever calls it in a threaded process takes this
lock.
"""

from __future__ import annotations

import threading
from typing import Final

__all__ = ["PDFIUM_LOCK"]

PDFIUM_LOCK: Final = threading.Lock()
