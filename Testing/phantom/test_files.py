"""What is written is what was made, in whichever axis order."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK

from CACBoneAxisLib.imaging.markups import read_markups
from CACBoneAxisLib.phantom import write_torso


@pytest.mark.parametrize("axes", ["LPS", "RAI", "PIR", "SLA"])
def test_the_same_patient_is_written_in_any_axis_order_and_sign(tmp_path, small, axes):
    torso = replace(small, parameters=replace(small.parameters, storage_axes=axes))
    files = write_torso(torso, tmp_path / axes)
    stored = SimpleITK.ReadImage(str(files["ct"]))
    found = SimpleITK.DICOMOrientImageFilter.GetOrientationFromDirectionCosines(stored.GetDirection())
    assert found == axes
    back = SimpleITK.DICOMOrient(stored, "LPS")
    assert np.array_equal(SimpleITK.GetArrayFromImage(back), torso.image.hu)
    assert back.GetOrigin() == pytest.approx(torso.image.geometry.origin_mm)


def test_everything_is_written_and_read_back(tmp_path, small):
    files = write_torso(small, tmp_path / "torso")
    assert {path.name for path in (tmp_path / "torso").iterdir()} == {
        "ct.nrrd", "vertebrae.nrrd", "seeds.mrk.json", "T12.mrk.json", "L1.mrk.json", "L2.mrk.json",
        "truth.json", "settings.json",
    }  # fmt: skip
    assert read_markups(files["seeds"]) == [small.seeds]
    for box in small.regions:
        read = read_markups(files[box.name])[0]
        assert (read.name, read.size_mm) == (box.name, pytest.approx(box.size_mm, abs=1e-4))
        assert read.center_mm == pytest.approx(box.center_mm, abs=1e-4)  # mm
        assert np.array(read.axes) == pytest.approx(np.array(box.axes))
    assert json.loads(files["truth"].read_text())["bone"] == small.truth["bone"]
    labels = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(files["vertebrae"])))
    assert np.array_equal(labels, small.vertebrae)


def test_the_settings_state_what_the_file_cannot(tmp_path, small):
    settings = json.loads(write_torso(small, tmp_path)["settings"].read_text())
    assert settings["acquisition"] == {"kvp": 120.0, "contrast": False, "ecg_gated": True}
    assert settings["patient"] == {"age_years": 66.0, "sex": "F"}
    law = settings["bone"]["calibration"]
    assert (law["kind"], law["material"]) == ("linear", "K2HPO4")
    assert law["slope"] * small.truth["bone"]["sigma_ct"] == pytest.approx(1.0)
