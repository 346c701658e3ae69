"""The page of two scans of one patient: what changed, what the rules say, both scans at the same lesion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.report import raster, wording
from CACBoneAxisLib.report.bonecomparison import bone_change_section, bone_change_words
from CACBoneAxisLib.report.figures import CALCIUM_WINDOW, GAP_PIXELS, Figure
from CACBoneAxisLib.report.markup import definitions, element, figure, row, section, table, text
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.report.plots import side_by_side
from CACBoneAxisLib.report.raster import View
from CACBoneAxisLib.report.style import CSS

CONTENT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
CHANGE_COLUMNS = (
    ("", False),
    ("Baseline", True),
    ("Follow-up", True),
    ("Change", True),
    ("%", True),
    ("A year", True),
    ("% a year", True),
    ("Square roots", True),
)
RULE_COLUMNS = (("Rule", False), ("Of", False), ("Value", True), ("Limit", True), ("Verdict", False), ("Source", False))
RULE_NAMES = {
    "sevrukov": "smallest significant change",
    "chung": "95 % limit of MESA rescans",
    "square-root": "difference of square roots",
    "horiguchi": "interscan variability, % of the mean",
}
MEASURE_NAMES = {"agatston": "Agatston score", "volume_mm3": "Volume, mm3"}
VIEW_MM, PIXELS_PER_MM = 60.0, 6.0
CIRCLE_MM = 8.0
# After the arteries' common shift, a lesion farther away than this is another one.
SAME_LESION_MM = 15.0


def render_comparison(comparison: Mapping[str, Any], figures: Sequence[Figure] = ()) -> str:
    """Return the page of a comparison as self-contained HTML; every text in it is escaped."""
    first, second = (comparison[key]["id"] for key in ("baseline", "followup"))
    years = comparison["years"]
    between = f"{years:g} years between the scans" if years else "time between the scans not given"
    pictures = "\n".join(figure(item, "wide") for item in figures)
    none = element("p", "No pictures: give both images with --baseline-image and --followup-image.", "soft")
    parts = [
        element("section", _lead(comparison), "card"),
        section("What to be careful about", _careful(comparison), "careful"),
        section("Change of the Agatston score", _changes(comparison, "agatston"), "agatston"),
        section("Change of the volume", _changes(comparison, "volume_mm3"), "volume"),
        section("What published rules say of the total", _rules(comparison), "rules"),
        section("Change of bone density", bone_change_section(comparison), "bone"),
        section("Both scans at the same lesion", pictures or none, "pictures"),
        section("Provenance", _provenance(comparison), "provenance"),
    ]
    head = f"<h1>Change between two scans</h1><p><b>{text(first)}</b> to <b>{text(second)}</b>, {text(between)}</p>"
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Change between two scans</title>\n<style>{CSS}</style>\n</head>\n<body>\n"
        f'<div class="research" role="note">{text(wording.RESEARCH_USE)}</div>\n'
        f"<header>{head}</header>\n<main>\n" + "\n".join(parts) + "\n</main>\n"
        f"<footer>{text(wording.RESEARCH_USE)}</footer>\n</body>\n</html>\n"
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


def _lead(comparison: Mapping[str, Any]) -> str:
    lead = "<h2>Total of the coronary arteries</h2>" + element("p", text(summary_words(comparison)), "lead")
    bone = bone_change_words(comparison)
    return lead if bone is None else f"{lead}<h2>Bone density</h2>{element('p', text(bone), 'lead')}"


def _careful(comparison: Mapping[str, Any]) -> str:
    if not comparison["findings"]:
        return element("p", "Nothing was found that speaks against comparing these scans.")
    parts = []
    for severity in wording.SEVERITIES:
        items = [element("li", text(f["message"])) for f in comparison["findings"] if f["severity"] == severity]
        if items:
            parts.append(element("div", f"<ul>{''.join(items)}</ul>", severity))
    return "\n".join(parts)


def _changes(comparison: Mapping[str, Any], measure: str) -> str:
    names = {t["code"]: f"{t['code']}  {t['name']}" for t in wording.territory_table()}
    coronary = {t["code"] for t in wording.territory_table() if t["coronary"]}
    rows = []
    for what, by in comparison["changes"].items():
        change = by[measure]
        cells = [names.get(what, "Total of the coronary arteries")]
        cells += [format_value(change[key], measure) for key in ("baseline", "followup", "absolute")]
        cells += [format_value(change["percent"], "rate_percent"), format_value(change["per_year"], measure)]
        cells += [format_value(change["percent_per_year"], "rate_percent"), format_value(change["root"], "density")]
        rows.append(row(CHANGE_COLUMNS, cells, "total" if what == "total" else "" if what in coronary else "beside"))
    return table("Those in grey are in no total of a coronary artery.", CHANGE_COLUMNS, rows)


def _rules(comparison: Mapping[str, Any]) -> str:
    rows = []
    for verdict in comparison["verdicts"]:
        words = {True: "exceeded", False: "not exceeded", None: f"not applied: {verdict['reason']}"}[verdict["exceeds"]]
        numbers = [format_value(verdict[key], "density") for key in ("value", "limit")]
        name = RULE_NAMES.get(verdict["rule"], verdict["rule"])
        rows.append(row(RULE_COLUMNS, [name, MEASURE_NAMES[verdict["measure"]], *numbers, words, verdict["source"]]))
    return table(
        "Each rule says whether the change is more than two scans of the same heart differ by.", RULE_COLUMNS, rows
    )


def _provenance(comparison: Mapping[str, Any]) -> str:
    made = comparison["provenance"]
    pairs = [("Software", f"{made['software']} {made['version']}")]
    for name, key in (("Baseline", "baseline"), ("Follow-up", "followup")):
        pairs.append((name, f"{comparison[key]['id']}, SHA-256 {comparison[key]['sha256'] or 'not computed'}"))
    return definitions(pairs)


def comparison_figures(
    baseline: Mapping[str, Any], followup: Mapping[str, Any], images: tuple[CTImage, CTImage]
) -> list[Figure]:
    """Return, for each coronary artery with calcium in one of the scans, both scans at its largest lesion.

    Places are matched by the shift that the arteries have in common: the median of the
    differences of their centres. A lesion that has none within 15 mm in the other scan is
    shown at the place where it would be.
    """
    both = [_lesions(result) for result in (baseline, followup)]
    shift = common_shift(*both)
    figures = []
    for territory in wording.territory_table():
        code = territory["code"]
        known = [(lesion, side) for side in (0, 1) for lesion in both[side] if lesion["territory"] == code]
        if not territory["coronary"] or not known:
            continue
        largest, side = max(known, key=lambda pair: pair[0]["agatston"])
        there = np.asarray(largest["seed_ras_mm"]) + (shift if side == 0 else -shift)
        others = [lesion for lesion in both[1 - side] if lesion["territory"] == code]
        match = min(others, key=lambda lesion: _apart(lesion, there), default=None)
        same = match is not None and _apart(match, there) <= SAME_LESION_MM
        other = np.asarray(match["seed_ras_mm"]) if same and match else there
        places = [np.asarray(largest["seed_ras_mm"]), other]
        found = [largest, match if same else None]
        if side == 1:
            places.reverse()
            found.reverse()
        figures.append(_pair(territory, places, found, images))
    return figures


def common_shift(first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
    """Return by how much the lesions of the second scan are moved, RAS mm: the median over the territories in both."""
    moved = []
    for code in {lesion["territory"] for lesion in first} & {lesion["territory"] for lesion in second}:
        centers = [
            np.mean([lesion["seed_ras_mm"] for lesion in lesions if lesion["territory"] == code], axis=0)
            for lesions in (first, second)
        ]
        moved.append(centers[1] - centers[0])
    return np.median(moved, axis=0) if moved else np.zeros(3)


def _lesions(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [lesion for lesion in result["calcium"]["lesions"] if lesion["status"] == "scored" and lesion["agatston"]]


def _apart(lesion: Mapping[str, Any], there: NDArray[np.float64]) -> float:
    return float(np.linalg.norm(np.asarray(lesion["seed_ras_mm"]) - there))


def _pair(
    territory: Mapping[str, Any],
    places: Sequence[NDArray[np.float64]],
    lesions: Sequence[Mapping[str, Any] | None],
    images: tuple[CTImage, CTImage],
) -> Figure:
    code = territory["code"]
    panels, captions = [], []
    for name, place, lesion, image in zip(("baseline", "follow-up"), places, lesions, images, strict=True):
        index = image.geometry.to_index(place * (-1.0, -1.0, 1.0))
        z = int(np.clip(round(index[2]), 0, image.hu.shape[0] - 1))
        spacing = image.geometry.spacing_mm[1], image.geometry.spacing_mm[0]
        view = View((float(index[1]), float(index[0])), spacing, (VIEW_MM, VIEW_MM), PIXELS_PER_MM)
        panel = Image.fromarray(raster.windowed(view.resampled(image.hu[z], smooth=True), CALCIUM_WINDOW))
        draw = raster.Pen(panel)
        color = tuple(int(c) for c in territory["color"])
        x, y = view.point(float(index[1]), float(index[0]))
        reach = CIRCLE_MM * PIXELS_PER_MM
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), outline=color, width=2)
        raster.draw_letters(draw, view.size, "RLAP")
        raster.draw_scale_bar(draw, view.size, 20, PIXELS_PER_MM)
        raster.label(draw, (raster.MARGIN, raster.MARGIN), f"{code} {name}", "la", color=color, size=17)  # type: ignore[arg-type]
        panels.append(panel)
        score = "no lesion here" if lesion is None else f"Agatston {format_value(lesion['agatston'], 'agatston')}"
        captions.append(f"{name}: {score}, slice {z + 1} of {image.hu.shape[0]}")
    picture = side_by_side(panels, GAP_PIXELS)
    caption = f"{'; '.join(captions)}."
    alt = f"Axial CT of both scans around the same place of the {territory['in_words']}, circled; {caption}"
    return Figure(code, f"{code} - {territory['name']}", caption, alt, raster.png_bytes(picture))
