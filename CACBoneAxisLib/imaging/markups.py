"""Slicer's markups files (``.mrk.json``): point lists and boxes, in LPS.

The format is Slicer's Markups JSON schema 1.0.3. Decisions about a point or a box are JSON in the
control point's description.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from CACBoneAxisLib.imaging.filekinds import refuse_other
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.geometry import as_point, swap_ras_lps
from CACBoneAxisLib.imaging.jsontext import parse_json

SCHEMA = "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/Schema/markups-schema-v1.0.3.json#"
MARKUPS_SUFFIX = ".mrk.json"
CENTER_DECIMALS = 4
AXIS_NOISE = 1e-12
# Names that Slicer and others write for the unit of a markup's lengths, in mm.
UNITS_MM = {
    **dict.fromkeys(("mm", "millimeter", "millimetre", "millimeters", "millimetres"), 1.0),
    **dict.fromkeys(("um", "µm", "μm", "micrometer", "micrometre", "micron", "microns"), 1e-3),
    **dict.fromkeys(("cm", "centimeter", "centimetre"), 10.0),
    **dict.fromkeys(("m", "meter", "metre"), 1000.0),
}
# Of a control point, as Slicer writes them; a file that says none has placed points only.
PLACED, NOT_PLACED = "defined", ("undefined", "preview", "missing")
# A table moves 2 m; farther away no point of a scan lies.
FARTHEST_MM = 1e5
IDENTITY_AXES = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True)
class ControlPoint:
    """A placed point: label, LPS mm, and its free text."""

    label: str
    position_mm: tuple[float, float, float]
    description: str = ""


@dataclass(frozen=True)
class PointList:
    """A markups point list, without points that were never placed."""

    name: str
    points: tuple[ControlPoint, ...]


@dataclass(frozen=True)
class Box:
    """A markups ROI: centre (LPS mm), full size along its own axes (mm), axes as columns in LPS."""

    name: str
    center_mm: tuple[float, float, float]
    size_mm: tuple[float, float, float]
    axes: tuple[tuple[float, float, float], ...] = IDENTITY_AXES
    label: str = ""
    description: str = ""


def _vector(values: Any, path: Path, what: str, count: int = 3) -> np.ndarray:
    try:
        vector = np.array(values, dtype=float)
    except (TypeError, ValueError):
        vector = np.empty(0)
    if vector.shape != (count,) or not np.all(np.abs(vector) <= FARTHEST_MM):
        raise refusal("markups-damaged", file=path.name, what=what)
    return vector


def _text(entry: dict[str, Any], name: str, path: Path) -> str:
    value = entry.get(name)
    if not (value is None or isinstance(value, str)):
        raise refusal("markups-damaged", file=path.name, what=name)
    return value or ""


def stated_decision(description: str, keys: Sequence[str]) -> dict[str, Any]:
    """Return the decision in a control point's description; empty where it is a remark in words.

    A description with a brace at either end, or with one of the keys in quotes, is meant as a decision.

    Parameters
    ----------
    keys : entries that the decision may have

    Raises
    ------
    ValueError
        What is wrong with the decision, as the end of a sentence.

    Examples
    --------
    >>> stated_decision("distal to the stent", ("reason",)), stated_decision('{"reason": "stent"}', ("reason",))
    ({}, {'reason': 'stent'})
    """
    text = description.strip()
    if not (text.startswith("{") or text.endswith("}") or any(f'"{key}"' in text for key in keys)):
        return {}
    try:
        decision = parse_json(text)
    except ValueError:
        decision = None
    if not isinstance(decision, dict):
        raise ValueError("its description is not complete JSON")
    for key in decision:
        if key not in keys:
            raise ValueError(f"its description has an entry {key!r}, which is not one of {', '.join(keys)}")
    if not isinstance(decision.get("reason"), str | None):
        raise ValueError("the reason in its description is no text")
    return decision


def region_center(position_mm: ArrayLike) -> NDArray[np.float64]:
    """Return the centre of an ROI with the precision that Slicer keeps of it.

    An ROI node that is loaded or moved passes its centre through single precision
    (vtkMRMLMarkupsROINode::UpdateControlPointsFromBoxROI). Files and scenes are read
    alike, so that both give the same digits; 0.1 um is finer than any centre is placed
    and keeps 26.4 from being printed as 26.39999962.
    """
    return np.asarray(position_mm, dtype=np.float32).astype(float).round(CENTER_DECIMALS)


def region_axes(axes: ArrayLike) -> NDArray[np.float64]:
    """Return the axes of an ROI, columns of shape (3, 3), without the noise of the last bits.

    Scenes compute them from matrices, so a 0 of the file may come as 7e-18.
    """
    axes = np.asarray(axes, dtype=float)
    return np.where(np.abs(axes) < AXIS_NOISE, 0.0, axes)


def read_markups(path: str | Path) -> list[PointList | Box]:
    """Read the point lists and ROIs of a markups file.

    Returns
    -------
    list of PointList and Box
        Positions in LPS mm whatever the file's own coordinate system; the name is the
        file's ``name`` or else the file name without ``.mrk.json``.

    Raises
    ------
    UnusableInputError
        When the file is missing, is not markups JSON, holds another kind of markup, or
        control points are missing, damaged or all unplaced: only an empty list says that there are none.
    """
    path = Path(path)
    refuse_other(path, "markups")
    try:
        content = parse_json(path.read_bytes(), any_number=True)
    except FileNotFoundError:
        raise refusal("file-missing", file=path.name) from None
    except (OSError, ValueError):
        raise refusal("markups-unreadable", file=path.name) from None
    markups = content.get("markups") if isinstance(content, dict) else None
    if not isinstance(markups, list) or not markups or not all(isinstance(m, dict) for m in markups):
        raise refusal("markups-unreadable", file=path.name)
    stem = path.name.removesuffix(".json").removesuffix(".mrk")
    return [_read_one(markup, path, stem) for markup in markups]


def _read_one(markup: dict[str, Any], path: Path, stem: str) -> PointList | Box:
    name = _text(markup, "name", path) or stem
    system = markup.get("coordinateSystem", "LPS")
    # Slicer 4 wrote numbers: 0 for RAS, 1 for LPS.
    if system not in ("LPS", "RAS", 0, 1):
        raise refusal("markups-damaged", file=path.name, what="coordinate system")
    flip = swap_ras_lps(np.ones(3)) if system in ("RAS", 0) else np.ones(3)
    unit = _unit_mm(markup.get("coordinateUnits"), path)
    raw_points = markup.get("controlPoints")
    if not isinstance(raw_points, list) or not all(isinstance(p, dict) for p in raw_points):
        raise refusal("markups-damaged", file=path.name, what="control points")
    points = tuple(
        ControlPoint(
            _text(p, "label", path),
            as_point(_vector(p.get("position"), path, "position") * flip * unit),
            _text(p, "description", path),
        )
        for p in raw_points
        if _is_placed(p, path)
    )
    kind = markup.get("type")
    if kind == "Fiducial":
        if raw_points and not points:
            raise refusal("points-unplaced", file=path.name)
        return PointList(name, points)
    if kind != "ROI":
        raise refusal("markups-kind", file=path.name, kind=kind)
    size = _vector(markup.get("size"), path, "size") * unit
    if np.any(size <= 0):
        raise refusal("markups-damaged", file=path.name, what="size")
    axes = _vector(markup.get("orientation", np.eye(3).ravel()), path, "orientation", 9).reshape(3, 3)
    axes = flip[:, None] * axes
    if not np.allclose(axes.T @ axes, np.eye(3), atol=1e-3):
        raise refusal("markups-damaged", file=path.name, what="orientation")
    return Box(
        name,
        as_point(region_center(_vector(markup.get("center"), path, "center") * flip * unit)),
        as_point(size),
        tuple(as_point(row) for row in region_axes(axes)),
        points[0].label if points else "",
        points[0].description if points else "",
    )


def _is_placed(point: dict[str, Any], path: Path) -> bool:
    status = point.get("positionStatus", PLACED)
    if status != PLACED and status not in NOT_PLACED:
        raise refusal("markups-damaged", file=path.name, what="position status")
    return bool(status == PLACED)


def _unit_mm(said: Any, path: Path) -> float:
    """Return the length in mm of the unit that positions and sizes are in; a code is a list that begins with it."""
    word = said[0] if isinstance(said, list) and said else said or "mm"
    unit = UNITS_MM.get(str(word).strip())
    if unit is None:
        raise refusal("markups-unit", file=path.name)
    return unit


def write_markups(path: str | Path, items: Sequence[PointList | Box]) -> None:
    """Write point lists and boxes as a markups file that Slicer opens; LPS mm."""
    content = {"@schema": SCHEMA, "markups": [_as_json(item) for item in items]}
    Path(path).write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _as_json(item: PointList | Box) -> dict[str, Any]:
    points = (
        item.points
        if isinstance(item, PointList)
        else (ControlPoint(item.label or item.name, item.center_mm, item.description),)
    )
    common = {
        "name": item.name,
        "coordinateSystem": "LPS",
        "coordinateUnits": "mm",
        "locked": False,
        "controlPoints": [
            {
                "id": str(number),
                "label": point.label,
                "description": point.description,
                "position": list(point.position_mm),
                "positionStatus": "defined",
            }
            for number, point in enumerate(points, start=1)
        ],
    }
    if isinstance(item, PointList):
        return {"type": "Fiducial", **common}
    return {
        "type": "ROI",
        **common,
        "roiType": "Box",
        "center": list(item.center_mm),
        "orientation": [value for row in item.axes for value in row],
        "size": list(item.size_mm),
        "insideOut": False,
    }
