"""A reading (what a person decided about a CT) as JSON inside a structured report."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from CACBoneAxisLib.dicomout.codes import concept
from CACBoneAxisLib.imaging.dicom.elements import text
from CACBoneAxisLib.imaging.dicom.slices import is_dicom, read_header
from CACBoneAxisLib.imaging.findings import Finding, finding, refusal
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.jsontext import parse_json
from CACBoneAxisLib.imaging.markups import Box, ControlPoint, PointList

SCHEMA = "cacboneaxis/reading/1"
# What two readers make of one header differs in its last digits.
SAME_PLACE_MM = 0.01


@dataclass(frozen=True)
class Labelled:
    """Labelled voxels that a reading uses, stored in a segmentation of their own.

    Parameters
    ----------
    uid : SOP Instance UID of the segmentation
    values : label value of its segments 1, 2, ...
    names : name by label value, None where the labels had numbers only
    excluded : reason by label value
    """

    uid: str
    values: tuple[int, ...]
    names: Mapping[int, str] | None = None
    excluded: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredReading:
    """What a person decided about a CT.

    Parameters
    ----------
    settings : as in a settings file
    seeds : point lists, LPS mm; None when nobody read the scan for calcium
    regions : ROIs, LPS mm
    vertebrae : labelled vertebrae, None where there were none
    heart : labelled heart, None where there was none
    points : one in each vertebra that is to be found, LPS mm
    values_sha256 : of the CT's values, None in readings that were written without
    grid : the CT's spacing and origin, mm
    series_uid : Series Instance UID of the CT
    name : of the file it was read from, without its folder
    sha256 : of that file
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    seeds: tuple[PointList, ...] | None = None
    regions: tuple[Box, ...] = ()
    vertebrae: Labelled | None = None
    heart: Labelled | None = None
    points: tuple[PointList, ...] = ()
    values_sha256: str | None = None
    grid: tuple[float, ...] = ()
    series_uid: str | None = None
    name: str = "reading"
    sha256: str | None = None

    def to_text(self) -> str:
        """Serialize the reading to JSON without rounding."""
        content = {
            "schema": SCHEMA,
            "seeds": None if self.seeds is None else [asdict(points) for points in self.seeds],
            "regions": [asdict(box) for box in self.regions],
            "vertebrae": None if self.vertebrae is None else asdict(self.vertebrae),
            "heart": None if self.heart is None else asdict(self.heart),
            "points": [asdict(points) for points in self.points],
            "settings": dict(self.settings),
            "values_sha256": self.values_sha256,
            "grid": list(self.grid),
        }
        return json.dumps(content, ensure_ascii=False, allow_nan=False)


def from_text(words: str, name: str) -> StoredReading:
    """Parse a reading from JSON.

    Raises
    ------
    UnusableInputError
        ``reading-unusable`` when it is not one.
    """
    try:
        content = parse_json(words)
        if content["schema"] != SCHEMA:
            raise ValueError
        seeds = content["seeds"]
        return StoredReading(
            settings=dict(content["settings"]),
            seeds=None if seeds is None else tuple(_points(one) for one in _list(seeds)),
            regions=tuple(_box(one) for one in _list(content["regions"])),
            vertebrae=None if content["vertebrae"] is None else _labelled(content["vertebrae"]),
            heart=None if content["heart"] is None else _labelled(content["heart"]),
            points=tuple(_points(one) for one in _list(content["points"])),
            values_sha256=None if content.get("values_sha256") is None else _text(content["values_sha256"]),
            grid=tuple(float(one) for one in _list(content.get("grid", []))),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise refusal("reading-unusable", file=name) from None


def read_reading(path: str | Path) -> StoredReading:
    """Read the reading from a structured report of this software.

    Raises
    ------
    UnusableInputError
        ``file-missing``; ``reading-unusable`` when the file is none, or holds no reading.
    """
    import pydicom

    path = Path(path)
    if not path.is_file():
        raise refusal("file-missing", file=path.name)
    if not is_dicom(path):
        raise refusal("reading-unusable", file=path.name)
    try:
        report = pydicom.dcmread(path)
        code = concept("reading")
        items = [item for item in report.get("ContentSequence") or [] if item.get("ValueType") == "TEXT"]
        texts = [item.TextValue for item in items if _is(item.ConceptNameCodeSequence[0], code)]
        evidence = [*(report.get("CurrentRequestedProcedureEvidenceSequence") or [])]
        evidence += [*(report.get("PertinentOtherEvidenceSequence") or [])]
        series = [one for study in evidence for one in study.ReferencedSeriesSequence]
        ct = {str(s.SeriesInstanceUID) for s in series if _is_ct(s)}
    except Exception:  # pydicom raises whatever the damage leads to
        raise refusal("reading-unusable", file=path.name) from None
    if len(texts) != 1:
        raise refusal("reading-unusable", file=path.name)
    found = from_text(str(texts[0]), path.name)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    uid = ct.pop() if len(ct) == 1 else None
    return replace(found, series_uid=uid, name=path.name, sha256=sha256)


def bound_to(reading: StoredReading, image: CTImage) -> StoredReading:
    """Return a reading that says on which values and grid it was made."""
    digest = hashlib.sha256(repr(image.geometry.shape).encode())
    for plane in image.hu:
        digest.update(np.ascontiguousarray(plane, dtype="<f4").tobytes())
    grid = tuple(float(one) for one in (*image.geometry.spacing_mm, *image.geometry.origin_mm))
    return replace(reading, values_sha256=digest.hexdigest(), grid=grid)


def check_series(
    reading: StoredReading, image: CTImage, slices: Sequence[tuple[Path, int]] = ()
) -> tuple[Finding, ...]:
    """Return what speaks against laying a reading over an image, or a finding that nothing proves it.

    Parameters
    ----------
    slices : of the image, where it does not know them itself

    Raises
    ------
    UnusableInputError
        ``reading-series`` when it was made on another series; ``reading-altered`` when the
        series has the same UID but other values or another grid.
    """
    places = image.slices or slices
    header = read_header(places[0][0]) if places and reading.series_uid is not None else None
    if header is not None and text(header, "SeriesInstanceUID") not in ("", reading.series_uid):
        raise refusal("reading-series", file=reading.name, image=image.source.name)
    if reading.values_sha256 is None:
        return (finding("reading-unproved"),)
    here = bound_to(reading, image)
    same_grid = len(reading.grid) == len(here.grid) and np.allclose(reading.grid, here.grid, atol=SAME_PLACE_MM)
    if reading.values_sha256 != here.values_sha256 or not same_grid:
        raise refusal("reading-altered", file=reading.name, image=image.source.name)
    return ()


def _is(item: Any, code: Sequence[str]) -> bool:
    return (item.CodingSchemeDesignator, item.CodeValue) == (code[0], code[1])


def _is_ct(series: Any) -> bool:
    return any(
        str(one.ReferencedSOPClassUID).startswith("1.2.840.10008.5.1.4.1.1.2") for one in series.ReferencedSOPSequence
    )


def _points(content: Mapping[str, Any]) -> PointList:
    points = (
        ControlPoint(_text(p["label"]), _triple(p["position_mm"]), _text(p["description"]))
        for p in _list(content["points"])
    )
    return PointList(_text(content["name"]), tuple(points))


def _box(content: Mapping[str, Any]) -> Box:
    axes = tuple(_triple(row) for row in _list(content["axes"]))
    size = _triple(content["size_mm"])
    if len(axes) != 3 or min(size) <= 0:
        raise ValueError
    return Box(
        _text(content["name"]),
        _triple(content["center_mm"]),
        size,
        axes,
        _text(content["label"]),
        _text(content["description"]),
    )


def _labelled(content: Mapping[str, Any]) -> Labelled:
    names = content["names"]
    return Labelled(
        _text(content["uid"]),
        tuple(int(v) for v in _list(content["values"])),
        None if names is None else {int(value): _text(name) for value, name in names.items()},
        {int(value): _text(reason) for value, reason in content["excluded"].items()},
    )


# An empty object or text has no points either, but only an empty list says so.
def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _triple(values: Any) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in _list(values))
    return x, y, z
