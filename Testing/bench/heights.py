"""Heights of a body found from a point in the digital torso, squeezed by known parts, beside the true ones.

    python Testing/bench/heights.py

L1 is squeezed in front, in the middle and behind, slices of 1 mm are averaged to thicker ones, noise has 20 HU.
What is printed stands in docs/bone.md.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from squeezed_body import squeezed, true_heights

from CACBoneAxisLib.bone.endplateheights import found_heights
from CACBoneAxisLib.bone.heights import Heights
from CACBoneAxisLib.bone.locate import locate_vertebra
from CACBoneAxisLib.phantom import TorsoParameters, make_torso

SHAPES = {
    "as it is": (1.0, 1.0, 1.0),
    "wedge 20 %": (0.8, 0.9, 1.0),
    "wedge 30 %": (0.7, 0.85, 1.0),
    "wedge 45 %": (0.55, 0.78, 1.0),
    "biconcave 25 %": (1.0, 0.75, 1.0),
    "collapsed 30 %": (0.7, 0.7, 0.7),
    "collapsed 45 %": (0.55, 0.55, 0.55),
}
SLICES = (1, 2, 3)


def main() -> int:
    """Print a row for every shape."""
    made = make_torso(
        TorsoParameters.spine(rods=False, z_range_mm=(-84.0, 40.0), slice_increment_mm=1.0, noise_sd_hu=20.0)
    )
    middle = np.array(next(r["center_lps_mm"] for r in made.truth["bone"]["vertebrae"] if r["level"] == "L1"))
    titles = ["L1", "true heights, mm", "grade", *(f"{n} mm: found, grade" for n in SLICES)]
    sys.stdout.write(f"| {' | '.join(titles)} |\n|{' --- |' * len(titles)}\n")
    for name, parts in SHAPES.items():
        true = Heights(*true_heights(parts))
        cells = [name, *_cells(true)]
        for slices in SLICES:
            image = squeezed(made.image, middle, parts, slices)
            located = locate_vertebra(image, "L1", np.add(middle, (3.0, 2.0, 1.0)))
            found = None if located.frame is None else found_heights(image, located.frame)
            cells.append(", ".join(_cells(found)) if found else "body refused" if located.frame is None else "none")
        sys.stdout.write(f"| {' | '.join(cells)} |\n")
    return 0


def _cells(heights: Heights) -> tuple[str, str]:
    values = " / ".join(f"{v:.1f}" for v in (heights.anterior_mm, heights.middle_mm, heights.posterior_mm))
    return values, str(heights.grade)


if __name__ == "__main__":
    sys.exit(main())
