"""Make a calibration file from a phantom scan; it is a settings file with one section."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from CACBoneAxisLib.bone.phantomscan import PhantomScan, calibrate_in_scan
from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.report.numbers import format_value, stored
from CACBoneAxisLib.study.destination import Destination, write_json
from CACBoneAxisLib.study.settings import Settings

# Needed to decide whether the calibration applies to a scan.
NEEDED = ("kvp", "manufacturer", "model", "kernel", "table_height_mm")


def calibrate(image: CTImage, settings: Settings, date: str | None = None) -> tuple[dict[str, Any], PhantomScan]:
    """Return the calibration of a phantom scan as settings, with its measurements.

    Parameters
    ----------
    image : of the phantom, with or without a patient
    settings : calibration by phantom, and facts about the scan
    date : of the scan

    Raises
    ------
    UnusableInputError
        When the rods are refused, or scanner, kVp, kernel or table height is not known.
    """
    acquisition, _ = image.acquisition.merged(settings.stated)
    missing = [name for name in NEEDED if getattr(acquisition, name) is None]
    if missing:
        raise refusal("calibration-incomplete", missing=", ".join(f"acquisition.{name}" for name in missing))
    scan = calibrate_in_scan(replace(image, acquisition=acquisition), settings.bone.calibration)
    if scan.calibration is None or scan.fit is None:
        problem = next(f.message for f in scan.findings if f.severity == "error")
        raise refusal("calibration-refused", problem=problem.replace("no BMD is given", "no calibration is written"))
    return {"bone": {"calibration": stored(_entry(scan, acquisition, date))}}, scan


def _entry(scan: PhantomScan, acquisition: Acquisition, date: str | None) -> dict[str, Any]:
    line, fit = scan.calibration, scan.fit
    if line is None or fit is None:
        raise ValueError("the rods were refused")
    return {
        "kind": "asynchronous",
        "slope": line.slope,
        "intercept": line.intercept,
        "material": line.material,
        "phantom": line.phantom,
        "source": f"{scan.phantom.title}, scanned without a patient",
        "date": date,
        "r2": fit.r2,
        "residuals_hu": [rod.hu - rod.fitted_hu for rod in scan.rods],
        **{field: getattr(acquisition, field) for field in NEEDED},
    }


def write_calibration(image: CTImage, settings: Settings, date: str | None, destination: Destination) -> str:
    """Write the calibration file of a phantom scan; return a summary.

    Raises as :func:`calibrate` does, and when the file exists with another content.
    """
    mapping, scan = calibrate(image, settings, date)
    path = destination.write(lambda unfinished: write_json(unfinished, mapping))
    entry = mapping["bone"]["calibration"]
    lines = [
        f"{scan.phantom.title}: BMD = {entry['slope']:.6g} x HU {entry['intercept']:+.6g} mg/cm3 {entry['material']}"
    ]
    lines += [
        f"  rod {rod.rod.name}: {format_value(rod.hu, 'mean_hu', unit=True)}, "
        f"{rod.hu - rod.fitted_hu:+.1f} off the line, {rod.drift_hu:+.1f} HU along the scan"
        for rod in scan.rods
    ]
    lines += [f"  {f.severity}: {f.message}" for f in scan.findings if f.severity != "note"]
    return "\n".join([*lines, f"R2 {entry['r2']:.6f}", f"Calibration: {path}"])


def calibration_from(mapping: Mapping[str, Any]) -> Any:
    """Return the calibration in the content of a calibration file.

    Raises
    ------
    UnusableInputError
        When it holds none, or one that is not asynchronous.
    """
    try:
        found = mapping["bone"]["calibration"]
        right = found["kind"] == "asynchronous"
    except (KeyError, TypeError):
        right = False
    if not right:
        raise refusal("settings-invalid", problem="the calibration file holds no calibration of cacboneaxis calibrate")
    return found
