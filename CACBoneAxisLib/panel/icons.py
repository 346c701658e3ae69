"""Draw icons of arteries and vertebral levels: unique shape, letter and colour."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from typing import Any

import qt
from PIL import Image, ImageDraw

SIZE_PIXELS = 20
# Drawn larger and scaled down for smooth edges.
FINER = 4

# Distinguishable without colour: number of corners and direction of the first one (degrees from the top).
# Coronaries are filled; valves and aorta, never part of the total, are rings.
CORNERS = {"LM": (4, 45), "LAD": (0, 0), "LCX": (3, 0), "RCA": (4, 0), "AV": (3, 180), "MV": (5, 0), "AA": (0, 0)}
RINGS = ("AV", "MV", "AA", "DA")
OTHER = (6, 0)


def territory_icon(code: str, color: Sequence[int]) -> Any:
    """Return the icon of an artery or structure in its colour (RGB 0-255)."""
    return _icon(draw_territory(code, color))


def level_icon(color: Sequence[int]) -> Any:
    """Return the icon of a vertebral level: a coloured body seen from the side."""
    return _icon(draw_level(color))


def draw_territory(code: str, color: Sequence[int]) -> Image.Image:
    """Return the image of an artery or structure on a transparent background."""
    picture, draw, side = _canvas()
    corners, turn = CORNERS.get(code, OTHER)
    middle, radius = side / 2, side * 0.46
    fill = tuple(color)
    outline = _darker(color)
    width = max(FINER, side // 16)
    if corners == 0:
        box = (middle - radius, middle - radius, middle + radius, middle + radius)
        draw.ellipse(box, fill=fill, outline=outline, width=width)
    else:
        draw.polygon(_points(corners, turn, middle, radius), fill=fill, outline=outline, width=width)
    if code in RINGS:
        # A triangle has less space inside.
        inner = radius * (0.2 if corners == 3 else 0.42)
        draw.ellipse((middle - inner, middle - inner, middle + inner, middle + inner), fill=(0, 0, 0, 0))
    return picture.resize((SIZE_PIXELS, SIZE_PIXELS), Image.Resampling.LANCZOS)


def draw_level(color: Sequence[int]) -> Image.Image:
    """Return the image of a vertebral body with concave endplates and its process."""
    picture, draw, side = _canvas()
    fill, outline = tuple(color), _darker(color)
    s = side / 20
    body = [(2, 4), (7, 5.5), (12, 4), (12, 16), (7, 14.5), (2, 16)]
    process = [(12, 7), (15, 8), (18.5, 13), (17, 15), (13.5, 11.5), (12, 11.5)]
    for points in (process, body):
        draw.polygon([(x * s, y * s) for x, y in points], fill=fill, outline=outline, width=max(FINER, side // 20))
    return picture.resize((SIZE_PIXELS, SIZE_PIXELS), Image.Resampling.LANCZOS)


def _canvas() -> tuple[Image.Image, ImageDraw.ImageDraw, int]:
    side = SIZE_PIXELS * FINER
    picture = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    return picture, ImageDraw.Draw(picture), side


def _points(corners: int, turn: float, middle: float, radius: float) -> list[tuple[float, float]]:
    angles = [math.radians(turn + 360 * n / corners) for n in range(corners)]
    return [(middle + radius * math.sin(a), middle - radius * math.cos(a)) for a in angles]


def _darker(color: Sequence[int]) -> tuple[int, int, int]:
    red, green, blue = (int(channel * 0.55) for channel in color)
    return red, green, blue


def _icon(picture: Image.Image) -> Any:
    data = io.BytesIO()
    picture.save(data, format="PNG")
    pixmap = qt.QPixmap()
    pixmap.loadFromData(data.getvalue())
    return qt.QIcon(pixmap)
