"""What holds for any calcium: more of it never scores less, thinner slices measure alike, seeds have no order."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from brute_force import make_image, seed_at
from hypothesis import example, given, settings
from hypothesis import strategies as st

from CACBoneAxisLib.calcium.protocol import CalciumProtocol, preset_fields, presets
from CACBoneAxisLib.calcium.result import CalciumResult, score_calcium
from CACBoneAxisLib.calcium.seeds import Seed
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.report.numbers import stored

# A sum of a few hundred products of short decimals.
ROUNDING = 1e-6
ANY = settings(max_examples=40, deadline=None)
NAMES = st.sampled_from(sorted(presets()))
NUMBERS = st.integers(0, 10_000)


def protocol(name: str, **changes: object) -> CalciumProtocol:
    # No bound of size, so that every lesion is scored; raw volume, which is that of the voxels.
    fixed = {"maximum_lesion_volume_mm3": 1e6, "bone_volume_mm3": 1e6, "mass_factor_mg_per_mm3_per_hu": 0.001}
    return CalciumProtocol(**{**preset_fields(name), **fixed, "volume": "voxels", **changes})  # type: ignore[arg-type]


def random_calcium(rng: np.random.Generator, spacing: tuple[float, float, float] = (0.5, 0.5, 3.0)) -> CTImage:
    image = make_image((5, 12, 12), spacing)
    bright = rng.random(image.hu.shape) < rng.choice([0.05, 0.15, 0.3])
    image.hu[bright] = rng.integers(100, 700, int(bright.sum()))
    # One voxel that every protocol takes for calcium.
    image.hu[2, 6, 6] = 650
    return image


@ANY
@given(number=NUMBERS, name=NAMES, voxels=st.integers(1, 30), hu=st.integers(60, 900))
def test_adding_calcium_never_lowers_a_score(number: int, name: str, voxels: int, hu: int) -> None:
    rng = np.random.default_rng(number)
    before = random_calcium(rng)
    after = replace(before, hu=before.hu.copy())
    places = tuple(rng.integers(0, size, voxels) for size in before.hu.shape)
    after.hu[places] = np.maximum(after.hu[places], hu)
    seeds = [seed_at(before, (2, 6, 6))]
    rules = protocol(name)
    totals = [score_calcium(image, seeds, rules).total for image in (before, after)]
    for less, more in zip(*[(t.agatston, t.volume_mm3, t.mass_mg) for t in totals], strict=True):
        assert less is not None
        assert more is not None
        assert more >= less - ROUNDING


@ANY
@given(number=NUMBERS, name=NAMES, increment=st.sampled_from([0.6, 1.5, 3.0, 5.0]))
def test_a_slice_split_into_two_of_half_the_increment_measures_the_same(
    number: int, name: str, increment: float
) -> None:
    image = random_calcium(np.random.default_rng(number), (0.5, 0.5, increment))
    halves = make_image((10, 12, 12), (0.5, 0.5, increment / 2))
    halves.hu[:] = np.repeat(image.hu, 2, axis=0)
    # A rim at a lower threshold reaches 3 mm from the voxels' centres, which lie elsewhere in thinner slices.
    rules = protocol(name, volume_threshold_hu=None)
    whole = score_calcium(image, [seed_at(image, (2, 6, 6))], rules).total
    split = score_calcium(halves, [seed_at(halves, (4, 6, 6))], rules).total
    for measure in ("agatston", "volume_mm3", "mass_mg"):
        assert getattr(split, measure) == pytest.approx(getattr(whole, measure), abs=ROUNDING)


def random_seeds(rng: np.random.Generator, image: CTImage) -> list[Seed]:
    voxels = np.argwhere(image.hu >= 100)
    seeds = []
    for number, zyx in enumerate(rng.permutation(voxels)[: int(rng.integers(2, 7))]):
        changes: dict[str, object] = {}
        if rng.random() < 0.4:
            changes["cut_radius_mm"] = float(rng.choice([0.4, 1.0, 2.5, 4.0]))
        if rng.random() < 0.2:
            changes["growth"] = "slice"
        if rng.random() < 0.2:
            changes |= {"decision": "excluded", "reason": "stent"}
        territory = str(rng.choice(["LM", "LAD", "LCX", "RCA", "AA"]))
        seeds.append(seed_at(image, (int(zyx[0]), int(zyx[1]), int(zyx[2])), f"{territory}-{number}", **changes))
    return seeds


def summary(result: CalciumResult) -> object:
    """Return what files say of a result, whose sums are kept to ten digits; lesions without their numbers."""
    content = stored(result.to_mapping())
    lesions = sorted((sorted(one["seeds"]), one["status"], repr(one["agatston"])) for one in content["lesions"])
    codes = sorted({one["code"] for one in content["findings"]})
    return content["territories"], content["total"], content["categories"], content["distribution"], lesions, codes


# In 673 a voxel of the rim at 113 HU lies equally far from two lesions.
@ANY
@given(number=NUMBERS, name=NAMES)
@example(number=673, name="philips")
def test_the_order_of_the_seeds_never_matters(number: int, name: str) -> None:
    rng = np.random.default_rng(number)
    image = random_calcium(rng)
    seeds = random_seeds(rng, image)
    rules = protocol(name)
    first = summary(score_calcium(image, seeds, rules))
    for _ in range(3):
        order = [seeds[k] for k in rng.permutation(len(seeds))]
        assert summary(score_calcium(image, order, rules)) == first
