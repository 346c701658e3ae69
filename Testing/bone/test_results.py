from jsonschema import Draft202012Validator

from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.bone.protocol import BoneProtocol
from CACBoneAxisLib.bone.vertebrae import measure_vertebrae
from CACBoneAxisLib.bone.vertebraregion import VertebraRegion
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.regions import Region


def validator():
    schema = load_table("result.schema")
    return Draft202012Validator({"$defs": schema["$defs"], **schema["properties"]["bone"]})


def region(level, z, excluded=None):
    return VertebraRegion(level, Region((0.0, 0.0, z), (24.0, 18.0, 12.0)), excluded)


def test_results_of_every_kind_fit_the_schema(spine):
    calibrated = BoneProtocol(calibration=Calibration("linear", 0.8, -4.0, "HA"), t_score_reference="budoff-2010")
    regions = [region("T12", 64.0), region("L1", 32.0), region("L2", 900.0), region("L3", 0.0, "fracture")]
    for result in (
        measure_vertebrae(spine()),
        measure_vertebrae(spine(), regions),
        measure_vertebrae(spine(), regions, None, calibrated, sex="F"),
        measure_vertebrae(spine(), regions[2:]),
    ):
        validator().validate(result.to_mapping())


def test_a_measured_vertebra_states_every_number(spine):
    vertebra = measure_vertebrae(spine(noise_hu=20), [region("L1", 32.0)]).to_mapping()["vertebrae"][0]
    for name in ("mean_hu", "median_hu", "sd_hu", "p10_hu", "p90_hu", "voxels", "volume_mm3"):
        assert vertebra[name] > 0
    assert vertebra["p10_hu"] < vertebra["median_hu"] < vertebra["p90_hu"]
    assert (vertebra["bmd"], vertebra["t_score"], vertebra["z_score"]) == (None, None, None)
    assert len(vertebra["hu_thresholds"]) == 6
