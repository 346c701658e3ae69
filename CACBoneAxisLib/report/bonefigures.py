"""Pictures of the calibration, of bone density, and of the patient in the reference population."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.geometry import swap_ras_lps
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask
from CACBoneAxisLib.report import raster
from CACBoneAxisLib.report.blocks import Figure
from CACBoneAxisLib.report.figures import BONE_WINDOW
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.plots import INK, PANEL, Plot, side_by_side
from CACBoneAxisLib.report.raster import Color, View, Window
from CACBoneAxisLib.report.tissuefigure import tissue_figure

ROD_COLORS: tuple[Color, ...] = (
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (213, 94, 0),
    (204, 121, 167),
    (86, 180, 233),
)
ROD_WINDOW = Window(900, 150)
PATIENT: Color = (190, 30, 45)
# Dark to bright, so that it also reads in grey; the class edges lie in the middle.
DENSITY_RANGE_MG_CM3 = (0.0, 200.0)
DENSITY_COLORS: tuple[Color, ...] = ((68, 1, 84), (59, 82, 139), (33, 145, 140), (94, 201, 98), (253, 231, 37))
MAP_MARGIN_MM, MAP_PIXELS_PER_MM = 25.0, 4.0
SMOOTHING_MM = 3.0


def bone_figures(result: Mapping[str, Any], image: CTImage, masks: Mapping[str, Mask]) -> list[Figure]:
    """Return the pictures a result has data for: calibration, density map, reference population."""
    made = (
        calibration_figure(result, image),
        tissue_figure(result),
        density_figure(result, image, masks),
        population_figure(result),
    )
    return [figure for figure in made if figure is not None]


def calibration_figure(result: Mapping[str, Any], image: CTImage) -> Figure | None:
    """Return the rods over the scan, their line, and their HU along the scan; None without a measured phantom."""
    scan = (result["bone"]["calibration"] or {}).get("phantom_scan")
    if not scan or not scan["rods"]:
        return None
    rods = scan["rods"]
    panels = calibration_panels(scan, image)
    panels[0] = panels[0].resize((round(panels[0].width * panels[1].height / panels[0].height), panels[1].height))
    residuals = ", ".join(f"{rod['name']} {rod['residual_hu']:+.1f}" for rod in rods)
    state = "" if scan["accepted"] else " Refused: no BMD comes from it."
    caption = (
        f"{scan['title']}, rods {scan['places']}, {scan['slices']} slices. R2 {scan['r2']:.5f}; "
        f"HU off the line: {residuals}.{state}"
    )
    alt = "Axial CT with circles on the rods of the phantom, the line through their HU, and their HU along the scan."
    return Figure("calibration", "Calibration", caption, alt, raster.png_bytes(side_by_side(panels)))


def calibration_panels(scan: Mapping[str, Any], image: CTImage) -> list[Image.Image]:
    """Return three pictures of a measured phantom: the rods over the scan, their line, their HU along the scan."""
    return [_rods_panel(scan, image), _line_panel(scan), _drift_panel(scan["rods"])]


def _rods_panel(scan: Mapping[str, Any], image: CTImage) -> Image.Image:
    rods = scan["rods"]
    centers = swap_ras_lps([rod["center_ras_mm"] for rod in rods])
    index = image.geometry.to_index(centers)
    k = int(np.clip(np.rint(index[:, 2].mean()), 0, image.hu.shape[0] - 1))
    spacing = image.geometry.spacing_mm[1], image.geometry.spacing_mm[0]
    middle = float(index[:, 1].mean()), float(index[:, 0].mean())
    width = float(np.ptp(centers[:, 0])) + 50.0
    view = View(middle, spacing, (min(width, 110.0), width), 4.0)
    picture = Image.fromarray(view.drawn(image.hu[k], ROD_WINDOW))
    draw = raster.Pen(picture)
    radius = scan["rod_radius_mm"] * 0.6 * view.pixels_per_mm
    for number, (rod, (i, j, _)) in enumerate(zip(rods, index, strict=True)):
        x, y = view.point(float(j), float(i))
        color = ROD_COLORS[number % len(ROD_COLORS)]
        draw.circle((x, y), radius, color, 3)
        raster.label(draw, (x, y - radius - 6), rod["name"], "md", color=color, size=22)
    raster.annotate(picture, view, "RLAP")
    return picture


def _line_panel(scan: Mapping[str, Any]) -> Image.Image:
    rods = scan["rods"]
    x = [rod["density_mg_cm3"] for rod in rods]
    y = [rod["hu"] - (rod["water_mg_cm3"] or 0.0) for rod in rods]
    water = rods[0]["water_mg_cm3"] is not None
    plot = Plot.empty(
        PANEL, "Rods and their line", (f"{scan['material']}, mg/cm3", "HU - water" if water else "HU"), x, y
    )
    line = [(v, scan["reference_slope"] * v + scan["reference_intercept"]) for v in plot.x_range]
    plot.line(line, INK)
    for number, (rod, a, b) in enumerate(zip(rods, x, y, strict=True)):
        plot.dot(a, b, ROD_COLORS[number % len(ROD_COLORS)], rod["name"])
    return plot.picture


def _drift_panel(rods: Sequence[Mapping[str, Any]]) -> Image.Image:
    series = [[(n, v - rod["hu"]) for n, v in enumerate(rod["hu_by_slice"], start=1) if v is not None] for rod in rods]
    offsets = [offset for points in series for _, offset in points]
    largest = max(10.0, *(abs(offset) for offset in offsets))
    numbers = [float(n) for points in series for n, _ in points]
    plot = Plot.empty(PANEL, "Along the scan", ("slice", "HU off the rod's mean"), numbers, (-largest, largest))
    for number, points in enumerate(series):
        if len(points) > 1:
            plot.line(points, ROD_COLORS[number % len(ROD_COLORS)], 1)
    return plot.picture


def density_figure(result: Mapping[str, Any], image: CTImage, masks: Mapping[str, Mask]) -> Figure | None:
    """Return a sagittal plane with the measured regions coloured by BMD, and its scale; None without a BMD."""
    bone = result["bone"]
    measured = [v for v in bone["vertebrae"] if v["bmd"] and v["level"] in masks]
    line = bone["calibration"] or {}
    slope, intercept = line.get("slope"), line.get("intercept")
    if not measured or slope is None or intercept is None or line.get("kind") == "dual-energy":
        return None
    used = [masks[v["level"]] for v in measured]
    indices = np.concatenate([mask.indices() for mask in used])
    i = int(np.rint(np.median(indices[:, 2])))
    sy, sz = image.geometry.spacing_mm[1], image.geometry.spacing_mm[2]
    last = image.hu.shape[0] - 1
    low, high = indices.min(axis=0), indices.max(axis=0)
    middle = (last - (low[0] + high[0]) / 2, (low[1] + high[1]) / 2)
    size = ((high[0] - low[0]) * sz + 2 * MAP_MARGIN_MM, (high[1] - low[1]) * sy + 2 * MAP_MARGIN_MM)
    view = View((float(middle[0]), float(middle[1])), (sz, sy), (float(size[0]), float(size[1])), MAP_PIXELS_PER_MM)
    pixels = view.drawn(image.hu[::-1, :, i], BONE_WINDOW)
    for mask in used:
        _paint(pixels, view, mask, image, (i, last), (slope, intercept))
    picture = Image.fromarray(pixels)
    draw = raster.Pen(picture)
    for vertebra, mask in zip(measured, used, strict=True):
        z, y, _ = mask.indices().mean(axis=0)
        x, y = view.point(float(last - z), float(y))
        text = f"{vertebra['level']} {format_value(vertebra['bmd']['value'], 'bmd')}"
        raster.label(draw, (x, y), text, "mm", size=18)
    raster.annotate(picture, view, "APSI")
    material = measured[0]["bmd"]["material"]
    both = side_by_side([picture, density_scale(raster.screen_size(picture)[1], material)])
    caption = (
        f"BMD, mg/cm3 {material}, in the measured regions, smoothed over {SMOOTHING_MM:g} mm. "
        "Lines at 80 and 120 are the edges of the BMD classes, which were made for lumbar vertebrae."
    )
    alt = "Sagittal CT with the measured regions of the vertebrae coloured by bone mineral density, and the scale."
    return Figure("density", "Density in colour", caption, alt, raster.png_bytes(both))


def _paint(
    pixels: np.ndarray,
    view: View,
    mask: Mask,
    image: CTImage,
    place: tuple[int, int],
    line: tuple[float, float],
) -> None:
    """Colour the voxels of a mask in a sagittal plane by their density, averaged across the plane."""
    i, last = place
    column = i - mask.offset[2]
    if not 0 <= column < mask.voxels.shape[2]:
        return
    reach = max(0, round(SMOOTHING_MM / 2 / image.geometry.spacing_mm[0]))
    first, stop = max(0, column - reach), column + reach + 1
    inside = mask.voxels[:, :, first:stop]
    hu = image.hu[mask.slices][:, :, first:stop].astype(float)
    count = inside.sum(axis=2)
    mean = np.where(inside, hu, 0).sum(axis=2) / np.maximum(count, 1)
    shown = mask.voxels[:, :, column]
    top = last - (mask.offset[0] + mask.voxels.shape[0] - 1)
    here = view.moved(top, mask.offset[1])
    drawn = here.resampled(shown[::-1].astype(np.float32), smooth=False) > 0
    density = line[0] * here.resampled(mean[::-1].astype(np.float32), smooth=False) + line[1]
    pixels[drawn] = (0.35 * pixels[drawn] + 0.65 * colors_of(density[drawn])).astype(np.uint8)


def colors_of(bmd_mg_cm3: np.ndarray) -> np.ndarray:
    """Return the colours, shape (n, 3), of densities, shape (n,); clamped to the ends of the scale."""
    low, high = DENSITY_RANGE_MG_CM3
    stops = np.linspace(low, high, len(DENSITY_COLORS))
    table = np.array(DENSITY_COLORS, dtype=float)
    return np.stack([np.interp(bmd_mg_cm3, stops, table[:, c]) for c in range(3)], axis=-1)


def density_scale(height: int, material: str) -> Image.Image:
    """Return the scale of the density colours, in mg/cm3 of a material, with the class edges marked."""
    picture = raster.canvas((150, height), raster.WHITE)
    draw = raster.Pen(picture)
    low, high = DENSITY_RANGE_MG_CM3
    top, bottom = 60, height - 30
    values = high - (np.arange(bottom - top) + 0.5) / (bottom - top) * (high - low)
    for row, color in enumerate(colors_of(values)):
        draw.line((20, top + row, 50, top + row), fill=raster.color_of(color))
    draw.text((10, 10), f"mg/cm3\n{material}", fill=INK, font=raster.font(15))
    for value in (0, 40, 80, 120, 160, 200):
        y = bottom - (value - low) / (high - low) * (bottom - top)
        edge = value in (80, 120)
        draw.line((20, y, 58, y), fill=INK, width=3 if edge else 1)
        draw.text((64, y), str(value), fill=INK, font=raster.font(15), anchor="lm")
    return picture


def population_figure(result: Mapping[str, Any]) -> Figure | None:
    """Return the patient's density among people of the same sex and ancestry by age; None without a Z-score."""
    summary, age = result["bone"]["summary"], result["study"]["patient"]["age_years"]
    z_score = summary.get("z_score")
    if not z_score or age is None:
        return None
    keys = ("site", "sex", "ancestry")
    rows = [
        row
        for row in load_table("z_score_references")["rows"]
        if row["reference"] == z_score["reference"] and all(row[key] == z_score[key] for key in keys)
    ]
    middle = [((r["age_from_years"] + r["age_to_years"] + 1) / 2, r["mean_mg_cm3"], r["sd_mg_cm3"]) for r in rows]
    bmd = summary["bmd"]["value"]
    ends = [m + 2 * s for _, m, s in middle] + [max(0.0, m - 2 * s) for _, m, s in middle]
    size = (760, 380)
    title = f"{summary['label']} among {z_score['group'].split(',')[0]} of MESA, {z_score['site']}"
    plot = Plot.empty(
        size, title, ("age, years", "mg/cm3"), [rows[0]["age_from_years"], rows[-1]["age_to_years"] + 1], [*ends, bmd]
    )
    for spread, color in ((2, (222, 230, 240)), (1, (186, 204, 224))):
        lower, upper = ([(x, m + sign * spread * s) for x, m, s in middle] for sign in (-1, 1))
        plot.band(lower, upper, color)
    plot.line([(x, m) for x, m, _ in middle], (60, 90, 130))
    plot.dot(age, bmd, PATIENT, f"{format_value(bmd, 'bmd')}, Z {format_value(z_score['value'], 'z_score')}", 7)
    caption = (
        f"Line: mean; bands: 1 and 2 standard deviations. {z_score['source']}. The Z-score compares with the "
        f"patient's own age group, {z_score['group']}: {format_value(z_score['mean'], 'bmd')} ± "
        f"{format_value(z_score['sd'], 'bmd')} mg/cm3."
    )
    alt = "Bone mineral density by age in the reference population, with the patient as a dot."
    return Figure("population", "The patient among others", caption, alt, raster.png_bytes(plot.picture))
