"""Small helps for processes: dying with the parent, stopping on a signal, locks, free sockets."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import IO

from dispatch.errors import Rejected

__all__ = ["StopFlag", "hold_lock", "libc", "tie_to_parent"]

_PR_SET_PDEATHSIG = 1


def libc() -> ctypes.CDLL | None:
    """The C library on Linux, loaded before any fork; None elsewhere."""
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def tie_to_parent(library: ctypes.CDLL | None = None) -> None:
    """From now on this process ends when its parent ends, however the parent was ended.

    On Linux the kernel sees to it; elsewhere a thread looks twice a second whether the parent is still the same.
    """
    library = library or libc()
    if library is not None:
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True, name="parent-watch").start()


class StopFlag:
    """Becomes true at SIGTERM or SIGINT; the work in hand is finished first.

    ``interrupt`` is called inside the signal handler, to break off a wait that does not look at the flag.
    """

    def __init__(self) -> None:
        self.event = threading.Event()
        self.interrupt: Callable[[], None] = _nothing

    def install(self) -> None:
        """Listen to both signals from now on."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.event.set()
        self.interrupt()

    def __bool__(self) -> bool:
        return self.event.is_set()

    def wait(self, seconds: float) -> bool:
        """Wait so long, or less when stopped; whether stopped."""
        return self.event.wait(seconds)


def _nothing() -> None:
    """No wait to break off."""


def hold_lock(path: Path, taken: str) -> IO[str]:
    """Hold this file's lock as long as the returned file stays open; ``Rejected('already_running')`` with ``taken``.

    The kernel gives the lock back when the process ends, so a stale file never blocks anybody.
    """
    file = path.open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise Rejected("already_running", taken) from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file
