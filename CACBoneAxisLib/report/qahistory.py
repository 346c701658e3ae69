"""Page of a scanner's calibrations over time: a table and plots for each series."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from CACBoneAxisLib.report import raster
from CACBoneAxisLib.report.blocks import Block, Figure, Heading, Page, Row, Section, Table, by_severity, of_numbers
from CACBoneAxisLib.report.plots import INK, Plot, side_by_side, stacked
from CACBoneAxisLib.report.raster import Color

PANEL = (400, 320)
GOOD: Color = (0, 114, 178)
BAD: Color = (190, 30, 45)
LIMITS: Color = (226, 238, 230)
COLUMNS = (
    "Date",
    "File",
    *of_numbers("Slope", "Intercept", "R2", "Largest residual, HU", "Table, mm", "Reads", "%"),
    "",
)
QA_COLUMNS: dict[str, str] = {
    "series": "scanner, tube voltage, kernel and phantom",
    "date": "of the phantom scan",
    "file": "calibration file",
    "slope": "mg/cm3 per HU",
    "intercept": "mg/cm3 at 0 HU",
    "r2": "of the rods' line",
    "largest_residual_hu": "rod farthest from the line",
    "table_height_mm": "of the phantom scan",
    "reads_mg_cm3": "what this line makes of the HU that the first line of the series reads as 100 mg/cm3",
    "percent": "how far that is from 100",
    "drifted": "whether it is farther than the limit",
    "material": "HA or K2HPO4",
}


def history_page(history: Mapping[str, Any]) -> Page:
    """Return the page of a history: a section for each series."""
    title = "Calibrations over time"
    sections = [Section(one["title"], f"series-{n}", _series(one)) for n, one in enumerate(history["series"], start=1)]
    return Page(title, [Heading(title, 1)], sections)


def _series(series: Mapping[str, Any]) -> list[Block]:
    rows = []
    for p in series["points"]:
        cells = [p["date"], p["file"], f"{p['slope']:.5f}", f"{p['intercept']:.2f}"]
        cells += ["" if p[key] is None else form % p[key] for key, form in _OPTIONAL.items()]
        rows.append(Row([*cells, f"{p['reads_mg_cm3']:.1f}", f"{p['percent']:+.1f}", "drift" if p["drifted"] else ""]))
    caption = (
        f"Reads: what each line makes of the HU that the first one reads as {series['reference_mg_cm3']:g} mg/cm3 "
        f"{series['material']}. Drift: more than {series['drift_percent']:g} % off ({series['drift_source']})."
    )
    pictures = [history_figure(series)] if len(series["points"]) > 1 else []
    return [*by_severity(series["findings"]), *pictures, Table(caption, COLUMNS, rows)]


_OPTIONAL = {"r2": "%.5f", "largest_residual_hu": "%.1f", "table_height_mm": "%.0f"}


def history_figure(series: Mapping[str, Any]) -> Figure:
    """Plot slope, intercept, fit and the reading of 100 mg/cm3 over the days since the first scan."""
    points = series["points"]
    first = date.fromisoformat(points[0]["date"])
    days = [float((date.fromisoformat(p["date"]) - first).days) for p in points]
    limit = series["drift_percent"]
    panels = []
    for key, title, name, spread in (
        ("percent", "What 100 mg/cm3 reads", "% off the first", (-limit, limit)),
        ("slope", "Slope", "mg/cm3 per HU", ()),
        ("intercept", "Intercept", "mg/cm3 at 0 HU", ()),
        ("r2", "Fit of the rods", "R2", ()),
    ):
        values = [p[key] for p in points]
        if any(v is None for v in values):
            continue
        room = [*values, *(1.3 * v for v in spread)]
        if max(room) - min(room) < 1e-9:
            room = [min(room) * 0.99, max(room) * 1.01]
        plot = Plot.empty(PANEL, title, (f"days since {points[0]['date']}", name), days, room)
        if spread:
            plot.band([(x, spread[0]) for x in plot.x_range], [(x, spread[1]) for x in plot.x_range], LIMITS)
        plot.line(list(zip(days, values, strict=True)), INK, 1)
        for x, y, p in zip(days, values, points, strict=True):
            plot.dot(x, y, BAD if p["drifted"] else GOOD)
        panels.append(plot.picture)
    half = (len(panels) + 1) // 2
    picture = stacked([side_by_side(row) for row in (panels[:half], panels[half:]) if row])
    alt = "Plots over time of how far each calibration reads from the first, of slope, intercept and R2."
    caption = f"{len(points)} calibrations; red: drift. The band is {limit:g} % to both sides of the first."
    return Figure("qa", "Over time", caption, alt, raster.png_bytes(picture))


def history_rows(history: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row per calibration with the keys of :data:`QA_COLUMNS`."""
    return [
        {"series": one["title"], "material": one["material"], **p} for one in history["series"] for p in one["points"]
    ]
