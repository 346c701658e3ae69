"""QRM's cardiac calcium insert in a real scan, and the numbers that an open reference method published for it.

The scan is of MolloiLab/CAC-stanford-data (MIT), a Canon Aquilion ONE at 120 kVp, 0.488 mm
pixels, slices of 3 mm. Scores, volumes and masses are those of FQM (van Praagh 2021, doi
10.1002/mp.14912), with five decimals. A seed was placed in every insert.
"""

from __future__ import annotations

from typing import NamedTuple

from CACBoneAxisLib.calcium.seeds import Seed

FILE = "qrm_cci/qrm_cci_crop.nrrd"
MASS_FACTOR_MG_PER_MM3_PER_HU = 0.7220477104423333e-3
TOTAL_AGATSTON = 966.62649


class Insert(NamedTuple):
    """Where an insert was clicked, and what was published for it."""

    seed_ras_mm: tuple[float, float, float]
    agatston: float
    volume_mm3: float
    mass_mg: float


# Large, medium and small (5, 3 and 1 mm) of high, medium and low density (800, 400 and 200 mg/cm3).
INSERTS = {
    "L_HD": Insert((40.666, -1.842, 600.875), 402.93965, 302.20474, 94.77115),
    "L_MD": Insert((-13.014, 32.318, 600.875), 238.38214, 216.4729, 47.79026),
    "L_LD": Insert((-15.942, -31.122, 600.875), 138.59981, 167.17709, 25.37331),
    "M_HD": Insert((28.466, -1.842, 600.875), 88.11328, 82.15968, 20.90344),
    "M_MD": Insert((-8.622, 21.582, 600.875), 69.53805, 58.58342, 10.88246),
    "M_LD": Insert((-10.086, -20.386, 600.875), 22.86182, 34.29274, 4.75308),
    "S_HD": Insert((15.778, -1.354, 600.875), 6.19174, 9.28762, 1.13952),
}


def seeds() -> list[Seed]:
    """Return a seed in every insert, all in one artery."""
    return [
        Seed(name, "LAD", (-insert.seed_ras_mm[0], -insert.seed_ras_mm[1], insert.seed_ras_mm[2]))
        for name, insert in INSERTS.items()
    ]
