"""Page that compares two scans of one patient: changes, published rules, both scans at the same lesion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from CACBoneAxisLib.imaging.geometry import swap_ras_lps
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.report import raster, wording
from CACBoneAxisLib.report.blocks import (
    Block,
    Definitions,
    Figure,
    Group,
    Heading,
    Page,
    Paragraph,
    Row,
    Section,
    Span,
    Table,
    by_severity,
    of_numbers,
)
from CACBoneAxisLib.report.bonecomparison import bone_change_blocks, bone_change_words
from CACBoneAxisLib.report.figures import CALCIUM_WINDOW, axial_view
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.plots import side_by_side
from CACBoneAxisLib.report.quantities import quantities
from CACBoneAxisLib.report.raster import View

CHANGE_COLUMNS = ("", *of_numbers("Baseline", "Follow-up", "Change", "%", "A year", "% a year", "Square roots"))
RULE_COLUMNS = ("Rule", "Of", *of_numbers("Value", "Limit"), "Verdict", "Source")
RULE_NAMES = {
    "sevrukov": "smallest significant change",
    "chung": "95 % limit of MESA rescans",
    "square-root": "difference of square roots",
    "horiguchi": "interscan variability, % of the mean",
}
MEASURE_NAMES = {one.key: one.heading() for one in quantities("territory")}
VIEW_MM, PIXELS_PER_MM = 60.0, 6.0
CIRCLE_MM = 8.0
# Pixel size of the baseline's plane, to which the follow-up is resampled.
PLANE_MM = 0.5
NAMES = ("baseline", "follow-up")
LESION_COLUMNS = (
    "Artery",
    "Lesion",
    *of_numbers("Baseline", "Follow-up", "Change", "%", "Volume, mm3", "Follow-up, mm3", "Apart, mm"),
)
STATUS_WORDS = {"both": "in both", "new": "new", "gone": "gone"}


def comparison_page(comparison: Mapping[str, Any], figures: Sequence[Figure] = ()) -> Page:
    """Return the page of a comparison, with its pictures."""
    first, second = (comparison[key]["id"] for key in ("baseline", "followup"))
    years = comparison["years"]
    between = f"{years:g} years between the scans" if years else "time between the scans not given"
    none = Paragraph("No pictures: give both images with --baseline-image and --followup-image.", "soft")
    careful = by_severity(comparison["findings"])
    title = "Change between two scans"
    return Page(
        title,
        [Heading(title, 1), Paragraph([Span(first), " to ", Span(second), f", {between}"])],
        [
            _lead(comparison),
            Section(
                "What to be careful about",
                "careful",
                careful or [Paragraph("Nothing was found that speaks against comparing these scans.")],
            ),
            Section("Change of the Agatston score", "agatston", [_changes(comparison, "agatston")]),
            Section("Change of the volume", "volume", [_changes(comparison, "volume_mm3")]),
            Section("Change of each lesion", "lesions", [_lesions(comparison)]),
            Section("What published rules say of the total", "rules", [_rules(comparison)]),
            Section("Change of bone density", "bone", bone_change_blocks(comparison)),
            Section("Both scans at the same lesion", "pictures", figures or [none]),
            Section("Provenance", "provenance", [_provenance(comparison)]),
        ],
    )


def summary_words(comparison: Mapping[str, Any]) -> str:
    """Return the change of the total in one sentence, with whether it exceeds measurement error."""
    change = comparison["changes"]["total"]["agatston"]
    if change["absolute"] is None:
        return "The change cannot be given: one of the scans has no total score."
    numbers = [format_value(change[key], "agatston") for key in ("baseline", "followup")]
    words = f"Agatston {numbers[0]} to {numbers[1]} ({change['absolute']:+.1f}"
    words += f", {change['percent']:+.0f} %)" if change["percent"] is not None else ")"
    verdict = next(v for v in comparison["verdicts"] if v["rule"] == "sevrukov" and v["measure"] == "agatston")
    exceeds = "exceeds" if verdict["exceeds"] else "does not exceed"
    limit = format_value(verdict["limit"], "agatston")
    return f"{words}: {exceeds} measurement error (smallest significant change {limit}, {verdict['source']})."


def _lead(comparison: Mapping[str, Any]) -> Group:
    parts: list[Block] = [Heading("Total of the coronary arteries", 2), Paragraph(summary_words(comparison), "lead")]
    bone = bone_change_words(comparison)
    return Group("card", parts if bone is None else [*parts, Heading("Bone density", 2), Paragraph(bone, "lead")])


def _changes(comparison: Mapping[str, Any], measure: str) -> Table:
    names = {t["code"]: f"{t['code']}  {t['name']}" for t in wording.territory_table()}
    coronary = {t["code"] for t in wording.territory_table() if t["coronary"]}
    rows = []
    for what, by in comparison["changes"].items():
        change = by[measure]
        cells = [names.get(what, "Total of the coronary arteries")]
        cells += [format_value(change[key], measure) for key in ("baseline", "followup", "absolute")]
        cells += [format_value(change["percent"], "rate_percent"), format_value(change["per_year"], measure)]
        cells += [format_value(change["percent_per_year"], "rate_percent"), format_value(change["root"], "density")]
        rows.append(Row(cells, "total" if what == "total" else "" if what in coronary else "beside"))
    return Table("Those in grey are in no total of a coronary artery.", CHANGE_COLUMNS, rows)


def _lesions(comparison: Mapping[str, Any]) -> Table | Paragraph:
    """Return the lesions of both scans, those at one place in one row."""
    rows = []
    for one in comparison["lesions"]:
        score, volume = one["agatston"], one["volume_mm3"]
        numbers = [one["baseline_id"], one["followup_id"]]
        ids = " → ".join("—" if number is None else str(number) for number in numbers)
        cells = [one["territory"] or "undecided", f"{ids}, {STATUS_WORDS[one['status']]}"]
        cells += [format_value(score[key], "agatston") for key in ("baseline", "followup", "absolute")]
        cells += [format_value(score["percent"], "rate_percent")]
        cells += [format_value(volume[key], "volume_mm3") for key in ("baseline", "followup")]
        rows.append(Row([*cells, format_value(one["apart_mm"], "length_mm")]))
    if not rows:
        return Paragraph("No lesion was scored in either scan.")
    caption = (
        "Lesions by their numbers in the two results, paired by artery and place. Lesions that have grown together "
        "show as one pair and one that is gone; the change of the artery holds either way."
    )
    return Table(caption, LESION_COLUMNS, rows)


def _rules(comparison: Mapping[str, Any]) -> Table:
    rows = []
    for verdict in comparison["verdicts"]:
        words = {True: "exceeded", False: "not exceeded", None: f"not applied: {verdict['reason']}"}[verdict["exceeds"]]
        numbers = [format_value(verdict[key], "density") for key in ("value", "limit")]
        name = RULE_NAMES.get(verdict["rule"], verdict["rule"])
        rows.append(Row([name, MEASURE_NAMES[verdict["measure"]], *numbers, words, verdict["source"]]))
    return Table(
        "Each rule says whether the change is more than two scans of the same heart differ by.", RULE_COLUMNS, rows
    )


def _provenance(comparison: Mapping[str, Any]) -> Definitions:
    made = comparison["provenance"]
    pairs = [("Software", f"{made['software']} {made['version']}")]
    for name, key in (("Baseline", "baseline"), ("Follow-up", "followup")):
        pairs.append((name, f"{comparison[key]['id']}, SHA-256 {comparison[key]['sha256'] or 'not computed'}"))
    return Definitions(pairs)


def comparison_figures(comparison: Mapping[str, Any], images: tuple[CTImage, CTImage]) -> list[Figure]:
    """Return, for each coronary artery with calcium in one of the scans, both scans at its largest lesion.

    A registered follow-up is resampled to the baseline's plane. Otherwise it is shown as
    scanned, at the lesion or where the median shift of the paired lesions puts it.
    """
    figures = []
    for territory in wording.territory_table():
        lesions = [one for one in comparison["lesions"] if one["territory"] == territory["code"]]
        if territory["coronary"] and lesions:
            figures.append(_pair(territory, max(lesions, key=_larger), comparison, images))
    return figures


def _larger(lesion: Mapping[str, Any]) -> float:
    return float(max(lesion["agatston"]["baseline"], lesion["agatston"]["followup"]))


def _places(lesion: Mapping[str, Any], comparison: Mapping[str, Any]) -> list[NDArray[np.float64]]:
    """Return where a lesion is, or would be, in both scans, RAS mm."""
    here = [None if lesion[key] is None else np.asarray(lesion[key]) for key in ("baseline_ras_mm", "followup_ras_mm")]
    if here[0] is not None and here[1] is not None:
        return [here[0], here[1]]
    matrix = _registration_matrix(comparison)
    if matrix is None:
        moved = [
            np.subtract(one["followup_ras_mm"], one["baseline_ras_mm"])
            for one in comparison["lesions"]
            if one["status"] == "both"
        ]
        matrix = np.eye(4)
        matrix[:3, 3] = np.median(moved, axis=0) if moved else 0.0
    if here[1] is None and here[0] is not None:
        return [here[0], matrix[:3, :3] @ here[0] + matrix[:3, 3]]
    there = np.asarray(here[1])
    return [np.linalg.solve(matrix[:3, :3], there - matrix[:3, 3]), there]


def _registration_matrix(comparison: Mapping[str, Any]) -> NDArray[np.float64] | None:
    """Return the matrix from the baseline's to the follow-up's RAS mm, None where no registration was used."""
    registration = comparison["registration"]
    return np.asarray(registration["matrix_ras"]) if registration and registration["used"] else None


def _pair(
    territory: Mapping[str, Any],
    lesion: Mapping[str, Any],
    comparison: Mapping[str, Any],
    images: tuple[CTImage, CTImage],
) -> Figure:
    code = territory["code"]
    color = raster.color_of(territory["color"])
    places, matrix = _places(lesion, comparison), _registration_matrix(comparison)
    panels, captions = [], []
    for name, key, place, image in zip(NAMES, ("baseline", "followup"), places, images, strict=True):
        index = image.geometry.to_index(swap_ras_lps(place))
        z = int(np.clip(round(index[2]), 0, image.hu.shape[0] - 1))
        score = lesion["agatston"][key]
        words = "no lesion here" if lesion[f"{key}_id"] is None else f"Agatston {format_value(score, 'agatston')}"
        if key == "followup" and matrix is not None:
            plane, view = _in_plane_of(images[0], image, places[0], matrix)
            row_, column = view.center
            captions.append(f"{name}: {words}, laid over the baseline's slice")
        else:
            plane, (row_, column) = image.hu[z], (float(index[1]), float(index[0]))
            view = axial_view(image, (row_, column), VIEW_MM, PIXELS_PER_MM)
            captions.append(f"{name}: {words}, slice {z + 1} of {image.hu.shape[0]}")
        panels.append(Image.fromarray(view.drawn(plane, CALCIUM_WINDOW)))
        raster.Pen(panels[-1]).circle(view.point(row_, column), CIRCLE_MM * PIXELS_PER_MM, color, 2)
        raster.annotate(panels[-1], view, "RLAP", f"{code} {name}", color)
    picture = side_by_side(panels)
    caption = f"{'; '.join(captions)}."
    alt = f"Axial CT of both scans around the same place of the {territory['in_words']}, circled; {caption}"
    return Figure(code, f"{code} - {territory['name']}", caption, alt, raster.png_bytes(picture))


def _in_plane_of(
    first: CTImage, second: CTImage, place_ras_mm: NDArray[np.float64], matrix: NDArray[np.float64]
) -> tuple[NDArray[np.float32], View]:
    """Return the second scan in the plane of the first one's slice through a place, and the view of it."""
    x, y, z = first.geometry.to_index(swap_ras_lps(place_ras_mm))
    steps = np.arange(-VIEW_MM / 2 - 1, VIEW_MM / 2 + 1 + PLANE_MM / 2, PLANE_MM)
    dx, dy, _ = first.geometry.spacing_mm
    columns, rows = np.meshgrid(x + steps / dx, y + steps / dy)
    flat = np.stack([columns, rows, np.full(columns.shape, round(z))], axis=-1)
    ras = swap_ras_lps(first.geometry.to_lps(flat))
    index = second.geometry.to_index(swap_ras_lps(ras @ matrix[:3, :3].T + matrix[:3, 3]))[..., ::-1]
    low = np.maximum(np.floor(index.min(axis=(0, 1))).astype(int), 0)
    high = np.minimum(np.ceil(index.max(axis=(0, 1))).astype(int) + 1, second.geometry.shape)
    plane = np.full(columns.shape, raster.AIR_HU, dtype=np.float32)
    if np.all(high > low):
        block = second.hu[tuple(slice(a, b) for a, b in zip(low, high, strict=True))].astype(np.float32)
        places = np.moveaxis(index - low, -1, 0)
        plane = ndimage.map_coordinates(block, places, order=1, cval=raster.AIR_HU).astype(np.float32)
    middle = (len(steps) - 1) / 2
    return plane, View((middle, middle), (PLANE_MM, PLANE_MM), (VIEW_MM, VIEW_MM), PIXELS_PER_MM)
