"""Hands and eyes in front of a page: scanning as a keyboard, watching the console and the wire, taking pictures."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, Request

from tests.functional.service import PASSWORD, Service

__all__ = ["DESK", "FLAGS", "PHONE", "Eye", "draw", "log_in", "open_page", "phone", "scan", "shoot", "step"]

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 800}


@dataclass
class Eye:
    """What a page said and whom it asked."""

    base: str
    faults: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        """Watch this page from now on."""
        page.on("console", self._console)
        page.on("pageerror", self._fault)
        page.on("request", self._request)

    def _request(self, request: Request) -> None:
        self.requests.append(request)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _fault(self, fault: Error) -> None:
        self.faults.append(f"exception: {fault.message}")

    @property
    def elsewhere(self) -> list[str]:
        """Addresses of other hosts that the page asked."""
        ours = urlsplit(self.base).netloc
        return [
            r.url
            for r in self.requests
            if urlsplit(r.url).scheme in ("http", "https", "ws") and urlsplit(r.url).netloc != ours
        ]

    def posted(self, path: str) -> list[str]:
        """Bodies posted to this path."""
        return [
            r.post_data or "" for r in self.requests if r.method == "POST" and urlsplit(r.url).path == path
        ]

    def assert_quiet(self, *answers: str) -> None:
        """No word on the console, no stranger asked. ``answers``: what a refusal by the server sounds like there,
        such as "409 (Conflict)", where the step brings one about."""
        loud = [one for one in self.faults if not any(f"status of {known}" in one for known in answers)]
        assert loud == [], loud
        assert self.elsewhere == [], self.elsewhere


@contextlib.contextmanager
def open_page(
    browser: Browser, service: Service, *, size: dict[str, int] | None = None, **more: object
) -> Iterator[tuple[Page, Eye]]:
    """A page in a fresh browser profile, watched."""
    options = {
        "viewport": size or DESK,
        "locale": "zh-CN",
        "timezone_id": "Asia/Shanghai",
        "base_url": service.base,
    } | more
    context = browser.new_context(**options)  # type: ignore[arg-type]
    context.set_default_timeout(15_000)
    page, eye = context.new_page(), Eye(service.base)
    eye.watch(page)
    try:
        yield page, eye
    finally:
        _close(context)


def _close(context: BrowserContext) -> None:
    with contextlib.suppress(Error):  # a page in the middle of a request does not keep the test from ending
        context.close()


@contextlib.contextmanager
def phone(browser: Browser, service: Service, **more: object) -> Iterator[tuple[Page, Eye]]:
    """The page on somebody's phone."""
    with open_page(
        browser,
        service,
        size=PHONE,
        **({"has_touch": True, "is_mobile": True, "device_scale_factor": 2} | more),
    ) as opened:
        yield opened


def log_in(page: Page, service: Service, who: str, then: str) -> None:
    """Log in as one of the staff and open ``then``."""
    page.goto(f"/login?next={then}")
    page.get_by_label("用户名").fill(service.account(who))
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(f"**{then}")


def scan(page: Page, text: str) -> None:
    """A keyboard-wedge scanner: fast keys wherever the cursor stands, Enter at the end."""
    page.keyboard.type(text, delay=2)
    page.keyboard.press("Enter")


def shoot(page: Page, folder: Path, name: str, sizes: tuple[int, ...] = (390, 1280)) -> None:
    """Pictures of the whole page at these widths; the page keeps its size afterwards."""
    before = page.viewport_size
    for width in sizes:
        page.set_viewport_size({"width": width, "height": 844 if width < 600 else 800})
        page.screenshot(path=folder / f"{name}-{width}.png", full_page=True)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width + 1, f"{name} is {wide} px wide on a screen of {width} px"
    if before:
        page.set_viewport_size(before)


def draw(page: Page) -> None:
    """A name written into the signature field with the mouse."""
    canvas = page.locator(".signpad canvas")
    canvas.evaluate("one => one.scrollIntoView({block: 'center'})")
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 60, box["y"] + 150)
    page.mouse.down()
    for x, y in ((140, 40), (200, 160), (280, 60), (360, 150), (460, 50), (560, 120)):
        page.mouse.move(box["x"] + min(x, box["width"] - 20), box["y"] + y, steps=6)
    page.mouse.up()


@contextlib.contextmanager
def step(name: str) -> Iterator[None]:
    """Name the step in whatever goes wrong inside it."""
    try:
        yield
    except BaseException as fault:
        fault.add_note(f"step: {name}")
        raise
