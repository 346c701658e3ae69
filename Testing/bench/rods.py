"""Look for the rods in random digital torsos, and say of each whether they were found where they are.

    python Testing/bench/rods.py [NUMBER]      # 100 by default, on coarse voxels

Sizes, positions on the couch, tilts, noise, sharpness, slices and fields of view are drawn at
random; in every fifth torso there are no rods, in every fifth the field of view cuts some off.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.bone.phantomscan import calibrate_in_scan
from CACBoneAxisLib.phantom import TorsoParameters, make_torso

# What the torso's law gives for bone (docs/torso.md).
TRUE_SLOPE, TRUE_INTERCEPT = 0.800283, 8.122907
# At 150 mg/cm3 the line may be off by this much before it is called wrong.
BMD_TOLERANCE_MG_CM3 = 3.0


def parameters(number: int) -> tuple[TorsoParameters, int]:
    """Return a random torso and how many of its rods lie whole in the field of view."""
    rng = np.random.default_rng([5, number])
    changes: dict[str, Any] = {
        "seed": number,
        "body_scale": float(rng.uniform(0.85, 1.15)),
        "noise_sd_hu": float(rng.uniform(8, 30)),
        "point_spread_fwhm_mm": float(rng.uniform(0.8, 2.0)),
        "spacing_mm": float(rng.uniform(1.2, 1.8)),
        "slice_increment_mm": float(rng.choice([3.0, 4.0, 5.0])),
        "z_range_mm": (-110.0, float(rng.uniform(-20, 150))),
        "rotation_degrees": tuple(float(v) for v in rng.uniform(-4, 4, 3)),
        "field_center_mm": (float(rng.uniform(-12, 12)), float(rng.uniform(12, 24))),
        "field_of_view_mm": (400.0, 400.0),
        "blood_hu": float(rng.choice([40.0, 180.0])),
    }
    rods = 5
    if number % 5 == 1:
        changes["rods"], rods = False, 0
    elif number % 5 == 2:
        changes["field_of_view_mm"], changes["rotation_degrees"], rods = (150.0, 400.0), (0.0, 0.0, 0.0), 3
        changes["body_scale"], changes["field_center_mm"] = 1.0, (0.0, 16.0)
        changes["field_of_view_mm"] = (120.0, 400.0)
    return TorsoParameters.small(**changes), rods


def outcome(number: int) -> str:
    """Return what became of a torso: ``found``, ``refused`` as it should be, ``missed``, or ``WRONG``."""
    made, rods = parameters(number)
    scan = calibrate_in_scan(make_torso(made).image, Calibration(kind="phantom", phantom="mindways"))
    if scan.calibration is None:
        return "refused" if rods < 5 else "missed, and said so"
    assert scan.calibration.slope is not None
    assert scan.calibration.intercept is not None
    hu = (150.0 - TRUE_INTERCEPT) / TRUE_SLOPE
    error = scan.calibration.bmd_mg_cm3(hu) - 150.0
    return "found" if rods == 5 and abs(error) <= BMD_TOLERANCE_MG_CM3 else f"WRONG ({error:+.1f} mg/cm3)"


def main(arguments: list[str]) -> int:
    """Print how many torsos ended how; 1 when any was wrong without a word."""
    number = int(arguments[0]) if arguments else 100
    counts = Counter()
    for n in range(number):
        became = outcome(n)
        counts[became] += 1
        if became not in ("found", "refused"):
            sys.stdout.write(f"torso {n}: {became}\n")
    for became, count in sorted(counts.items()):
        sys.stdout.write(f"{count:4d} {became}\n")
    return int(any(became.startswith("WRONG") for became in counts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
