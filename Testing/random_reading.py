"""Random seeds in random calcium: lesions of one artery, of two, beside them, left out, disputed and too large."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
from small_study import small_image

from CACBoneAxisLib.imaging.markups import ControlPoint, PointList
from CACBoneAxisLib.study import Settings, StudyInputs

CORONARY, BESIDE = ("LM", "LAD", "LCX", "RCA"), ("AV", "AA")
# Seeds of two coronary arteries are usual here; what leaves the total open is rare, or there would be none.
KINDS = (*["one"] * 8, *["two"] * 6, *["beside"] * 3, *["excluded"] * 3, "mixed", "disputed")
# Few lesions are larger.
SETTINGS = {"calcium": {"maximum_lesion_volume_mm3": 50.0, "mass_factor_mg_per_mm3_per_hu": 0.001}}


def random_study(number: int) -> StudyInputs:
    """Return a study of one to eight lesions, each with one or two seeds."""
    rng = np.random.default_rng(number)
    image = small_image()
    hu = image.hu.copy()
    points = []
    for place in range(int(rng.integers(1, 9))):
        x, y, z = 8 + 10 * (place % 4), 8 + 10 * (place // 4), int(rng.integers(1, 10))
        size = rng.integers(1, 7, 2)
        hu[z : z + int(rng.integers(1, 3)), y : y + size[0], x : x + size[1]] = rng.integers(140, 600)
        kind = str(rng.choice(KINDS))
        for seed in range(1 if kind in ("one", "beside", "excluded") else 2):
            beside = kind == "beside" or (kind == "mixed" and seed == 1)
            excluded = kind == "excluded" or (kind == "disputed" and seed == 1)
            left, posterior, superior = (float(v) for v in image.geometry.to_lps((x, y, z)))
            label = f"{rng.choice(BESIDE if beside else CORONARY)}-{len(points)}"
            decision = {"decision": "excluded", "reason": "drawn by lot"} if excluded else {}
            points.append(ControlPoint(label, (left, posterior, superior), json.dumps(decision) if decision else ""))
    settings = Settings.from_mapping(SETTINGS)
    return StudyInputs(replace(image, hu=hu), (PointList("seeds", tuple(points)),), (), None, settings)
