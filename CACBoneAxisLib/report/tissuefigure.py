"""Picture of a calibration from the patient's own tissues."""

from __future__ import annotations

from collections.abc import Mapping
from math import exp, log
from typing import Any

import numpy as np

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.report.blocks import Figure
from CACBoneAxisLib.report.plots import INK, PANEL, Plot, side_by_side
from CACBoneAxisLib.report.raster import Color, png_bytes

COLORS: dict[str, Color] = {
    "air": (86, 180, 233),
    "fat": (230, 159, 0),
    "blood": (190, 30, 45),
    "muscle": (204, 121, 167),
}
BAND: Color = (222, 228, 236)
HU_RANGE = (0.0, 250.0)


def tissue_figure(result: Mapping[str, Any]) -> Figure | None:
    """Plot tissue HU over attenuation, and BMD over HU with uncertainty; None without a tissue calibration."""
    line = result["bone"]["calibration"] or {}
    scan = line.get("tissue_scan")
    if not scan or not scan["accepted"]:
        return None
    found = load_table("attenuation")
    rows = {row["name"]: row for row in found["tissues"]}
    energy, logs = log(scan["energy_kev"]), np.log(found["energies_kev"])
    points = []
    for sample in scan["samples"]:
        row = rows[sample["name"]]
        mu = exp(float(np.interp(energy, logs, np.log(row["mass_attenuation_cm2_g"])))) * row["density_g_cm3"]
        points.append((mu, sample["hu"], sample["name"]))
    at = f"attenuation at {scan['energy_kev']:.0f} keV, per cm"
    left = Plot.empty(PANEL, "Tissues of the patient", (at, "HU"), [p[0] for p in points], [p[1] for p in points])
    slope, intercept = np.polyfit([p[0] for p in points], [p[1] for p in points], 1)
    left.line([(x, slope * x + intercept) for x in left.x_range], INK, 1)
    for mu, hu, name in points:
        # Blood and muscle lie close together: one is named on each side.
        left.dot(mu, hu, COLORS[name], "" if name == "muscle" else name)
    right = Plot.empty(PANEL, "What HU become", ("HU", "mg/cm3 HA"), HU_RANGE, _edges(line, scan))
    steps = np.linspace(*HU_RANGE, 26)
    both = [
        [(float(h), line["slope"] * h + line["intercept"] + sign * _uncertainty(scan, float(h))) for h in steps]
        for sign in (-1, 1)
    ]
    right.band(both[0], both[1], BAND)
    right.line([(h, line["slope"] * h + line["intercept"]) for h in HU_RANGE], INK)
    words = ", ".join(f"{s['name']} {s['hu']:.0f} HU ({s['voxels']} voxels, {s['where']})" for s in scan["samples"])
    caption = (
        f"Research only. {words}. The band is one standard uncertainty to both sides "
        f"({scan['uncertainty_at_150_hu_mg_cm3']:.0f} mg/cm3 at 150 HU)."
    )
    alt = "HU of air, fat, blood and muscle over their attenuation with a line; density over HU with a band."
    picture = side_by_side([left.picture, right.picture])
    return Figure("tissues", "Calibration by tissues", caption, alt, png_bytes(picture))


def _uncertainty(scan: Mapping[str, Any], hu: float) -> float:
    slope, intercept, together = scan["variance"]
    return float(max(0.0, slope * hu * hu + 2 * together * hu + intercept)) ** 0.5


def _edges(line: Mapping[str, Any], scan: Mapping[str, Any]) -> tuple[float, float]:
    low, high = (line["slope"] * hu + line["intercept"] for hu in HU_RANGE)
    return low - _uncertainty(scan, HU_RANGE[0]), high + _uncertainty(scan, HU_RANGE[1])
