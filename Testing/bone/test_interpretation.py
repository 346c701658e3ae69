from dataclasses import replace

import numpy as np
import pytest

from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.bone.hustatistics import measure
from CACBoneAxisLib.bone.interpretation import Interpreter, summarize
from CACBoneAxisLib.bone.protocol import BoneProtocol
from CACBoneAxisLib.bone.references import t_score_references
from CACBoneAxisLib.bone.results import VertebraMeasurement
from CACBoneAxisLib.imaging.findings import finding


def reader(calibration=None, **protocol):
    return Interpreter(BoneProtocol(**protocol), calibration, "F", False, t_score_references())


def vertebra(level, mean_hu, voxels=100):
    statistics = measure(np.full(voxels, mean_hu, np.int16), 1.0)
    return VertebraMeasurement(level, "roi", {}, "measured", statistics)


def missing(level):
    return VertebraMeasurement(level, "roi", {}, "not-measured")


def test_the_summary_is_the_mean_of_the_two_vertebral_means_not_of_their_voxels():
    vertebrae = [vertebra("L1", 100, voxels=1000), vertebra("L2", 140, voxels=10)]
    summary, _ = summarize(vertebrae, reader(Calibration("linear", 0.5, 20.0, "HA")))
    assert (summary.levels, summary.label) == (("L1", "L2"), "mean of L1 and L2")
    assert summary.interpretation.mean_hu == 120.0
    assert summary.interpretation.bmd.value_mg_cm3 == 80.0
    assert summary.interpretation.acr_class.code == "low-bone-mass"
    assert [t.name for t in summary.interpretation.hu_thresholds] == ["zhou-osteopenia", "zhou-osteoporosis"]
    assert summary.findings == ()


@pytest.mark.parametrize(
    ("levels", "chosen"),
    [
        (["T12", "L1", "L3"], "L1"),
        (["T12", "L2"], "L2"),
        (["T12", "L3"], "L3"),
        (["T11", "T12", "L4"], "T12"),
        (["T10", "L4"], "T10"),
        (["T9", "L4", "L5"], "L4"),
        (["T1", "T9"], "T9"),
    ],
)
def test_without_the_pair_the_nearest_trustworthy_level_stands_alone(levels, chosen):
    summary, _ = summarize([vertebra(level, 100) for level in levels], reader())
    assert (summary.levels, summary.label) == ((chosen,), f"{chosen} alone")
    assert "one-lumbar-level" in [f.code for f in summary.findings]


@pytest.mark.parametrize("code", ["vertebra-at-border", "region-edge"])
def test_a_level_that_the_scans_end_cuts_stands_alone_only_where_no_whole_one_does(code):
    values = {"level": "L2"} | ({"percent": "1"} if code == "region-edge" else {})
    cut = replace(vertebra("L2", 100), findings=(finding(code, **values),))
    summary, _ = summarize([cut, vertebra("L3", 120)], reader())
    assert (summary.label, summary.interpretation.mean_hu) == ("L3 alone", 120)
    summary, _ = summarize([cut], reader())
    assert summary.label == "L2 alone"


def test_a_level_that_was_not_measured_does_not_enter():
    summary, _ = summarize([vertebra("L1", 90), missing("L2")], reader())
    assert summary.levels == ("L1",)
    nothing, _ = summarize([missing("L1")], reader())
    assert [f.code for f in nothing.findings] == ["no-vertebra-measured"]
    assert nothing.to_mapping()["mean_hu"] is None


def test_a_thoracic_summary_says_that_the_classes_are_lumbar():
    summary, _ = summarize([vertebra("T12", 100)], reader(Calibration("linear", 1.0, 0.0, "HA")))
    assert "thoracic-class" in [f.code for f in summary.findings]


def test_a_level_without_published_thresholds_says_so():
    _, said, _ = reader().read("L4", 100.0)
    assert [f.code for f in said] == ["no-hu-thresholds"]
    _, said, _ = reader(hu_thresholds="none").read("L4", 100.0)
    assert said == ()


def test_an_implausible_bmd_is_shown_with_a_warning():
    reading, said, _ = reader(Calibration("linear", 5.0, 0.0, "HA")).read("L1", 150.0)
    assert reading.bmd.value_mg_cm3 == 750.0
    assert "bmd-implausible" in [f.code for f in said]


def test_what_concerns_every_level_is_kept_apart():
    unknown = Interpreter(
        BoneProtocol(t_score_reference="budoff-2010"),
        Calibration("linear", 1.0, 0.0, "HA"),
        None,
        False,
        t_score_references(),
    )
    reading, said, general = unknown.read("T12", 150.0)
    assert reading.t_score is None
    assert [f.code for f in general] == ["t-score-sex"]
    assert [f.code for f in said] == ["thoracic-class"]
    assert [f.code for f in reader(Calibration("linear", 1.0, 0.0, "HA")).general_findings()] == [
        "no-t-score-reference"
    ]


def test_hu_thresholds_are_not_read_from_an_image_of_one_energy():
    def thresholds(**more):
        made = Interpreter(BoneProtocol(), None, None, False, (), **more)
        return made.read("L1", 100.0)[0].hu_thresholds, [one.code for one in made.general_findings()]

    assert thresholds()[0] and "dual-hu" not in thresholds()[1]
    assert thresholds(spectral=True) == ((), ["dual-hu"])
