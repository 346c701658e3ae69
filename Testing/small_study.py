"""A CT of a few thousand voxels with calcium and a vertebra whose numbers are known by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK

from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.markups import Box, ControlPoint, PointList, write_markups
from CACBoneAxisLib.study import StudyResult

SHAPE = (12, 60, 60)
SPACING_MM = (0.5, 0.5, 3.0)
ORIGIN_MM = (-15.0, -15.0, 100.0)
# 6 x 6 voxels of 0.25 mm2 in one slice at 250 HU: 9 mm2 x weight 2 x 3 mm / 3 mm
LAD_AGATSTON = 18.0
# 4 x 4 voxels in two slices at 150 HU: 2 x 4 mm2 x weight 1
RCA_AGATSTON = 8.0
TRABECULAR_HU = 120


def small_image(acquisition: Acquisition | None = None) -> CTImage:
    """Return air around soft tissue, two lesions and a vertebra of 120 HU inside cortex of 600 HU."""
    hu = np.full(SHAPE, -1000, dtype=np.int16)
    hu[:, 4:-4, 4:-4] = 40
    # A little texture, as every scan has; symmetric, so that means stay what they are.
    hu[:, 4:-4, 4:-4:2] += 7
    hu[:, 4:-4, 5:-4:2] -= 7
    hu[:, 30:54, 10:50] = 600
    hu[1:11, 33:51, 13:47] = TRABECULAR_HU
    hu[4, 10:16, 10:16] = 250
    hu[7:9, 20:24, 40:44] = 150
    geometry = ImageGeometry(SHAPE, SPACING_MM, ORIGIN_MM)
    return CTImage(hu, geometry, acquisition or Acquisition())


def small_seeds() -> PointList:
    """Return one seed in each lesion."""
    geometry = small_image().geometry
    places = {"LAD-1": (12, 12, 4), "RCA-1": (41, 21, 7)}
    points = []
    for label, xyz in places.items():
        left, posterior, superior = geometry.to_lps(xyz)
        points.append(ControlPoint(label, (float(left), float(posterior), float(superior))))
    return PointList("seeds", tuple(points))


def small_region() -> Box:
    """Return a cylinder in the middle of the trabecular bone."""
    left, posterior, superior = small_image().geometry.to_lps((30, 42, 5.5))
    return Box("L1", (float(left), float(posterior), float(superior)), (12.0, 7.0, 12.0))


def write_small_study(folder: Path) -> dict[str, Path]:
    """Write the CT, seeds, region and settings as files; return them by role."""
    image = small_image()
    itk = SimpleITK.GetImageFromArray(image.hu)
    itk.SetSpacing(SPACING_MM)
    itk.SetOrigin(ORIGIN_MM)
    files = {
        "image": folder / "ct.nrrd",
        "seeds": folder / "seeds.mrk.json",
        "region": folder / "L1.mrk.json",
        "settings": folder / "settings.json",
    }
    SimpleITK.WriteImage(itk, str(files["image"]), useCompression=True)
    write_markups(files["seeds"], [small_seeds()])
    write_markups(files["region"], [small_region()])
    settings = {
        "patient": {"age_years": 63, "sex": "F"},
        "acquisition": {"kvp": 120, "contrast": False, "ecg_gated": True},
        "bone": {"calibration": {"kind": "linear", "slope": 0.8, "intercept": 2.0, "material": "HA"}},
    }
    files["settings"].write_text(json.dumps(settings))
    return files


def answers(result: StudyResult) -> dict[str, Any]:
    """Return the parts of a result that do not depend on the way it was made."""
    mapping = result.to_dict()
    return {part: mapping[part] for part in ("calcium", "bone", "suitability")}
