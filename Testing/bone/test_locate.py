"""Vertebrae found from one point, against the digital torso's truth and real scans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from CACBoneAxisLib.bone.bodies import BodyFrame, body_frame
from CACBoneAxisLib.bone.endplates import Ends
from CACBoneAxisLib.bone.labels import label_boxes
from CACBoneAxisLib.bone.locate import _Trace, locate_vertebra
from CACBoneAxisLib.bone.regionplacement import located_region, lowered, region_protocols
from CACBoneAxisLib.bone.walls import Canal, Wall
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.labelfiles import read_labels
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.markups import read_markups
from CACBoneAxisLib.phantom import TorsoParameters, make_torso

# Worst of docs/bone.md for slices up to 3 mm is less; a region's margin to the wall is 4 mm.
CENTER_MM, TILT_DEGREES, SIZE_MM = 2.5, 8.0, 4.0

# Clicks in the chest scan, in an ellipsoid of these half axes (left, back, head), mm: its bodies are 40 x 29 x 22 mm.
CHEST_CLICKS, CLICKED_MM = 6, (16.0, 11.0, 9.0)


def spine(**changes):
    made = make_torso(TorsoParameters.spine(rods=False, z_range_mm=(-84.0, 40.0), **changes))
    return made, {row["level"]: row for row in made.truth["bone"]["vertebrae"]}


@pytest.fixture(scope="module")
def upright():
    return spine(slice_increment_mm=2.0)


def center(row, *off: float) -> np.ndarray:
    return np.add(row["center_lps_mm"], off or (0, 0, 0))


def errors(found, row) -> tuple[float, float]:
    apart = float(np.linalg.norm(found.frame.center_mm - center(row)))
    return apart, float(np.degrees(np.arccos(min(1.0, found.frame.axes[:, 2] @ row["axis_lps"]))))


@pytest.mark.parametrize("off", [(0, 0, 0), (9, 0, 4), (-8, 5, -4), (0, -7, 3)])
def test_a_point_anywhere_in_the_body_finds_its_middle_axis_and_size(upright, off):
    torso, truth = upright
    found = locate_vertebra(torso.image, "L1", center(truth["L1"], *off))
    apart, tilt = errors(found, truth["L1"])
    assert apart < CENTER_MM
    assert tilt < TILT_DEGREES
    box = label_boxes(torso.vertebrae)[20]
    body = body_frame(torso.vertebrae[box] == 20, tuple(s.start for s in box), torso.image.geometry)
    sizes = [(f.width_mm, f.depth_mm, f.height_mm) for f in (found.frame, body)]
    assert sizes[0] == pytest.approx(sizes[1], abs=SIZE_MM)
    assert [f.code for f in found.findings] == ["located"]
    assert found.confidence > 0.75


@pytest.mark.parametrize(
    "changes",
    [
        {"bmd_mg_cm3": 30.0, "noise_sd_hu": 30.0, "slice_increment_mm": 2.5},
        {"bmd_mg_cm3": 320.0, "slice_increment_mm": 2.5},
        {"rotation_degrees": (8.0, 20.0, 0.0), "slice_increment_mm": 2.5, "field_of_view_mm": (190.0, 170.0)},
        {"slice_increment_mm": 5.0},
    ],
    ids=["thin bone", "dense bone", "tilted", "thick slices"],
)
def test_it_holds_for_thin_dense_tilted_and_thick(changes):
    torso, truth = spine(**changes)
    found = locate_vertebra(torso.image, "L1", center(truth["L1"], 4, -3, 3))
    assert found.frame is not None, [f.message for f in found.findings]
    apart, tilt = errors(found, truth["L1"])
    assert apart < CENTER_MM
    assert tilt < TILT_DEGREES


def test_the_canal_lies_behind_the_body_in_the_middle(upright):
    torso, truth = upright
    found = locate_vertebra(torso.image, "L1", center(truth["L1"]))
    # The torso's canal has its centre 8 mm behind the wall (phantom/spine.py).
    behind = center(truth["L1"])[1] + 16.3 + 8.0
    assert found.canal_mm[0] == pytest.approx(0.0, abs=2.5)
    assert found.canal_mm[1] == pytest.approx(behind, abs=3.0)


def test_every_region_protocol_stays_inside_the_cortex_of_the_body_it_is_placed_in(upright):
    torso, truth = upright
    found = locate_vertebra(torso.image, "L1", center(truth["L1"], 5, 2, 3))
    # A sphere of 20 mm comes within a slice of the endplates of a body of 24 mm.
    near, inside = torso.vertebrae == 20, ndimage.binary_erosion(torso.vertebrae == 20, iterations=1)
    for name in region_protocols():
        region = located_region(found.frame, name, 4.0, torso.image.geometry)
        mask = region.voxels(torso.image.geometry).mask
        assert mask.values(near if name == "sphere" else inside).all(), name
        assert mask.values(torso.image.hu).mean() == pytest.approx(truth["L1"]["hu"], abs=8), name


@pytest.mark.parametrize(("increment", "margin"), [(1.0, 2.0), (3.0, 2.0), (5.0, 3.0)])
def test_regions_stay_half_an_increment_and_a_margin_from_the_endplates_and_say_so(increment, margin):
    geometry = ImageGeometry((60, 90, 90), (1.0, 1.0, increment), (-45.0, -45.0, -30.0 * increment))
    frame = BodyFrame(np.zeros(3), np.eye(3), 40.0, 30.0, 22.0)
    for name in set(region_protocols()) - {"circle-200"}:
        region = located_region(frame, name, 2.0, geometry)
        assert region.size_mm[2] / 2 + increment / 2 + margin <= 22.0 / 2 + 1e-9, name
    sphere = located_region(frame, "sphere", 2.0, geometry)
    assert sphere.size_mm == pytest.approx((20.0, 20.0, 22.0 - 2 * margin - increment))
    assert [f.code for f in lowered("L1", sphere, "sphere", increment)] == ["region-lowered"]
    assert lowered("L1", located_region(frame, "qct-ellipse", 2.0, geometry), "qct-ellipse", increment) == ()
    assert located_region(replace(frame, height_mm=2 * margin + increment), "sphere", 2.0, geometry) is None


def test_a_wedged_body_keeps_the_mean_of_its_endplates_as_its_axis(upright):
    torso, truth = upright
    geometry = torso.image.geometry
    z, y, x = np.meshgrid(*(np.arange(n) for n in geometry.shape), indexing="ij")
    at = geometry.to_lps(np.stack([x, y, z], axis=-1))
    middle = center(truth["L1"])
    # In front the body loses 18 % of its height, from both endplates alike.
    squeeze = 1 - 0.18 * np.clip((middle[1] + 14 - at[..., 1]) / 28, 0, 1)
    from_z = z + (at[..., 2] - middle[2]) * (1 / squeeze - 1) / geometry.spacing_mm[2]
    hu = ndimage.map_coordinates(torso.image.hu.astype(np.float32), [from_z, y, x], order=1, mode="nearest")
    found = locate_vertebra(replace(torso.image, hu=hu.astype(np.int16)), "L1", np.add(middle, (3, 2, 2)))
    apart, tilt = errors(found, truth["L1"])
    assert apart < CENTER_MM
    assert tilt < TILT_DEGREES


def test_it_finds_the_same_whatever_is_cut_away_beyond_its_block(upright):
    torso, truth = upright
    point = center(truth["L1"])
    k = 8
    g = torso.image.geometry
    shape = (g.shape[0] - 2 * k, *g.shape[1:])
    origin = tuple(float(v) for v in g.to_lps([0, 0, k]))
    cut = CTImage(torso.image.hu[k:-k], ImageGeometry(shape, g.spacing_mm, origin, g.direction))
    whole, part = (locate_vertebra(image, "L1", point) for image in (torso.image, cut))
    assert part.frame.center_mm == pytest.approx(whole.frame.center_mm, abs=1.0)


@pytest.mark.parametrize("beyond", [0.0, 2.5])
def test_a_body_is_refused_as_soon_as_the_scan_ends_before_its_endplates(beyond):
    def trace(low: float, high: float) -> _Trace:
        ends = Ends(0.0, 20.0, 6.0, 0.0, 0.0, 1.0, 100.0, 200.0, (low, high))
        wall, canal = Wall(0.0, 0.0, 20.0, 15.0, 1.0), Canal(0.0, 24.0, 20.0, 1.0)
        return _Trace(np.zeros(3), np.eye(3), ends, wall, canal, np.zeros(3), beyond)

    # 10 mm to either endplate, and in thick slices half an increment more.
    end = 10.0 + beyond
    assert trace(-end, end).objection is None
    assert trace(-end + 0.1, end).objection == "locate-border"
    assert trace(-end, end - 0.1).objection == "locate-border"


def test_points_from_which_nothing_can_be_told_are_refused_by_name(upright):
    torso, truth = upright
    image, middle = torso.image, center(truth["L1"])
    up = np.array(truth["L1"]["axis_lps"])
    metal = image.hu.copy()
    i, j, k = np.rint(image.geometry.to_index(np.add(middle, (12, 0, 0)))).astype(int)
    metal[k - 1 : k + 2, j - 2 : j + 2, i - 2 : i + 2] = 2900
    cut = replace(image, hu=image.hu[: round(image.geometry.to_index(middle)[2]) + 4])
    cut = replace(cut, geometry=replace(image.geometry, shape=cut.hu.shape))
    cases = {
        "locate-outside": (image, np.add(middle, (0, 0, 400))),
        "locate-disc": (image, middle + 16.5 * up),
        "locate-metal": (replace(image, hu=metal), middle),
        "locate-border": (cut, middle),
    }
    for code, (scan, point) in cases.items():
        found = locate_vertebra(scan, "L1", point)
        assert [f.code for f in found.findings] == [code]
        assert found.frame is None
        assert found.to_mapping()["height_mm"] is None
    muscle = locate_vertebra(image, "L1", np.add(middle, (45, 30, 0)))
    nothing = locate_vertebra(replace(image, hu=np.full_like(image.hu, 40)), "L1", middle)
    wrong = locate_vertebra(image, "L1", [np.nan, 0, 0])
    assert muscle.frame is nothing.frame is wrong.frame is None


def test_an_endograft_beside_a_body_does_not_stop_it(upright):
    torso, truth = upright
    image, middle = torso.image, center(truth["L1"])
    alone = locate_vertebra(image, "L1", middle)
    hu = image.hu.copy()
    # A wire 5 mm in front of the body's front wall: nearer than 25 mm to the point, and no streak.
    front = np.add(middle, (8, -(alone.frame.depth_mm / 2 + 5), 0))
    i, j, k = np.rint(image.geometry.to_index(front)).astype(int)
    assert np.linalg.norm(front - middle) < 25 + 5
    hu[k, j, i] = 2900
    found = locate_vertebra(replace(image, hu=hu), "L1", middle)
    assert found.frame is not None
    assert found.frame.center_mm == pytest.approx(alone.frame.center_mm, abs=0.5)


@pytest.mark.parametrize(("level", "reader_hu"), [("T12", 93.5), ("L1", 96.4)])
def test_clicks_in_a_body_of_the_chest_scan_find_where_a_reader_placed_a_region(shared_data, level, reader_hu):
    image = read_ct(shared_data / "chest" / "ct.nrrd")
    placed = read_markups(Path(__file__).parents[1] / "data" / "chest" / f"{level}.mrk.json")[0]
    axes = np.asarray(placed.axes)
    # Regions were placed in front of the middle, clear of the basivertebral vein.
    middle = np.add(placed.center_mm, (0, 3, 0))
    rng = np.random.default_rng(6)
    ups = []
    for _ in range(CHEST_CLICKS):
        inside = rng.normal(size=3)
        inside *= rng.uniform() ** (1 / 3) / np.linalg.norm(inside)
        found = locate_vertebra(image, level, middle + axes @ (inside * CLICKED_MM))
        assert found.frame is not None, [f.message for f in found.findings]
        assert np.linalg.norm(found.frame.center_mm - middle) < 2.5
        ups.append(found.frame.axes[:, 2])
        assert np.degrees(np.arccos(min(1.0, ups[-1] @ axes[:, 2]))) < 5.0
        core = located_region(found.frame, "eroded-core", 4.0, image.geometry).voxels(image.geometry).mask
        # The reader's region at the height of 10 mm (Testing/data/chest/README.md), nearest to that of the core here.
        assert core.values(image.hu).mean() == pytest.approx(reader_hu, abs=8)
    assert np.degrees(np.arccos(np.clip(np.array(ups) @ np.array(ups).T, -1, 1))).max() < 5.0


def test_the_labelled_bodies_of_the_abdominal_scan_are_found(shared_data):
    image = read_ct(shared_data / "spine" / "ct.nii.gz")
    labels = read_labels(shared_data / "spine" / "vertebral_bodies.nii.gz").labels
    for number in (20, 21, 22, 23):
        box = label_boxes(labels)[number]
        body = body_frame(labels[box] == number, tuple(s.start for s in box), image.geometry)
        found = locate_vertebra(image, "L1", body.center_mm + body.axes @ [4, -4, 4])
        apart = found.frame.axes.T @ (found.frame.center_mm - body.center_mm)
        # Labels hold parts of the pedicles, so that their middle lies farther back.
        assert np.all(np.abs(apart) < [3, 6, 2.5]), number
        assert found.frame.height_mm == pytest.approx(body.height_mm, abs=2.5)


def test_points_in_one_body_of_a_scan_with_contrast_agent_find_the_same(shared_data):
    image = read_ct(shared_data / "dicom" / "contrast_series")
    # Pixels of the body, by eye; the body lies whole in the 40 mm that the series covers.
    points = [image.geometry.to_lps(index) for index in ([243, 336, 10], [252, 330, 12], [240, 325, 9])]
    found = [locate_vertebra(image, "T12", point) for point in points]
    assert all(one.frame is not None for one in found)
    centers = np.array([one.frame.center_mm for one in found])
    assert np.linalg.norm(centers - centers.mean(axis=0), axis=1).max() < 2.0
    assert all(one.frame.height_mm == pytest.approx(23, abs=2) for one in found)
