"""Bodies parted from posterior elements, and named regions placed in bodies whose size and tilt are known."""

import numpy as np
import pytest
from scipy import ndimage

from CACBoneAxisLib.bone.bodies import body_frame, vertebral_body
from CACBoneAxisLib.bone.labelledregion import labelled_region
from CACBoneAxisLib.bone.labels import label_boxes
from CACBoneAxisLib.bone.protocol import RegionProtocol
from CACBoneAxisLib.bone.regionplacement import region_protocols
from CACBoneAxisLib.bone.vertebrae import measure_vertebrae
from CACBoneAxisLib.bone.vertebraregion import VertebraRegion
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.regions import Region

SPACING = (0.9, 0.9, 1.5)
SHAPE = (50, 110, 90)
CENTER, WIDTH, DEPTH, HEIGHT = np.array([2.0, -8.0, 3.0]), 44.0, 32.0, 27.0
# A voxel's half-width at each side.
SIZE_TOLERANCE_MM = 1.5
TILT_TOLERANCE_DEGREES = 1.5


def geometry():
    origin = tuple(-s * (n - 1) / 2 for s, n in zip(SPACING, SHAPE[::-1], strict=True))
    return ImageGeometry(SHAPE, SPACING, origin)


def turned(degrees):
    """Axes (columns left, back, head) of a vertebra leaning to the front."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])


def vertebra(lean=0.0, posterior=False):
    z, y, x = np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij")
    points = geometry().to_lps(np.stack([x, y, z], axis=-1))
    local = (points - CENTER) @ turned(lean)
    u, v, w = np.moveaxis(local, -1, 0)
    inside = ((u / WIDTH * 2) ** 2 + (v / DEPTH * 2) ** 2 <= 1) & (np.abs(w) <= HEIGHT / 2)
    if posterior:
        arch = (np.abs(np.hypot(u, v - 24) - 13) <= 4) & (np.abs(w) <= 8)
        spinous = (np.abs(u) <= 3.5) & (v > 34) & (v < 55) & (np.abs(w + 3) <= 9)
        transverse = (np.abs(v - 22) <= 3.5) & (np.abs(u) < 38) & (np.abs(u) > 10) & (np.abs(w) <= 5)
        return inside, inside | arch | spinous | transverse
    return inside, inside


def test_posterior_elements_are_taken_off_and_a_body_alone_stays_whole():
    body, whole = vertebra(posterior=True)
    found, parted = vertebral_body(whole, SPACING)
    assert parted
    # What is kept of the body and what of the rest, by count.
    assert np.count_nonzero(found & body) > 0.9 * np.count_nonzero(body)
    assert np.count_nonzero(found & ~body) < 0.12 * np.count_nonzero(whole & ~body)
    alone, parted = vertebral_body(body, SPACING)
    assert not parted
    assert np.array_equal(alone, body)


@pytest.mark.parametrize("lean", [-20.0, 0.0, 12.0])
def test_the_frame_of_a_body_is_the_one_it_was_made_in(lean):
    body, _ = vertebra(lean)
    frame = body_frame(body, (0, 0, 0), geometry())
    angle = np.degrees(np.arccos(np.clip(frame.axes[:, 2] @ turned(lean)[:, 2], -1, 1)))
    assert angle < TILT_TOLERANCE_DEGREES
    assert frame.center_mm == pytest.approx(CENTER, abs=SIZE_TOLERANCE_MM)
    assert (frame.width_mm, frame.depth_mm, frame.height_mm) == pytest.approx(
        (WIDTH, DEPTH, HEIGHT), abs=SIZE_TOLERANCE_MM
    )
    assert np.linalg.det(frame.axes) == pytest.approx(1)


def region(name, lean=10.0, posterior=True):
    _, whole = vertebra(lean, posterior)
    labels = whole.astype(np.uint8) * 20
    box = label_boxes(labels)[20]
    return whole, labelled_region(labels, "L1", 20, box, geometry(), RegionProtocol(protocol=name))


# Of an ellipse of the given fractions and height, in the body above; a sphere of 20 mm; one slice of 200 mm2.
VOLUMES = {
    "qct-ellipse": np.pi / 4 * 0.6 * WIDTH * 0.6 * DEPTH * 9,
    "anterior-cylinder": np.pi / 4 * 0.5 * WIDTH * 0.4 * DEPTH * 9,
    "sphere": np.pi / 6 * 20**3,
    "circle-200": 200 * SPACING[2],
}


@pytest.mark.parametrize("name", list(VOLUMES))
def test_a_named_region_has_its_volume_inside_the_body(name):
    whole, found = region(name)
    assert [f.code for f in found.findings] == ["posterior-elements"]
    volume = found.mask.count * np.prod(SPACING)
    # Sizes of the body are known to a voxel, which enters twice.
    assert volume == pytest.approx(VOLUMES[name], rel=0.1)
    away = ndimage.distance_transform_edt(whole, sampling=SPACING[::-1])
    assert found.mask.values(away).min() > 3
    assert found.described["protocol"] == name


def test_the_anterior_cylinder_lies_in_front_and_the_circle_in_one_slice():
    _, middle = region("qct-ellipse")
    _, front = region("anterior-cylinder")
    assert front.described["center_ras_mm"][1] - middle.described["center_ras_mm"][1] > 3
    _, circle = region("circle-200")
    assert circle.mask.voxels.shape[0] == 1


def test_the_eroded_core_is_of_the_body_only():
    whole, found = region("eroded-core")
    distance = ndimage.distance_transform_edt(whole, sampling=SPACING[::-1])
    assert found.mask.values(distance).min() > 4
    body, _ = vertebra(10.0, posterior=True)
    assert found.mask.values(body).all()


def test_a_fragment_in_which_nothing_can_be_placed_says_so():
    labels = np.zeros(SHAPE, dtype=np.uint8)
    labels[20:22, 50:52, 40:42] = 20
    found = labelled_region(
        labels, "L1", 20, label_boxes(labels)[20], geometry(), RegionProtocol(protocol="qct-ellipse")
    )
    assert found.mask is None
    assert [f.code for f in found.findings] == ["body-frame"]


def test_every_protocol_is_on_file_with_its_source():
    assert list(region_protocols()) == ["eroded-core", "qct-ellipse", "anterior-cylinder", "sphere", "circle-200"]
    assert np.pi / 4 * region_protocols()["circle-200"].diameter_mm ** 2 == pytest.approx(200, abs=0.01)
    assert all(named.source for named in region_protocols().values())


@pytest.mark.parametrize(
    ("center_mm", "height_mm", "code"),
    [(32.0, 14.0, None), (16.0, 40.0, "region-two-vertebrae"), (0.0, 14.0, "region-other-level")],
)
def test_labels_tell_of_a_region_in_two_vertebrae_or_in_another_one(spine, labelled, center_mm, height_mm, code):
    image = spine()
    z = np.arange(image.hu.shape[0]) * 2.0 - 32.0
    labels = np.zeros(image.hu.shape, dtype=np.uint8)
    for number, middle in ((20, 32.0), (21, 0.0)):
        labels[np.abs(z - middle) <= 12] = number
    labels[:, :20] = labels[:, -20:] = 0
    placed = VertebraRegion("L1", Region((0.0, 0.0, center_mm), (20.0, 16.0, height_mm)))
    result = measure_vertebrae(image, [placed], labelled(labels, image.geometry))
    found = next(v for v in result.vertebrae if v.level == "L1")
    assert [f.code for f in found.findings if f.severity == "error"] == ([code] if code else [])
    assert (found.statistics is None) == bool(code)


def test_two_bodies_under_one_number_are_said_and_a_cut_off_arch_is_not():
    geometry_of = ImageGeometry((40, 30, 30), (1.0, 1.0, 1.5), (0.0, 0.0, 0.0))
    labels = np.zeros(geometry_of.shape, np.uint8)
    labels[5:17, 5:25, 5:25] = 1
    labels[20:23, 12:18, 12:18] = 1  # an island of 108 voxels beside 4,800
    box = label_boxes(labels)[1]
    one = labelled_region(labels, "L1", 1, box, geometry_of, RegionProtocol())
    assert "label-pieces" not in [f.code for f in one.findings]
    labels[20:32, 5:25, 5:25] = 1
    two = labelled_region(labels, "L1", 1, label_boxes(labels)[1], geometry_of, RegionProtocol())
    assert "label-pieces" in [f.code for f in two.findings]
