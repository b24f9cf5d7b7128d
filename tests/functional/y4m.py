"""A still picture as a video file that Chromium takes for a camera (YUV4MPEG2, 4:2:0), without any video program."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

__all__ = ["HEIGHT", "WIDTH", "camera_film", "on_table"]

WIDTH, HEIGHT = 1280, 720


def on_table(paper: Image.Image, around: tuple[int, int] | None = None, zoom: float = 1.0) -> Image.Image:
    """What a camera sees of a paper on a grey table: 1280 × 720, the point ``around`` of the paper in the middle."""
    shown = paper.convert("RGB")
    shown = shown.resize((round(shown.width * zoom), round(shown.height * zoom)), Image.Resampling.LANCZOS)
    at = around or (paper.width // 2, paper.height // 2)
    scene = Image.new("RGB", (WIDTH, HEIGHT), (150, 148, 142))
    scene.paste(shown, (WIDTH // 2 - round(at[0] * zoom), HEIGHT // 2 - round(at[1] * zoom)))
    return scene


def camera_film(scene: Image.Image, file: Path, frames: int = 4) -> Path:
    """Write ``scene`` as a film of a few equal frames; Chromium plays it again and again."""
    assert scene.size == (WIDTH, HEIGHT)
    luma, blue, red = scene.convert("YCbCr").split()
    half = (WIDTH // 2, HEIGHT // 2)
    planes = luma.tobytes() + b"".join(
        plane.resize(half, Image.Resampling.BOX).tobytes() for plane in (blue, red)
    )
    with file.open("wb") as film:
        film.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode("ascii"))
        for _ in range(frames):
            film.write(b"FRAME\n" + planes)
    return file
