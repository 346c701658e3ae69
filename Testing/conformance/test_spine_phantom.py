"""The European Spine Phantom's densities come out of every protocol and calibration (docs/bone.md has the table)."""

import pytest

from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.bone.protocol import BoneProtocol, RegionProtocol
from CACBoneAxisLib.bone.regionplacement import region_protocols
from CACBoneAxisLib.bone.vertebrae import measure_vertebrae
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.phantom.spinephantom import make_spine_phantom

# The densities of the European Spine Phantom are stated to 1 %, of 200 mg/cm3; a circle of one slice is noisier.
TOLERANCE_MG_CM3 = {"circle-200": 4.0}


@pytest.fixture(scope="module", params=[{}, {"slice_increment_mm": 5.0}, {"rotation_degrees": (5.0, 5.0, 0.0)}])
def phantom(request):
    return make_spine_phantom(spacing_mm=1.0, **{"slice_increment_mm": 3.0} | request.param)


@pytest.mark.parametrize("name", list(region_protocols()))
def test_50_100_and_200_mg_cm3_are_measured_with_the_rods_in_the_scan(phantom, name):
    calibration = Calibration(kind="phantom", phantom="b-mas200")
    protocol = BoneProtocol(region=RegionProtocol(protocol=name), calibration=calibration)
    labels = LabelImage(phantom.vertebrae, phantom.image.geometry)
    found = {v.level: v for v in measure_vertebrae(phantom.image, labels=labels, protocol=protocol).vertebrae}
    for level, true in phantom.truth_mg_cm3.items():
        assert found[level].interpretation.bmd.value_mg_cm3 == pytest.approx(true, abs=TOLERANCE_MG_CM3.get(name, 2.0))
        assert found[level].interpretation.bmd.material == "HA"
        if phantom.image.geometry.slice_increment_mm <= 3.0:
            assert found[level].heights.middle_mm == pytest.approx(25.0, abs=2.5)
            assert found[level].heights.grade == 0
        else:
            assert found[level].heights is None
