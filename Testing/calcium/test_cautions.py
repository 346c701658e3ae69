"""What is said of a scored lesion that noise would make, and of a score of 0."""

from __future__ import annotations

import pytest
from brute_force import make_image, seed_at

from CACBoneAxisLib.calcium.protocol import CalciumProtocol, preset_fields
from CACBoneAxisLib.calcium.result import score_calcium
from CACBoneAxisLib.imaging.aorta import BloodPool


@pytest.mark.parametrize(("noise_hu", "flagged"), [(10.0, False), (30.0, True)])
def test_a_faint_lesion_is_flagged_where_noise_reaches_it(noise_hu: float, flagged: bool) -> None:
    image = make_image((3, 12, 12))
    image.hu[1, 3:6, 3:6] = 140
    blood = BloodPool(40.0, noise_hu, 1000, 10, "descending aorta")
    result = score_calcium(image, [seed_at(image, (1, 4, 4))], CalciumProtocol(), blood=blood)
    assert ("lesion-chance" in {f.code for f in result.findings}) is flagged
    assert result.total.agatston == pytest.approx(2.25)


def test_zero_says_what_it_rests_on() -> None:
    image = make_image((3, 12, 12))
    (finding,) = [f for f in score_calcium(image, [], CalciumProtocol()).findings if f.code == "zero-rests-on"]
    assert "130 HU that covers at least 1 mm2 of a slice" in finding.message
    assert "increment of 3 mm" in finding.message
    assert "noise of unknown size" in finding.message


@pytest.mark.parametrize(
    ("name", "words"),
    [("siemens", "1 pixel of a slice"), ("canon", "3 pixels of a slice"), ("philips", "at least 0.5 mm2")],
)
def test_the_smallest_region_of_a_zero_is_the_protocols(name: str, words: str) -> None:
    protocol = CalciumProtocol(**preset_fields(name))
    blood = BloodPool(40.0, 17.6, 1000, 10, "descending aorta")
    result = score_calcium(make_image((3, 12, 12)), [], protocol, blood=blood)
    (finding,) = [f for f in result.findings if f.code == "zero-rests-on"]
    assert words in finding.message
    assert "noise of 18 HU" in finding.message
