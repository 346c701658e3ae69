"""Samples of tissues in a drawn patient, and by the reader's regions."""

import numpy as np
import pytest

from CACBoneAxisLib.bone.tissues import tissue_name, tissue_samples
from CACBoneAxisLib.imaging.aorta import BloodPool
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.markups import Box

BLOOD = BloodPool(42.0, 12.0, 900, 3, "descending aorta")


def patient(fat=-102.0, muscle=52.0, air=-1000.0, padding=True):
    """An ellipse of muscle with 14 mm of fat around it, a vertebra in the middle, padding outside the circle."""
    geometry = ImageGeometry((20, 200, 260), (1.6, 1.6, 4.0), (-207.2, -159.2, 0.0))
    x, y = np.meshgrid(np.arange(260) * 1.6 - 207.2, np.arange(200) * 1.6 - 159.2)
    plane = np.full(x.shape, air)
    plane[np.hypot(x / 160, y / 110) < 1] = fat
    plane[np.hypot(x / 146, y / 96) < 1] = muscle
    plane[np.hypot(x, y - 20) < 20] = 150
    hu = np.repeat(plane[None], 20, axis=0) + np.random.default_rng(1).normal(0, 10, (20, 200, 260))
    if padding:
        hu[:, np.hypot(x, y) > 205] = -2000
    return CTImage(np.rint(hu).astype(np.int16), geometry)


def test_the_tissues_are_found_where_they_were_drawn():
    found, said = tissue_samples(patient(), [(0.0, 20.0, 40.0)], BLOOD)
    assert said == ()
    drawn = {"air": -1000, "fat": -102, "muscle": 52, "blood": 42}
    assert {name: sample.hu for name, sample in found.items()} == pytest.approx(drawn, abs=2)
    assert found["muscle"].where == "found"


@pytest.mark.parametrize(
    ("changes", "blood", "code", "word"),
    [
        ({"fat": -60.0}, BLOOD, "tissue-window", "fat"),
        ({"air": -960.0}, BLOOD, "tissue-window", "air"),
        ({"muscle": 90.0}, BLOOD, "tissue-window", "muscle"),
        ({}, None, "tissue-missing", "blood"),
        ({}, BloodPool(250.0, 12.0, 900, 3, "region"), "tissue-window", "blood"),
    ],
)
def test_a_tissue_that_is_missing_or_leaves_its_window_is_named(changes, blood, code, word):
    _, said = tissue_samples(patient(**changes), [(0.0, 20.0, 40.0)], blood)
    assert [f.code for f in said] == [code]
    assert word in said[0].message


def test_a_region_of_the_reader_goes_before_what_is_found():
    box = Box("Fat", (0.0, 20.0, 40.0), (10.0, 10.0, 20.0))
    assert tissue_name(box) == "fat"
    assert tissue_name(Box("L1", (0, 0, 0), (1, 1, 1))) is None
    found, said = tissue_samples(patient(), [(0.0, 20.0, 40.0)], BLOOD, [box])
    assert found["fat"].where == "region"
    assert found["fat"].hu == pytest.approx(150, abs=3)
    assert [f.code for f in said] == ["tissue-window"]
