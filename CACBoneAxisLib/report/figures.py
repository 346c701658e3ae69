"""Report pictures: the worst lesion of each territory and each measured vertebra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.report import raster
from CACBoneAxisLib.report.blocks import Figure
from CACBoneAxisLib.report.histogram import draw_histogram
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.plots import side_by_side
from CACBoneAxisLib.report.raster import Color, View, Window
from CACBoneAxisLib.report.segmentation import lesion_color, level_color
from CACBoneAxisLib.report.wording import territory_table

# Wide enough to tell 130 from 400 HU, narrow enough to see fat around an artery.
CALCIUM_WINDOW = Window(800, 150)
BONE_WINDOW = Window(1000, 250)

LESION_VIEW_MM = 80.0
LESION_PIXELS_PER_MM = 6.0
INSET_VIEW_MM = 20.0
INSET_PIXELS = 150
SMALL_LESION_MM = 6.0

VERTEBRA_VIEW_MM = 80.0
VERTEBRA_PIXELS_PER_MM = 4.5
NO_BREAK = "\u00a0"


def lesion_figures(calcium: Mapping[str, Any], image: CTImage, masks: Mapping[int, Mask]) -> list[Figure]:
    """Return a picture of the lesion with the highest Agatston score of each territory that has one."""
    figures = []
    for territory in territory_table():
        scored = [
            lesion
            for lesion in calcium["lesions"]
            if lesion["territory"] == territory["code"] and lesion["status"] == "scored" and lesion["id"] in masks
        ]
        if scored:
            worst = max(scored, key=lambda lesion: (lesion["agatston"] or 0.0, lesion["voxels"]))
            figures.append(_lesion_figure(worst, territory, calcium["lesions"], image, masks))
    return figures


def _lesion_figure(
    lesion: Mapping[str, Any],
    territory: Mapping[str, Any],
    lesions: Sequence[Mapping[str, Any]],
    image: CTImage,
    masks: Mapping[int, Mask],
) -> Figure:
    mask = masks[lesion["id"]]
    index = worst_slice(lesion, mask)
    layer = mask.voxels[index - mask.offset[0]]
    rows, columns = np.nonzero(layer)
    rows, columns = rows + mask.offset[1], columns + mask.offset[2]
    center = float(rows.min() + rows.max()) / 2, float(columns.min() + columns.max()) / 2
    view = axial_view(image, center, LESION_VIEW_MM, LESION_PIXELS_PER_MM)
    pixels = view.drawn(image.hu[index], CALCIUM_WINDOW)
    for other in lesions:
        if other["id"] in masks and other["status"] != "implausible":
            color = lesion_color(other)
            fill = raster.OVERLAY_OPACITY if other is lesion else 0.0
            _draw_mask(pixels, view, masks[other["id"]], index, color, fill)
    picture = Image.fromarray(pixels)
    color = lesion_color(lesion)
    extent = max((np.ptp(rows) + 1) * view.spacing_mm[0], (np.ptp(columns) + 1) * view.spacing_mm[1])
    if extent <= SMALL_LESION_MM:
        raster.draw_arrow(raster.Pen(picture), view.point(rows.min() - 1.0, columns.min() - 1.0), color)
    _inset(picture, image, index, center)
    raster.annotate(picture, view, "RLAP", territory["code"], color, 20)
    position = float(image.geometry.to_lps([center[1], center[0], index])[2])
    height = f"S {format_value(position, 'position_mm', unit=True)}".replace(" ", NO_BREAK)
    place = f"slice {index + 1} of {image.hu.shape[0]}, {height}"
    scores = (
        f"Agatston {format_value(lesion['agatston'], 'agatston')}, "
        f"peak {format_value(lesion['peak_hu'], 'peak_hu', unit=True)}"
    )
    title = f"{territory['code']} - {territory['name']}, lesion {lesion['id']}"
    alt = (
        f"Axial CT of {LESION_VIEW_MM:g} by {LESION_VIEW_MM:g} mm around lesion {lesion['id']} of the "
        f"{territory['in_words']}, calcium coloured, with a scale bar of 20 mm and an inset without colour; {place}."
    )
    return Figure(territory["code"], title, f"{scores}. {place[0].upper()}{place[1:]}.", alt, raster.png_bytes(picture))


def axial_view(image: CTImage, center: tuple[float, float], size_mm: float, pixels_per_mm: float) -> View:
    """Return a square view of an axial slice around a (row, column)."""
    dx, dy, _ = image.geometry.spacing_mm
    return View(center, (dy, dx), (size_mm, size_mm), pixels_per_mm)


def worst_slice(lesion: Mapping[str, Any], mask: Mask) -> int:
    """Return the index of the slice where a lesion scores most, or has most voxels if it scores nowhere."""
    counts = mask.voxels.sum(axis=(1, 2))
    inside = range(mask.offset[0], mask.offset[0] + len(counts))
    scores = {entry["index"]: entry["agatston"] or 0.0 for entry in lesion["slices"]}
    return max(inside, key=lambda z: (scores.get(z, 0.0), counts[z - mask.offset[0]]))


def _draw_mask(pixels: NDArray[np.uint8], view: View, mask: Mask, index: int, color: Color, fill: float) -> None:
    layer = index - mask.offset[0]
    if 0 <= layer < mask.voxels.shape[0]:
        here = view.moved(mask.offset[1], mask.offset[2])
        raster.overlay(pixels, here.resampled(mask.voxels[layer], smooth=False), color, fill=fill)


def _inset(picture: Image.Image, image: CTImage, index: int, center: tuple[float, float]) -> None:
    scale = INSET_PIXELS / INSET_VIEW_MM
    view = axial_view(image, center, INSET_VIEW_MM, scale)
    small = Image.fromarray(view.drawn(image.hu[index], CALCIUM_WINDOW))
    draw = raster.Pen(small)
    draw.rectangle((0, 0, INSET_PIXELS - 1, INSET_PIXELS - 1), outline=raster.WHITE)
    raster.draw_scale_bar(draw, view.size, 5, scale)
    width, height = raster.screen_size(picture)
    raster.pasted(picture, small, (width - INSET_PIXELS, height - INSET_PIXELS))


def vertebra_figures(bone: Mapping[str, Any], image: CTImage, masks: Mapping[str, Mask]) -> list[Figure]:
    """Return a picture of each vertebra with a mask: axial, sagittal, coronal and the histogram of its HU."""
    return [
        _vertebra_figure(vertebra, image, masks[vertebra["level"]])
        for vertebra in bone["vertebrae"]
        if vertebra["level"] in masks
    ]


def _vertebra_figure(vertebra: Mapping[str, Any], image: CTImage, mask: Mask) -> Figure:
    level = vertebra["level"]
    color = _bright(level_color(level))
    z, y, x = (float(c) for c in mask.indices().mean(axis=0))
    dx, dy, dz = image.geometry.spacing_mm
    last = image.hu.shape[0] - 1
    z0, y0, x0 = mask.offset
    top = last - (z0 + mask.voxels.shape[0] - 1)
    k, j, i = _filled_plane(mask, 0, z), _filled_plane(mask, 1, y), _filled_plane(mask, 2, x)
    # Sagittal and coronal planes are shown with the head up: rows run from the last slice to the first.
    planes = (
        (image.hu[k], mask.voxels[k - z0], (y0, x0), (y, x), (dy, dx), "RLAP", "axial"),
        (image.hu[::-1, :, i], mask.voxels[::-1, :, i - x0], (top, y0), (last - z, y), (dz, dy), "APSI", "sagittal"),
        (image.hu[::-1, j, :], mask.voxels[::-1, j - y0, :], (top, x0), (last - z, x), (dz, dx), "RLSI", "coronal"),
    )
    panels = []
    for plane, inside, offset, center, spacing, letters, name in planes:
        view = View(center, spacing, (VERTEBRA_VIEW_MM, VERTEBRA_VIEW_MM), VERTEBRA_PIXELS_PER_MM)
        pixels = view.drawn(plane, BONE_WINDOW)
        raster.overlay(pixels, view.moved(*offset).resampled(inside, smooth=False), color, fill=0.15)
        panels.append(Image.fromarray(pixels))
        raster.annotate(panels[-1], view, letters, f"{level} {name}", color)
    panels.append(draw_histogram(mask.values(image.hu), vertebra, color, raster.screen_size(panels[0])))
    picture = side_by_side(panels)
    caption = (
        f"Mean {format_value(vertebra['mean_hu'], 'mean_hu')} ± {format_value(vertebra['sd_hu'], 'sd_hu')} HU (SD), "
        f"{format_value(vertebra['voxels'], 'voxels')} voxels, "
        f"{format_value(vertebra['volume_mm3'], 'volume_mm3', unit=True)}."
    )
    if vertebra["mean_hu"] is None:
        caption = "Not measured."
    alt = (
        f"Axial, sagittal and coronal CT through the measured region of {level}, outlined, and the histogram of its HU."
    )
    return Figure(level, level, caption, alt, raster.png_bytes(picture))


def _filled_plane(mask: Mask, axis: int, near: float) -> int:
    """Return the index along an axis, nearest to a position, at which the mask has voxels."""
    filled = np.flatnonzero(mask.voxels.any(axis=tuple(a for a in range(3) if a != axis))) + mask.offset[axis]
    return int(filled[np.argmin(np.abs(filled - near))])


def _bright(color: Color) -> Color:
    """Lighten a colour that is too dark to be seen on bone."""
    lift = max(0, 190 - max(color)) if max(color) < 190 else 0
    mix = 0.35 if 0.3 * color[0] + 0.59 * color[1] + 0.11 * color[2] < 110 else 0.0
    return raster.color_of([int((c + lift) * (1 - mix) + 255 * mix) for c in color])
