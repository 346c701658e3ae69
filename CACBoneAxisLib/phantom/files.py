"""Write the torso as files: CT, markups as saved by Slicer, and the ground truth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.markups import write_markups
from CACBoneAxisLib.phantom.parameters import HU_PER_MG_HYDROXYAPATITE, calibration
from CACBoneAxisLib.phantom.torso import Torso


def to_itk(array: NDArray[np.generic], geometry: ImageGeometry, storage_axes: str = "LPS") -> SimpleITK.Image:
    """Return an array (z, y, x) as an ITK image with the given axis orientation (``LPS``: unchanged)."""
    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing(geometry.spacing_mm)
    image.SetOrigin(geometry.origin_mm)
    image.SetDirection([value for row in geometry.direction for value in row])
    return image if storage_axes == "LPS" else SimpleITK.DICOMOrient(image, storage_axes)


def torso_settings(torso: Torso) -> dict[str, Any]:
    """Return the settings for analysing the torso, which its CT file does not carry."""
    acquisition = torso.image.acquisition
    return {
        "acquisition": {"kvp": acquisition.kvp, "contrast": False, "ecg_gated": True},
        "calcium": {"mass_factor_mg_per_mm3_per_hu": 0.001 / HU_PER_MG_HYDROXYAPATITE},
        "bone": {"calibration": calibration()},
        "patient": {"age_years": acquisition.age_years, "sex": acquisition.sex},
    }


def write_torso(torso: Torso, folder: str | Path) -> dict[str, Path]:
    """Write CT, seeds, regions, vertebral bodies, truth and settings into a folder, created if missing.

    Returns
    -------
    dict of str to Path
        ``ct``, ``seeds``, one entry per region (``T12``, ``L1``, ``L2``), ``vertebrae``, ``truth``, ``settings``.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    geometry, axes = torso.image.geometry, torso.parameters.storage_axes
    files = {"ct": folder / "ct.nrrd", "vertebrae": folder / "vertebrae.nrrd", "seeds": folder / "seeds.mrk.json"}
    for name, array in (("ct", torso.image.hu), ("vertebrae", torso.vertebrae)):
        SimpleITK.WriteImage(to_itk(array, geometry, axes), str(files[name]), True, 1)
    write_markups(files["seeds"], [torso.seeds])
    for box in torso.regions:
        files[box.name] = folder / f"{box.name}.mrk.json"
        write_markups(files[box.name], [box])
    for name, content in (("truth", torso.truth), ("settings", torso_settings(torso))):
        files[name] = folder / f"{name}.json"
        files[name].write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    return files
