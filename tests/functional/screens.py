"""A house behind a real port, and browsers to look at it: quicker than the whole service, and its workers go when told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from tests.webhouse import PASSWORD, House, open_house

__all__ = ["FAST_KEYS", "SLOW_KEYS", "Screens", "end_shift", "scan", "served"]

SLOW_KEYS, FAST_KEYS = 140, 3


class Quiet(WSGIRequestHandler):
    """No line per request."""

    def log(self, kind: str, message: str, *args: Any) -> None:
        return


@dataclass
class Screens:
    """A house that answers under ``base``, and browsers to look at it."""

    house: House
    base: str
    browser: Browser
    made: list[BrowserContext] = field(default_factory=list)
    asked: list[Request] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def page(self, *, phone: bool = False, javascript: bool = True) -> Page:
        size = {"width": 390, "height": 844} if phone else {"width": 1280, "height": 800}
        context = self.browser.new_context(viewport=size, java_script_enabled=javascript)
        self.made.append(context)
        page = context.new_page()
        page.on("request", lambda request: self.asked.append(request))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on(
            "console",
            lambda said: self.faults.append(said.text) if "Content Security Policy" in said.text else None,
        )
        return page

    def signed_in(self, role: str, *, phone: bool = False) -> Page:
        self.house.browser(role, role)
        page = self.page(phone=phone)
        page.goto(f"{self.base}/login")
        page.fill("[name=name]", role)
        page.fill("[name=password]", PASSWORD)
        page.click("main button")
        return page


def _whole(app: Flask) -> Callable[..., Iterable[bytes]]:
    """Answers read to their end before they are sent: a browser that leaves in the middle of a file would make the
    server forget to close it, and a warning at some later test would speak of that."""

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        with closing(app.wsgi_app(environ, start)) as body:
            return [b"".join(body)]

    return answer


@contextmanager
def served(folder: Path, **environ: str) -> Iterator[tuple[House, str]]:
    """The house behind a real port. The port is taken first, because the address is printed in the codes."""
    holder = make_server("127.0.0.1", 0, lambda _environ, _start: [], threaded=True, request_handler=Quiet)
    base = f"http://127.0.0.1:{holder.server_port}"
    house = open_house(folder, PUBLIC_BASE_URL=base, **environ)
    holder.app = _whole(house.app)
    thread = threading.Thread(target=holder.serve_forever, daemon=True)
    thread.start()
    try:
        yield house, base
    finally:
        holder.shutdown()
        holder.server_close()
        thread.join(10)


def scan(page: Page, text: str, *, delay: int = FAST_KEYS) -> None:
    """A scanner types and presses Enter, wherever the cursor is."""
    page.keyboard.type(text, delay=delay)
    page.keyboard.press("Enter")


def end_shift(page: Page, base: str, who: str, pin: str, *, note: str = "") -> str:
    """The shift end as it is done at the counter: what is ticked goes to ``who``, a colleague's name or badge. The address
    of the shift's page, where the browser is then."""
    page.goto(f"{base}/window/shift")
    page.locator("main [name=note]").fill(note)
    page.locator("main [name=second_who]").fill(who)
    page.locator("main [name=second_pin]").fill(pin)
    with page.expect_navigation(url="**/window/shift/*"):
        page.get_by_role("button", name="交班，勾上的都归接班人").click()
    expect(page.locator("main .notice.ok")).to_contain_text(" 项")
    expect(page.locator("h1")).to_contain_text("交给")
    return page.url
