"""One service and one browser for the tests that look at the house from outside."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.functional.browsing import FLAGS
from tests.functional.screens import Screens, served
from tests.functional.service import Service

CASES = (0, 1, 2, 3, 8, 14, 15, 16, 18, 19, 22, 26)


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The whole service with a dozen cases that wait; at the end nothing of it is left."""
    made = Service(tmp_path_factory.mktemp("house"))
    made.data.mkdir()
    made.start()
    try:
        made.take_in(CASES)
        yield made
        assert made.stop() == 0, made.tail()
        assert made.left_over() == {}
        made.assert_log_discreet()
    finally:
        made.kill()


@pytest.fixture(scope="session")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of the pages go; SHOTS_DIR names another place."""
    given = os.environ.get("SHOTS_DIR")
    folder = Path(given) if given else tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where Chromium is."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if path := shutil.which(name):
            return path
    words = "no Chromium here: install the package chromium (.ci/apt.txt)"
    if os.environ.get("CI") == "true":
        pytest.fail(words)
    pytest.skip(words)


@pytest.fixture(scope="module")
def player() -> Iterator[Playwright]:
    """The driver of a module's browsers. Its event loop must not outlive them: whoever seals in this process next
    could not start one of his own."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(player: Playwright, chromium: str) -> Iterator[Browser]:
    """A browser without a camera."""
    running = player.chromium.launch(executable_path=chromium, args=FLAGS)
    yield running
    running.close()


@pytest.fixture
def camera(player: Playwright, chromium: str) -> Iterator[Callable[[Path], Browser]]:
    """Browsers whose camera plays the film it is given."""
    opened: list[Browser] = []

    def launch(film: Path) -> Browser:
        flags = [
            "--use-fake-device-for-media-stream",
            "--use-fake-ui-for-media-stream",
            f"--use-file-for-fake-video-capture={film}",
        ]
        opened.append(player.chromium.launch(executable_path=chromium, args=[*FLAGS, *flags]))
        return opened[-1]

    yield launch
    for running in opened:
        running.close()


@pytest.fixture
def screens(tmp_path: Path, browser: Browser) -> Iterator[Screens]:
    with served(tmp_path) as (house, base):
        made = Screens(house, base, browser)
        yield made
        for context in made.made:
            context.close()
    assert made.faults == []
    assert [r.url for r in made.asked if not r.url.startswith((base, "data:", "blob:"))] == []
