"""Plain plots: axes with ticks, dots, lines and bands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

import numpy as np
from PIL import Image

from CACBoneAxisLib.report import raster
from CACBoneAxisLib.report.raster import Color

INK, SOFT, PAPER = (40, 46, 56), (200, 206, 214), (250, 251, 252)
LEFT, RIGHT, TOP, BOTTOM = 74, 18, 44, 54
# Width and height of a plot beside others.
PANEL = (420, 360)
GAP = 6
Point = tuple[float, float]


@dataclass(frozen=True)
class Plot:
    """A picture with axes, drawn on in the units of its axes."""

    picture: Image.Image
    x_range: tuple[float, float]
    y_range: tuple[float, float]

    @classmethod
    def empty(
        cls, size: tuple[int, int], title: str, names: tuple[str, str], x: Sequence[float], y: Sequence[float]
    ) -> Plot:
        """Return axes with room for values x and y."""
        plot = cls(raster.canvas(size, PAPER), _room(x), _room(y))
        draw = plot.draw
        draw.text((size[0] / 2, 12), title, fill=INK, font=raster.font(16), anchor="ma")
        draw.text((size[0] / 2, size[1] - 8), names[0], fill=INK, font=raster.font(14), anchor="md")
        draw.text((8, TOP - 6), names[1], fill=INK, font=raster.font(14), anchor="ld")
        for value in ticks(*plot.x_range):
            at, _ = plot.place(value, plot.y_range[0])
            draw.line((at, TOP, at, size[1] - BOTTOM), fill=SOFT)
            draw.text((at, size[1] - BOTTOM + 6), f"{value:g}", fill=INK, font=raster.font(13), anchor="ma")
        for value in ticks(*plot.y_range):
            _, at = plot.place(plot.x_range[0], value)
            draw.line((LEFT, at, size[0] - RIGHT, at), fill=SOFT)
            draw.text((LEFT - 6, at), f"{value:g}", fill=INK, font=raster.font(13), anchor="rm")
        return plot

    @property
    def draw(self) -> raster.Pen:
        """A pen for the picture."""
        return raster.Pen(self.picture)

    def place(self, x: float, y: float) -> Point:
        """Return the position of a value in the picture."""
        width, height = raster.screen_size(self.picture)
        across = (x - self.x_range[0]) / (self.x_range[1] - self.x_range[0])
        up = (y - self.y_range[0]) / (self.y_range[1] - self.y_range[0])
        return LEFT + across * (width - LEFT - RIGHT), height - BOTTOM - up * (height - TOP - BOTTOM)

    def line(self, points: Sequence[Point], color: Color, width: int = 2) -> None:
        """Draw a line through values."""
        self.draw.line([self.place(x, y) for x, y in points], fill=color, width=width)

    def band(self, lower: Sequence[Point], upper: Sequence[Point], color: Color) -> None:
        """Fill the area between two lines."""
        self.draw.polygon([self.place(x, y) for x, y in [*lower, *upper[::-1]]], fill=color)

    def dot(self, x: float, y: float, color: Color, text: str = "", radius: int = 5) -> None:
        """Draw a dot with text beside it."""
        px, py = self.place(x, y)
        self.draw.ellipse((px - radius, py - radius, px + radius, py + radius), fill=color, outline=raster.WHITE)
        if text:
            right = px > 0.75 * raster.screen_size(self.picture)[0]
            anchor, shift = ("rd", -radius - 2) if right else ("ld", radius + 2)
            self.draw.text((px + shift, py - 3), text, fill=INK, font=raster.font(14), anchor=anchor)


def ticks(low: float, high: float) -> list[float]:
    """Return four to nine round values from low to high."""
    step = 10 ** floor(log10((high - low) / 4))
    step *= next(factor for factor in (1, 2, 5, 10) if (high - low) / (step * factor) <= 8)
    return [n * step for n in range(ceil(low / step - 1e-9), floor(high / step + 1e-9) + 1)]


def _room(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.08 * (high - low) or 1.0
    return low - margin, high + margin


def side_by_side(panels: Sequence[Image.Image], gap: int = GAP) -> Image.Image:
    """Return pictures in a row."""
    return _joined(panels, (1, 0), gap)


def stacked(panels: Sequence[Image.Image], gap: int = GAP) -> Image.Image:
    """Return pictures one below the other."""
    return _joined(panels, (0, 1), gap)


def _joined(panels: Sequence[Image.Image], step: tuple[int, int], gap: int) -> Image.Image:
    places, place = [], np.zeros(2, dtype=int)
    sizes = [np.array(raster.screen_size(panel)) for panel in panels]
    for size in sizes:
        places.append(place)
        place = place + (size + gap) * step
    right, below = np.max([at + size for at, size in zip(places, sizes, strict=True)], axis=0)
    picture = raster.canvas((int(right), int(below)), raster.WHITE)
    for panel, (x, y) in zip(panels, places, strict=True):
        raster.pasted(picture, panel, (int(x), int(y)))
    return picture
