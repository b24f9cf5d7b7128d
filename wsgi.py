"""The web process: ``wsgi:app`` for granian, gunicorn or any other WSGI server."""

from __future__ import annotations

import os

from dispatch import create_app
from dispatch.bootstrap import build
from dispatch.config import Settings
from workers.processes import tie_to_parent

# A server's own child must not outlive it, however the server was ended.
tie_to_parent()
app = create_app(build(Settings.from_env(os.environ)))
