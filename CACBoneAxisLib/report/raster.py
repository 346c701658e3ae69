"""Draw CT slices: crops in mm, windows, overlays, scale bars and orientation letters.

Positions and sizes are in screen pixels. Within :func:`density` each of them becomes
several pixels of the picture, so that the same drawing is sharp on paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

OVERLAY_OPACITY = 0.28
OUTLINE_PIXELS = 2
MARGIN = 8
AIR_HU = -1000.0

Color = tuple[int, int, int]
WHITE: Color = (255, 255, 255)

_density: ContextVar[int] = ContextVar("density", default=1)


@contextmanager
def density(pixels: int) -> Iterator[None]:
    """Draw at a multiple of the screen's resolution within this block."""
    token = _density.set(pixels)
    try:
        yield
    finally:
        _density.reset(token)


def canvas(size: tuple[int, int], color: Color) -> Image.Image:
    """Return an empty picture of a width and height in screen pixels."""
    return Image.new("RGB", (size[0] * _density.get(), size[1] * _density.get()), color)


def screen_size(picture: Image.Image) -> tuple[int, int]:
    """Return width and height of a picture in screen pixels."""
    return picture.width // _density.get(), picture.height // _density.get()


def pasted(picture: Image.Image, part: Image.Image, at: tuple[int, int]) -> None:
    """Paste a picture into another, its upper left corner at a screen pixel."""
    picture.paste(part, (at[0] * _density.get(), at[1] * _density.get()))


class Pen:
    """Draws on a picture in screen pixels, with Pillow's methods."""

    def __init__(self, picture: Image.Image) -> None:
        self._draw = ImageDraw.Draw(picture)
        self._scale = _density.get()

    def line(self, xy: Any, fill: Any = None, width: int = 1) -> None:
        """Draw a line."""
        self._draw.line(self._places(xy), fill, width * self._scale)

    def rectangle(self, xy: Any, fill: Any = None, outline: Any = None, width: int = 1) -> None:
        """Draw a rectangle."""
        self._draw.rectangle(self._places(xy), fill, outline, width * self._scale)

    def ellipse(self, xy: Any, fill: Any = None, outline: Any = None, width: int = 1) -> None:
        """Draw an ellipse."""
        self._draw.ellipse(self._places(xy), fill, outline, width * self._scale)

    def circle(self, center: tuple[float, float], radius: float, color: Color, width: int) -> None:
        """Draw a circle."""
        x, y = center
        self.ellipse((x - radius, y - radius, x + radius, y + radius), outline=color, width=width)

    def polygon(self, xy: Any, fill: Any = None, outline: Any = None) -> None:
        """Draw a polygon."""
        self._draw.polygon(self._places(xy), fill, outline)

    def text(self, xy: tuple[float, float], text: str, *, stroke_width: int = 0, **options: Any) -> None:
        """Write text in a font of :func:`font`."""
        x, y = xy
        place = (x * self._scale, y * self._scale)
        self._draw.text(place, text, stroke_width=stroke_width * self._scale, **options)

    def _places(self, xy: Sequence[Any]) -> Any:
        return [tuple(n * self._scale for n in v) if isinstance(v, tuple | list) else v * self._scale for v in xy]


@dataclass(frozen=True)
class Window:
    """Display window: black to white is level +- width / 2, HU."""

    width_hu: float
    level_hu: float


@dataclass(frozen=True)
class View:
    """A rectangle of a plane, and the scale it is drawn at.

    Parameters
    ----------
    center : (row, column)
        Continuous indices of the plane at the middle of the picture.
    spacing_mm : (row, column)
        Distances between the plane's pixels.
    size_mm : (height, width)
    pixels_per_mm : the same in both directions, so that shapes are true
    """

    center: tuple[float, float]
    spacing_mm: tuple[float, float]
    size_mm: tuple[float, float]
    pixels_per_mm: float

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture, screen pixels."""
        height, width = (round(length * self.pixels_per_mm) for length in self.size_mm)
        return width, height

    def point(self, row: float, column: float) -> tuple[float, float]:
        """Return the position (x, y) in the picture of a pixel centre of the plane."""
        width, height = self.size
        return (
            width / 2 + (column - self.center[1]) * self.spacing_mm[1] * self.pixels_per_mm,
            height / 2 + (row - self.center[0]) * self.spacing_mm[0] * self.pixels_per_mm,
        )

    def moved(self, row: int, column: int) -> View:
        """Return the same view for a crop of the plane that starts at a row and column."""
        return replace(self, center=(self.center[0] - row, self.center[1] - column))

    def resampled(self, plane: NDArray, *, smooth: bool) -> NDArray[np.float32]:
        """Resample a plane (rows, columns) to the view's size, bicubic or nearest, with air around it."""
        pixels = (self.size[0] * _density.get(), self.size[1] * _density.get())
        low, high, box = [], [], []
        for axis in range(2):
            half = self.size_mm[axis] / self.spacing_mm[axis] / 2
            start, stop = self.center[axis] + 0.5 - half, self.center[axis] + 0.5 + half
            low.append(int(np.floor(start)) - 3)
            high.append(int(np.ceil(stop)) + 3)
            box.append((start - low[axis], stop - low[axis]))
        outside = AIR_HU if smooth else 0.0
        crop = np.full((high[0] - low[0], high[1] - low[1]), outside, dtype=np.float32)
        first = [max(0, o) for o in low]
        last = [min(n, e) for n, e in zip(plane.shape, high, strict=True)]
        if all(b > a for a, b in zip(first, last, strict=True)):
            target = tuple(slice(a - o, b - o) for a, b, o in zip(first, last, low, strict=True))
            crop[target] = plane[first[0] : last[0], first[1] : last[1]]
        method = Image.Resampling.BICUBIC if smooth else Image.Resampling.NEAREST
        (top, bottom), (left, right) = box
        return np.asarray(Image.fromarray(crop).resize(pixels, method, box=(left, top, right, bottom)))

    def drawn(self, plane: NDArray, window: Window) -> NDArray[np.uint8]:
        """Return the pixels, shape (rows, columns, 3), of a plane of HU drawn to the view's size through a window."""
        return windowed(self.resampled(plane, smooth=True), window)


def color_of(values: Sequence[Any]) -> Color:
    """Return three numbers of 0-255 as a colour."""
    red, green, blue = (int(value) for value in values)
    return red, green, blue


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's built-in font at a size in screen pixels; no font file is needed."""
    return _font(size * _density.get())


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def windowed(hu: NDArray, window: Window) -> NDArray[np.uint8]:
    """Return grey values 0-255, shape (rows, columns, 3), of HU through a window."""
    grey = (np.asarray(hu, dtype=np.float32) - (window.level_hu - window.width_hu / 2)) * (255 / window.width_hu)
    return np.repeat(np.clip(grey, 0, 255).astype(np.uint8)[..., None], 3, axis=2)


def overlay(
    picture: NDArray[np.uint8], mask: NDArray, color: Color, *, fill: float = OVERLAY_OPACITY, outline: bool = True
) -> None:
    """Tint the pixels of a mask in place: translucent inside, solid along the border."""
    inside = np.asarray(mask) > 0
    if not inside.any():
        return
    tint = np.asarray(color, dtype=np.float32)
    picture[inside] = (picture[inside] * (1 - fill) + tint * fill).astype(np.uint8)
    if outline:
        picture[inside & ~_shrunk(inside, OUTLINE_PIXELS * _density.get())] = color


def _shrunk(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    padded = np.pad(mask, pixels)
    rows, columns = mask.shape
    kept = mask.copy()
    for dy in (0, pixels, 2 * pixels):
        for dx in (0, pixels, 2 * pixels):
            kept &= padded[dy : dy + rows, dx : dx + columns]
    return kept


def draw_scale_bar(draw: Pen, size: tuple[int, int], length_mm: float, pixels_per_mm: float) -> None:
    """Draw a scale bar with its label at the lower left of a picture of the given size."""
    length = round(length_mm * pixels_per_mm)
    left, bottom = MARGIN, size[1] - MARGIN
    draw.rectangle((left - 1, bottom - 5, left + length, bottom), fill=(0, 0, 0))
    draw.rectangle((left, bottom - 4, left + length - 1, bottom - 1), fill=WHITE)
    label(draw, (left, bottom - 8), f"{length_mm:g} mm", "ld")


def label(
    draw: Pen,
    at: tuple[float, float],
    text: str,
    anchor: str,
    color: Color = WHITE,
    size: int = 15,
) -> None:
    """Write text with a dark outline, readable on any background."""
    draw.text(at, text, fill=color, font=font(size), anchor=anchor, stroke_width=2, stroke_fill=(0, 0, 0))


def annotate(
    picture: Image.Image, view: View, letters: str, title: str = "", color: Color = WHITE, size: int = 17
) -> None:
    """Draw orientation letters, a 20 mm scale bar and a title at the upper left."""
    draw = Pen(picture)
    draw_letters(draw, view.size, letters)
    draw_scale_bar(draw, view.size, 20, view.pixels_per_mm)
    if title:
        label(draw, (MARGIN, MARGIN), title, "la", color=color, size=size)


def draw_letters(draw: Pen, size: tuple[int, int], letters: str) -> None:
    """Write orientation letters at the left, right, top and bottom border, in that order."""
    width, height = size
    places = ((MARGIN, height / 2, "lm"), (width - MARGIN, height / 2, "rm"), (width / 2, MARGIN, "ma"))
    for letter, (x, y, anchor) in zip(letters, (*places, (width / 2, height - MARGIN, "md")), strict=True):
        label(draw, (x, y), letter, anchor, color=(255, 214, 102))


def draw_arrow(draw: Pen, tip: tuple[float, float], color: Color, length: float = 34.0) -> None:
    """Draw an arrow from the upper left to its tip."""
    x, y = tip
    for width, shade in ((6, (0, 0, 0)), (3, color)):
        draw.line((x - length, y - length, x - 5, y - 5), fill=shade, width=width)
    draw.polygon(((x, y), (x - 13, y - 5), (x - 5, y - 13)), fill=color, outline=(0, 0, 0))


def png_bytes(picture: Image.Image) -> bytes:
    """Encode a picture as PNG; equal pictures give equal bytes."""
    stream = BytesIO()
    picture.save(stream, format="PNG", compress_level=6)
    return stream.getvalue()
