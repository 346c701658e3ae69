"""``cacboneaxis inspect``: what a DICOM folder holds, and which series suits which question."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from CACBoneAxisLib.imaging.dicom.files import words_of
from CACBoneAxisLib.imaging.dicom.survey import QUESTIONS, Survey, Surveyed, reasons, survey, verdict_of, why_picked
from CACBoneAxisLib.imaging.dicom.traits import trait
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.report.numbers import stored

SCHEMA = "cacboneaxis/inspect/1"
ANSWERS = {True: "yes", False: "no", None: "not stated"}


def add_inspect(commands: Any) -> None:
    """Add ``inspect`` to the commands."""
    parser = commands.add_parser(
        "inspect",
        help="say what a DICOM folder holds",
        description="List the CT series of a DICOM folder, which suits calcium and which bone, and why.",
    )
    parser.set_defaults(run=_inspect)
    parser.add_argument("folder", help="DICOM folder, DICOMDIR or file")
    parser.add_argument("--json", action="store_true", help="as JSON, for programs")


def _inspect(arguments: argparse.Namespace, bar: Any, after_analysis: Any) -> str:
    place = Path(arguments.folder)
    if not place.exists():
        raise refusal("file-missing", file=place.name)
    found = survey(place, bar)
    if arguments.json:
        return json.dumps(stored(inspection(found)), indent=1, ensure_ascii=False, allow_nan=False)
    return inspection_words(found)


def inspection(found: Survey) -> dict[str, Any]:
    """Return a survey as JSON values, without any identifier of patient or study."""
    return {
        "schema": SCHEMA,
        "series": [_series(one) for one in found.series],
        "studies": found.studies,
        "others": dict(sorted(found.others.items())),
        "picked": {
            question: None if one is None else {"series": one.number, "why": why_picked(one, question)}
            for question, one in found.picked.items()
        },
    }


def _series(one: Surveyed) -> dict[str, Any]:
    acquisition, geometry, coverage = one.acquisition, one.geometry, one.coverage
    spacing = None if geometry is None else geometry.spacing_mm
    phase = trait(one.series.slices[0].traits, "phase") if one.series.slices else ""
    return {
        "series": one.number,
        "description": one.series.description,
        "part": one.series.part,
        "kind": one.kind,
        "slices": len(one.series.slices),
        "size": None if geometry is None else list(geometry.shape[::-1]),
        "pixel_mm": None if spacing is None else list(spacing[:2]),
        "increment_mm": one.increment_mm,
        "thickness_mm": acquisition.slice_thickness_mm,
        "field_of_view_mm": None if geometry is None else _field_of_view(geometry),
        "length_mm": None if geometry is None else geometry.shape[0] * geometry.slice_increment_mm,
        "kernel": one.series.kernel or acquisition.kernel,
        "kvp": acquisition.kvp,
        "contrast_stated": acquisition.contrast,
        "blood_hu": None if one.blood is None else one.blood.hu,
        "noise_hu": None if one.blood is None else one.blood.noise_hu,
        "ecg_gated": acquisition.ecg_gated,
        "phase_percent": float(phase) if phase else None,
        "manufacturer": acquisition.manufacturer,
        "model": acquisition.model,
        "coverage": {
            "heart": coverage.heart,
            "above_heart": coverage.above,
            "below_heart": coverage.below,
            "below_lungs_mm": coverage.below_lungs_mm,
            "levels": dict(coverage.levels),
            "spine": coverage.spine,
        },
        "problem": one.problem,
        **{question: {"verdict": verdict_of(one, question), "why": reasons(one, question)} for question in QUESTIONS},
    }


def _field_of_view(geometry: ImageGeometry) -> list[float]:
    """Return width and height of the images, mm."""
    _, rows, columns = geometry.shape
    return [columns * geometry.spacing_mm[0], rows * geometry.spacing_mm[1]]


def inspection_words(found: Survey) -> str:
    """Return a survey as text."""
    count = len(found.series)
    several = f" of {found.studies} examinations" if found.studies > 1 else ""
    lines = [f"{count} CT series{several}" + (f"; besides: {words_of(found.others)}" if found.others else "")]
    for one in found.series:
        lines += ["", f"  {one.number}  {one.name}", f"     {', '.join(_facts(one))}"]
        if one.problem is not None:
            lines.append(f"     cannot be used: {one.problem}")
            continue
        lines.append(f"     {', '.join(_grid(one))}")
        lines.append(f"     {_coverage(one)}")
        for question in QUESTIONS:
            why = reasons(one, question)
            lines.append(f"     {question}: {verdict_of(one, question)}" + (":" if why else ""))
            lines += [f"        - {reason}" for reason in why]
    lines.append("")
    if found.studies > 1:
        lines.append("Nothing is picked between examinations: name the folder of one.")
        return "\n".join(lines)
    for question, picked in found.picked.items():
        words = "no series suits" if picked is None else f"series {picked.number} ({why_picked(picked, question)})"
        lines.append(f"For {question}: {words}.")
    return "\n".join(lines)


def _facts(one: Surveyed) -> list[str]:
    acquisition = one.acquisition
    increment = one.increment_mm
    return [
        one.kind,
        f"{len(one.series.slices)} slice{'s' if len(one.series.slices) > 1 else ''}",
        "no increment" if increment is None else f"increment {increment:g} mm",
        *([f"thickness {acquisition.slice_thickness_mm:g} mm"] if acquisition.slice_thickness_mm else []),
        f"kernel {one.series.kernel or acquisition.kernel or 'not stated'}",
        f"{acquisition.kvp:g} kVp" if acquisition.kvp else "kVp not stated",
        f"contrast agent: {ANSWERS[acquisition.contrast]}",
        *([f"blood {one.blood.hu:.0f} HU"] if one.blood is not None else []),
        f"ECG-gated: {ANSWERS[acquisition.ecg_gated]}",
    ]


def _grid(one: Surveyed) -> list[str]:
    geometry = one.geometry
    if geometry is None:
        return []
    slices, rows, columns = geometry.shape
    width, height = _field_of_view(geometry)
    return [
        f"{columns} x {rows} pixels of {geometry.spacing_mm[0]:.3g} mm",
        f"field of view {width:.0f} x {height:.0f} mm",
        f"{slices * geometry.slice_increment_mm:.0f} mm long",
    ]


def _coverage(one: Surveyed) -> str:
    words = {"whole": "whole", "part": "in part", "none": "not", None: "cannot be told"}
    parts = [f"heart {words[one.coverage.heart]}"]
    parts += [f"{level} {words[part]}" for level, part in one.coverage.levels.items()]
    return f"estimated in the scan: {', '.join(parts)}"
