"""A small histogram of the HU in a region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from CACBoneAxisLib.report import raster
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.raster import Color

LEFT_HU, RIGHT_HU, BIN_HU, TICK_HU = -150, 450, 10, 100
INK = (70, 78, 90)


def draw_histogram(hu: NDArray, vertebra: Mapping[str, Any], color: Color, size: tuple[int, int]) -> Image.Image:
    """Return a picture of the voxels' HU, shape (n,), with the mean and the 10th to 90th percentile.

    The axis runs from -150 to 450 HU; voxels beyond it are counted in the end bins.
    """
    width, height = size
    picture = raster.canvas(size, (246, 248, 250))
    draw = raster.Pen(picture)
    left, right, top, bottom = 14, width - 14, 58, height - 50

    def place(value: float) -> float:
        return left + (min(max(value, LEFT_HU), RIGHT_HU) - LEFT_HU) / (RIGHT_HU - LEFT_HU) * (right - left)

    edges = np.arange(LEFT_HU, RIGHT_HU + BIN_HU, BIN_HU)
    counts, _ = np.histogram(np.clip(hu, LEFT_HU, RIGHT_HU), edges)
    tallest = max(1, int(counts.max()))
    bar = tuple(int(c * 0.75) for c in color)
    for start, count in zip(edges[:-1].tolist(), counts.tolist(), strict=True):
        if count:
            y = bottom - count / tallest * (bottom - top)
            draw.rectangle((place(start) + 1, y, place(start + BIN_HU), bottom), fill=bar)
    draw.line((left, bottom, right, bottom), fill=INK, width=1)
    for tick in range(-100, RIGHT_HU + 1, TICK_HU):
        draw.line((place(tick), bottom, place(tick), bottom + 5), fill=INK)
        draw.text((place(tick), bottom + 8), str(tick), fill=INK, font=raster.font(14), anchor="ma")
    draw.text((width / 2, height - 8), "HU in the region", fill=INK, font=raster.font(15), anchor="md")
    if vertebra["mean_hu"] is not None:
        x = place(vertebra["mean_hu"])
        draw.line((x, top - 8, x, bottom), fill=(20, 24, 30), width=2)
        low, high = place(vertebra["p10_hu"]), place(vertebra["p90_hu"])
        draw.line((low, top - 8, high, top - 8), fill=(20, 24, 30), width=3)
        text = f"mean {format_value(vertebra['mean_hu'], 'mean_hu', unit=True)}"
        draw.text((width / 2, 10), text, fill=(20, 24, 30), font=raster.font(17), anchor="ma")
        limits = f"{format_value(vertebra['p10_hu'], 'p10_hu')} to {format_value(vertebra['p90_hu'], 'p90_hu')}"
        draw.text((width / 2, 30), f"10th to 90th percentile {limits}", fill=INK, font=raster.font(13), anchor="ma")
    return picture
