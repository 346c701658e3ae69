"""The error of every region protocol and calibration on phantoms whose density is known, as a table.

    python Testing/bench/bone_errors.py

The digital spine phantom (50, 100 and 200 mg HA/cm3) is scanned with other slices, noise,
blur and tilt; the digital torso with rods too. What is printed stands in docs/bone.md.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.bone.protocol import BoneProtocol, RegionProtocol
from CACBoneAxisLib.bone.regionplacement import region_protocols
from CACBoneAxisLib.bone.vertebrae import measure_vertebrae
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.phantom import TorsoParameters, make_torso
from CACBoneAxisLib.phantom.parameters import calibration as torso_law
from CACBoneAxisLib.phantom.spinephantom import make_spine_phantom

# Each differs from the first in what it names: 1.5 mm slices, noise 14 HU, point spread 1.2 mm, upright.
CONDITIONS: dict[str, dict[str, Any]] = {
    "as made": {},
    "slices of 0.6 mm": {"slice_increment_mm": 0.6},
    "slices of 3 mm": {"slice_increment_mm": 3.0},
    "slices of 5 mm": {"slice_increment_mm": 5.0},
    "noise of 30 HU": {"noise_sd_hu": 30.0},
    "noise of 50 HU": {"noise_sd_hu": 50.0},
    "point spread of 2.5 mm": {"point_spread_fwhm_mm": 2.5},
    "tilted by 5 and 5 degrees": {"rotation_degrees": (5.0, 5.0, 0.0)},
    "3 mm, 30 HU, tilted": {"slice_increment_mm": 3.0, "noise_sd_hu": 30.0, "rotation_degrees": (5.0, 5.0, 0.0)},
}


def errors(image: CTImage, labels: Any, truth: dict[str, float], calibration: Calibration, name: str) -> dict:
    """Return measured minus true density by level, mg/cm3; None where nothing was measured."""
    protocol = BoneProtocol(region=RegionProtocol(protocol=name), calibration=calibration)
    result = measure_vertebrae(image, labels=LabelImage(labels, image.geometry), protocol=protocol, kvp=120.0)
    found = {v.level: v.interpretation.bmd for v in result.vertebrae}
    return {level: bmd.value_mg_cm3 - true if (bmd := found.get(level)) else None for level, true in truth.items()}


def cell(values: dict[str, float | None]) -> str:
    """Return errors as they stand in the table."""
    return " / ".join("none" if v is None else f"{v:+.1f}" for v in values.values())


def line(cells: list[str]) -> None:
    """Print a row of a Markdown table."""
    sys.stdout.write("| " + " | ".join(cells) + " |\n")


def main() -> int:
    """Print the tables."""
    names = list(region_protocols())
    linear = Calibration("linear", 0.8, 0.0, "HA")
    phantom = Calibration(kind="phantom", phantom="b-mas200")
    for title, calibration in (("exact line", linear), ("rods in the scan", phantom)):
        line([f"spine phantom, {title}", *names])
        line(["---"] * (len(names) + 1))
        for condition, changes in CONDITIONS.items():
            made = make_spine_phantom(**changes)
            rows = [errors(made.image, made.vertebrae, made.truth_mg_cm3, calibration, name) for name in names]
            line([condition, *(cell(row) for row in rows)])
        sys.stdout.write("\n")
    torso = {
        "exact line": Calibration(**torso_law()),
        "rods in the scan": Calibration(kind="phantom", phantom="mindways"),
    }
    line(["torso, T12 / L1 / L2", *names])
    line(["---"] * (len(names) + 1))
    for increment in (1.5, 3.0, 5.0):
        made_torso = make_torso(TorsoParameters.spine(slice_increment_mm=increment))
        truth = {level: made_torso.parameters.bmd(level) for level in ("T12", "L1", "L2")}
        for title, calibration in torso.items():
            rows = [errors(made_torso.image, made_torso.vertebrae, truth, calibration, name) for name in names]
            line([f"{increment:g} mm, {title}", *(cell(row) for row in rows)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
