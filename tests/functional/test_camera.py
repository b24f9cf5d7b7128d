"""The camera and our own barcode reader: what a phone sees of a printed label or paper is read without any other host."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageFilter
from playwright.sync_api import Browser, Page, expect

from tests.functional.browsing import FLAGS, log_in, open_page, phone, shoot
from tests.functional.reading import one_code, render
from tests.functional.service import Service, wait_for
from tests.functional.y4m import HEIGHT, WIDTH, camera_film, on_table

pytestmark = pytest.mark.functional

Launch = Callable[[Path], Browser]
CASE = 29


@pytest.fixture(scope="module")
def printed(service: Service) -> tuple[Image.Image, Image.Image, str, str]:
    """Label and paper of one case as printed, the waybill number, and the token on the paper."""
    view = service.issued(service.take_in([CASE])[0]["acceptance_no"])
    envelope, paper = view["consignments"][0], view["documents"][0]
    label = render(service.label(envelope["id"]), 203)
    return label, render(service.pdf(paper["document_id"]), 200), envelope["waybill_no"], paper["token"]


def ear(page: Page) -> None:
    """Open the pack check, whose ear hands on whatever was scanned, and write down what it hears."""
    page.goto("/window/pack")
    page.evaluate(
        "Zhengda.scan.listen((text, how) => { (window.heard = window.heard || []).push([text, how]); })"
    )
    page.locator("[data-camera]").click()


@pytest.mark.parametrize("kind", ["QR", "128"])
def test_the_label_is_read(
    kind: str,
    printed: tuple[Image.Image, Image.Image, str, str],
    service: Service,
    camera: Launch,
    tmp_path: Path,
) -> None:
    """QR and bars, each alone before the lens, somewhat out of focus."""
    label, _, waybill, _ = printed
    code = one_code(label, kind)
    scene = on_table(label, code.middle)
    if kind == "128":
        band = scene.crop((0, 260, WIDTH, 460))  # the bars alone; the label's QR stays out of sight
        scene = Image.new("RGB", (WIDTH, HEIGHT), (150, 148, 142))
        scene.paste(band, (0, 260))
    film = camera_film(scene.filter(ImageFilter.GaussianBlur(0.8)), tmp_path / "film.y4m")
    with open_page(camera(film), service, permissions=["camera"]) as (page, eye):
        log_in(page, service, "clerk", "/window/pack")
        ear(page)
        assert wait_for(lambda: page.evaluate("window.heard"), 20, "something was heard") == [
            [code.text, "camera"]
        ]
        assert code.text == waybill or kind == "QR"
        page.wait_for_timeout(1_500)
        assert len(page.evaluate("window.heard")) == 1  # the same code before the lens is one scan
        assert any(request.url.endswith(".wasm") for request in eye.requests)
        eye.assert_quiet()


def test_the_paper_is_verified_through_the_camera(
    printed: tuple[Image.Image, Image.Image, str, str],
    service: Service,
    camera: Launch,
    shots: Path,
    tmp_path: Path,
) -> None:
    """The dense code of a document, as a phone held over the paper sees it."""
    _, paper, _, token = printed
    film = camera_film(on_table(paper, one_code(paper, "QR").middle), tmp_path / "film.y4m")
    with phone(camera(film), service, permissions=["camera"]) as (page, eye):
        page.goto("/verify")
        page.locator("[data-camera]").click()
        expect(page.locator("#finding")).to_have_attribute("data-status", "valid", timeout=20_000)
        shoot(page, shots, "verify-camera", (390,))
        assert all(token not in (request.post_data or "") + request.url for request in eye.requests)
        eye.assert_quiet()


def test_a_device_without_camera_says_what_to_do(service: Service, browser: Browser, shots: Path) -> None:
    """No camera there: one sentence, and the field still works."""
    assert "--use-fake-device-for-media-stream" not in FLAGS
    with phone(browser, service, permissions=["camera"]) as (page, _):
        page.goto("/verify")
        page.locator("[data-camera]").click()
        expect(page.locator("[data-camera-fault]")).to_contain_text("没有找到相机")
        expect(page.locator("[data-lens]")).to_be_hidden()
        shoot(page, shots, "camera-missing", (390,))
        page.locator("#code").fill("ABCDEFGH2345672Q")
        page.locator("#code").press("Enter")
        expect(page.locator("#finding")).to_have_attribute("data-status", "not_found")


def test_a_refused_camera_says_how_to_allow_it(service: Service, camera: Launch, tmp_path: Path) -> None:
    """Permission denied by hand: where to change it, and that typing works."""
    film = camera_film(Image.new("RGB", (WIDTH, HEIGHT), (90, 90, 90)), tmp_path / "film.y4m", 1)
    with phone(camera(film), service) as (page, _):
        page.add_init_script(
            "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"
        )
        page.goto("/verify")
        page.locator("[data-camera]").click()
        expect(page.locator("[data-camera-fault]")).to_contain_text("没有得到使用相机的许可")
