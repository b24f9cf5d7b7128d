"""A whole house for tests of the web: real services on SQLite in a folder, an application, keys, and hands that work."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from dispatch import create_app, people, setup
from dispatch.bootstrap import build_without_bell
from dispatch.config import Settings
from dispatch.rights import CLI
from dispatch.services import Services
from workers.jobs import Runner

__all__ = ["PASSWORD", "House", "house_on", "open_house"]

PASSWORD = "quiet-river-42-stones"


@dataclass
class House:
    """``call`` is a program with a key, ``browser`` a member of staff who has logged in."""

    services: Services
    app: Flask
    client: FlaskClient
    keys: dict[str, str] = field(default_factory=dict)

    def key(self, *scopes: str, office: str = "") -> str:
        """A key with these scopes, made once."""
        name = "-".join((*scopes, office)) or "none"
        if name not in self.keys:
            self.keys[name] = people.create_key(self.services, CLI, name, scopes, office)
        return self.keys[name]

    def call(self, method: str, path: str, *scopes: str, office: str = "", **more: Any) -> TestResponse:
        """A call of the API, with a key that has just these scopes; without scopes a stranger's."""
        headers = dict(more.pop("headers", {}))
        if scopes:
            headers["Authorization"] = f"Bearer {self.key(*scopes, office=office)}"
        full = path if path.startswith(("/api/", "/metrics")) else f"/api/v1{path}"
        return self.client.open(full, method=method, headers=headers, **more)

    def browser(self, name: str, role: str, office: str = "33") -> tuple[FlaskClient, str]:
        """A client with a session cookie, and the session's CSRF token."""
        people.create_user(self.services, CLI, name, role, office, PASSWORD)
        begun = people.log_in(self.services, name, PASSWORD, "192.0.2.1")
        client = self.app.test_client()
        client.set_cookie("zd", begun.secret)
        return client, begun.session.csrf

    def work(self) -> int:
        """Do everything that is due now; how many steps. In a thread, because sealing starts an event loop of its own
        and a browser test's driver already has one running here."""
        with ThreadPoolExecutor(1) as hands:
            return hands.submit(Runner(self.services, lambda: False).drain).result()

    def issued(self, case: dict[str, Any]) -> dict[str, Any]:
        """Hand in a case, issue it, let the workers finish; its view."""
        made = self.call("POST", "/cases", "cases", json=case)
        assert made.status_code == 201, made.text
        assert self.call("POST", f"/cases/{case['acceptance_no']}/issue", "issue").status_code == 202
        self.work()
        return self.view(case["acceptance_no"])

    def view(self, acceptance_no: str) -> dict[str, Any]:
        """The case view."""
        found = self.call("GET", f"/cases/{acceptance_no}", "read")
        assert found.status_code == 200, found.text
        shown: dict[str, Any] = found.get_json()
        return shown


def house_on(services: Services) -> House:
    """The web on these services."""
    app = create_app(services)
    return House(services, app, app.test_client())


def open_house(folder: Path, **environ: str) -> House:
    """A house of its own in ``folder``: tables, keys, a range of demonstration numbers, nothing else."""
    services = build_without_bell(Settings.from_env({"DISPATCH_DATA_DIR": str(folder), **environ}))
    setup.prepare(services)
    return house_on(services)
