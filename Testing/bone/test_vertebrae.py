import json
from dataclasses import replace

import numpy as np
import pytest

from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.bone.protocol import BoneProtocol, RegionProtocol
from CACBoneAxisLib.bone.vertebrae import measure_vertebrae
from CACBoneAxisLib.bone.vertebraregion import VertebraRegion, regions_from
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.imaging.regions import Region

MIDDLES_MM = {"T12": 64.0, "L1": 32.0, "L2": 0.0}
SIZE_MM = (24.0, 18.0, 12.0)


def roi(level, size_mm=SIZE_MM, dx=0.0, dz=0.0, **region):
    return VertebraRegion(level, Region((dx, 0.0, MIDDLES_MM[level] + dz), size_mm, **region))


def codes(item):
    return [f.code for f in item.findings]


def rotation(degrees_x, degrees_y, degrees_z):
    a, b, c = np.radians([degrees_x, degrees_y, degrees_z])
    about_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    about_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    about_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def test_a_well_placed_region_measures_the_trabecular_bone_without_a_warning(spine):
    result = measure_vertebrae(spine(), [roi("L1")], contrast=False, kvp=120)
    vertebra = result.vertebrae[0]
    assert (vertebra.level, vertebra.source, vertebra.status) == ("L1", "roi", "measured")
    assert (vertebra.statistics.mean_hu, vertebra.statistics.sd_hu) == (150.0, 0.0)
    assert codes(vertebra) == []
    assert codes(result) == ["heights-region", "no-calibration"]
    assert result.masks["L1"].count == vertebra.statistics.voxels
    # The cylinder's volume within the error of counting voxel centres, a few per cent at 1 x 1 x 2 mm.
    assert vertebra.statistics.volume_mm3 == pytest.approx(np.pi * 12 * 9 * 12, rel=0.18)


@pytest.mark.parametrize("shape", ["box", "ellipsoid", "elliptic-cylinder"])
@pytest.mark.parametrize("angles", [(0, 0, 0), (20, 0, 0), (-15, 25, 40)])
def test_a_rotated_region_holds_the_voxels_that_a_loop_over_all_finds(spine, shape, angles):
    image = spine({"L1": 150}, noise_hu=20)
    axes = rotation(*angles)
    center, size = np.array([2.0, -1.0, 31.0]), np.array([20.0, 14.0, 11.0])
    region = Region(tuple(center), tuple(size), tuple(tuple(row) for row in axes), shape)
    statistics = measure_vertebrae(image, [VertebraRegion("L1", region)]).vertebrae[0].statistics
    values = []
    for z in range(25, 40):
        for y in range(25, 65):
            for x in range(25, 65):
                u, v, w = (axes.T @ (image.geometry.to_lps([x, y, z]) - center)) / (size / 2)
                inside = {
                    "box": max(abs(u), abs(v), abs(w)) <= 1 + 1e-6,
                    "ellipsoid": u * u + v * v + w * w <= 1 + 1e-6,
                    "elliptic-cylinder": u * u + v * v <= 1 + 1e-6 and abs(w) <= 1 + 1e-6,
                }[shape]
                if inside:
                    values.append(int(image.hu[z, y, x]))
    assert statistics.voxels == len(values) > 500
    assert statistics.mean_hu == sum(values) / len(values)


def test_the_digits_stay_when_the_patient_is_moved(spine):
    image = spine(noise_hu=30)
    first = measure_vertebrae(image, [roi("L1"), roi("L2")])
    shift = np.array([512.0, -256.0, 1024.0])
    origin = tuple(float(v) for v in np.array(image.geometry.origin_mm) + shift)
    moved = CTImage(image.hu, ImageGeometry(image.geometry.shape, image.geometry.spacing_mm, origin))
    regions = [
        VertebraRegion(r.level, Region(tuple(np.array(r.region.center_mm) + shift), SIZE_MM))
        for r in (roi("L1"), roi("L2"))
    ]
    second = measure_vertebrae(moved, regions)
    assert [v.statistics for v in first.vertebrae] == [v.statistics for v in second.vertebrae]
    assert first.summary == second.summary


def test_bmd_class_and_t_score_follow_from_the_calibration(spine):
    protocol = BoneProtocol(
        calibration=Calibration("linear", 0.8, -4.0, "HA", 120, "our phantom"), t_score_reference="budoff-2010"
    )
    result = measure_vertebrae(spine(), [roi("T12"), roi("L1")], None, protocol, sex="F", kvp=120, contrast=False)
    thoracic, lumbar = result.vertebrae
    # By hand: 0.8 x 160 - 4 = 124; (124 - 222) / 36 = -2.7222; 0.8 x 150 - 4 = 116.
    assert thoracic.interpretation.bmd.value_mg_cm3 == pytest.approx(124, abs=1e-12)
    assert thoracic.interpretation.t_score.value == pytest.approx(-98 / 36, abs=1e-12)
    assert (thoracic.interpretation.acr_class.code, codes(thoracic)) == ("normal", ["thoracic-class"])
    assert lumbar.interpretation.bmd.value_mg_cm3 == pytest.approx(116, abs=1e-12)
    assert (lumbar.interpretation.acr_class.code, lumbar.interpretation.t_score) == ("low-bone-mass", None)
    assert codes(lumbar) == ["t-score-site"]


def test_the_wrong_tube_voltage_gives_hu_but_no_bmd(spine):
    protocol = BoneProtocol(calibration=Calibration("linear", 0.8, -4.0, "HA", 120))
    result = measure_vertebrae(spine(kvp=100.0), [roi("L1")], None, protocol)
    assert result.vertebrae[0].statistics.mean_hu == 150.0
    assert result.vertebrae[0].interpretation.bmd is None
    assert "calibration-kvp" in codes(result)


def test_contrast_keeps_the_hu_and_withholds_the_thresholds(spine):
    result = measure_vertebrae(spine(contrast=True), [roi("L1")])
    assert result.vertebrae[0].statistics.mean_hu == 150.0
    assert result.vertebrae[0].interpretation.hu_thresholds == ()
    assert "bone-contrast" in codes(result)
    (overruled,) = measure_vertebrae(spine(contrast=True), [roi("L1")], contrast=False).vertebrae
    assert overruled.interpretation.hu_thresholds


@pytest.mark.parametrize(
    ("region", "code"),
    [
        (roi("L1", dz=500.0), "region-outside"),
        (roi("L2", dz=-32.0), "region-leaves"),
        (roi("L1", (0.1, 0.1, 0.1)), "region-empty"),
    ],
)
def test_a_region_that_cannot_be_measured_is_null_with_its_reason(spine, region, code):
    result = measure_vertebrae(spine(), [region])
    vertebra = result.to_mapping()["vertebrae"][0]
    assert vertebra["status"] == "not-measured"
    assert [f["code"] for f in vertebra["findings"]] == [code]
    for name in ("mean_hu", "median_hu", "sd_hu", "p10_hu", "p90_hu", "voxels", "volume_mm3", "bmd", "t_score"):
        assert vertebra[name] is None
    assert result.masks == {}
    assert codes(result.summary) == ["no-vertebra-measured"]
    assert result.summary.interpretation.mean_hu is None


def test_an_excluded_vertebra_is_listed_and_leaves_the_mean(spine):
    excluded = VertebraRegion("L2", roi("L2").region, "fracture")
    result = measure_vertebrae(spine(), [roi("L1"), excluded])
    assert [(v.level, v.status) for v in result.vertebrae] == [("L1", "measured"), ("L2", "excluded")]
    assert result.vertebrae[1].findings[0].message == "L2 was excluded by the reader: fracture."
    assert result.vertebrae[1].statistics is None
    assert (result.summary.levels, result.summary.label) == (("L1",), "L1 alone")


def test_regions_that_overlap_or_are_out_of_order_are_said(spine):
    result = measure_vertebrae(spine(), [roi("L1"), roi("L2", dz=26.0)])
    assert "regions-overlap" in codes(result)
    swapped = measure_vertebrae(spine(), [roi("T12", dz=-64.0), roi("L2", dz=64.0)])
    assert "levels-order" in codes(swapped)
    assert not {"regions-overlap", "levels-order"} & set(codes(measure_vertebrae(spine(), [roi("L1"), roi("L2")])))


def test_a_second_region_for_a_level_is_refused(spine):
    with pytest.raises(UnusableInputError, match="more than one region for L1"):
        measure_vertebrae(spine(), [roi("L1"), roi("L1")])


def test_a_reference_that_is_not_known_is_refused_even_where_no_t_score_is_due(spine):
    with pytest.raises(UnusableInputError, match="'mindways' is not known; known are budoff-2010"):
        measure_vertebrae(spine(), protocol=BoneProtocol(t_score_reference="mindways"))


def test_without_regions_bone_is_not_measured(spine):
    result = measure_vertebrae(spine())
    assert (result.vertebrae, codes(result)) == ((), ["no-regions"])
    assert result.to_mapping()["summary"]["label"] is None


def bodies(image):
    """Labels 19 to 21 (VerSe's T12 to L2) on the bodies of the spine, cortex included."""
    z, y, x = np.indices(image.geometry.shape)
    radius = np.hypot(x - 44.5, y - 44.5)
    labels = np.zeros(image.geometry.shape, np.uint8)
    for number, level in ((19, "T12"), (20, "L1"), (21, "L2")):
        labels[(abs(z * 2.0 - 32.0 - MIDDLES_MM[level]) <= 12) & (radius <= 20)] = number
    return labels


def test_a_labelmap_gives_the_core_of_every_vertebra(spine, labelled):
    image = spine()
    result = measure_vertebrae(image, labels=labelled(bodies(image), image.geometry))
    assert [(v.level, v.source, v.statistics.mean_hu) for v in result.vertebrae] == [
        ("T12", "labelmap", 160.0),
        ("L1", "labelmap", 150.0),
        ("L2", "labelmap", 130.0),
    ]
    assert result.vertebrae[1].region == {
        "protocol": "eroded-core",
        "shape": "eroded-label",
        "erosion_mm": 4.0,
        "label": 20,
    }
    assert (result.summary.label, result.summary.interpretation.mean_hu) == ("mean of L1 and L2", 140.0)
    assert "numbering-assumed" in codes(result)


def test_too_little_erosion_leaves_cortex_and_says_so(spine, labelled):
    image = spine()
    protocol = BoneProtocol(region=RegionProtocol(erosion_mm=0.5))
    result = measure_vertebrae(image, labels=labelled(bodies(image), image.geometry), protocol=protocol)
    assert all("region-cortex" in codes(v) for v in result.vertebrae)


def test_a_labelmap_on_another_grid_is_refused(spine, labelled):
    image = spine()
    other = ImageGeometry(image.geometry.shape, image.geometry.spacing_mm, (-44.5, -44.0, -32.0))
    with pytest.raises(UnusableInputError, match="not on the CT's grid"):
        measure_vertebrae(image, labels=labelled(bodies(image), other))


def test_a_labelmap_cropped_to_the_spine_gives_the_same_core(spine, labelled):
    image = spine()
    whole = measure_vertebrae(image, labels=labelled(bodies(image), image.geometry))
    origin = tuple(float(v) for v in image.geometry.to_lps([20, 20, 10]))
    block = bodies(image)[10:, 20:70, 20:70]
    cropped = labelled(block, ImageGeometry(block.shape, image.geometry.spacing_mm, origin))
    assert measure_vertebrae(image, labels=cropped).vertebrae == whole.vertebrae


def test_a_region_overrides_the_labelmap_of_its_level(spine, labelled):
    image = spine()
    labels = labelled(bodies(image), image.geometry)
    result = measure_vertebrae(image, [roi("L1")], labels)
    assert [(v.level, v.source) for v in result.vertebrae] == [("T12", "labelmap"), ("L1", "roi"), ("L2", "labelmap")]
    assert codes(result.vertebrae[1]) == ["region-and-label"]
    excluded = measure_vertebrae(image, [VertebraRegion("L1", roi("L1").region, "cement")], labels)
    assert [v.status for v in excluded.vertebrae] == ["measured", "excluded", "measured"]
    assert excluded.summary.levels == ("L2",)


def test_a_segment_that_was_left_out_is_listed_and_leaves_the_mean_with_and_without_a_region(spine, labelled):
    image = spine()
    labels = np.zeros(image.hu.shape, np.uint8)
    labels[11:21], labels[27:37] = 2, 1
    labels = replace(labelled(labels, image.geometry, {1: "L1", 2: "L2"}), excluded={1: "haemangioma"})
    for regions in ([], [roi("L1")]):
        result = measure_vertebrae(image, regions, labels)
        assert [(v.level, v.status) for v in result.vertebrae] == [("L1", "excluded"), ("L2", "measured")]
        assert "L1 was excluded by the reader: haemangioma." in [f.message for f in result.vertebrae[0].findings]
        assert result.summary.levels == ("L2",)
        assert list(result.masks) == ["L2"]


def test_a_vertebra_cut_by_the_scan_is_said(spine, labelled):
    image = spine()
    geometry = ImageGeometry((40, 90, 90), image.geometry.spacing_mm, image.geometry.origin_mm)
    cut = CTImage(image.hu[:40], geometry)
    cut_labels = labelled(bodies(image)[:40], geometry)
    found = {v.level: v for v in measure_vertebrae(cut, labels=cut_labels).vertebrae}
    assert "T12" not in found
    short = ImageGeometry((36, 90, 90), image.geometry.spacing_mm, image.geometry.origin_mm)
    found = {
        v.level: v
        for v in measure_vertebrae(CTImage(image.hu[:36], short), labels=labelled(bodies(image)[:36], short)).vertebrae
    }
    assert codes(found["L1"]) == ["vertebra-at-border"]
    assert codes(found["L2"]) == ["no-hu-thresholds"]


def box(name="L1", label="", description=""):
    return Box(name, (0.0, 0.0, 32.0), SIZE_MM, label=label, description=description)


def test_the_level_is_the_name_else_the_label_else_the_file():
    assert regions_from([box("vertebrae_L2", "L1")])[0].level == "L2"
    assert regions_from([box("R", "T12")])[0].level == "T12"
    assert VertebraRegion.from_box(box("R", "R-1"), "L3.mrk.json").level == "L3"
    with pytest.raises(UnusableInputError, match="Region R in the scene names no vertebral level"):
        regions_from([box("R", "R-1")])


def test_a_region_may_say_its_shape_and_whether_it_counts(spine):
    given = regions_from([box(description='{"shape": "ellipsoid", "decision": "excluded", "reason": "fracture"}')])[0]
    assert (given.region.shape, given.excluded) == ("ellipsoid", "fracture")
    assert regions_from([box(description='{"decision": "excluded"}')])[0].excluded == "no reason given"
    assert regions_from([box(description='{"decision": "accepted"}')])[0].excluded is None
    assert regions_from([box(description="looks fine")])[0].excluded is None


def test_a_region_without_a_shape_of_its_own_takes_the_protocols(spine):
    protocol = BoneProtocol(region=RegionProtocol(shape="box"))
    given = regions_from([box(), Box("L2", (0.0, 0.0, 0.0), SIZE_MM, description='{"shape": "ellipsoid"}')])
    result = measure_vertebrae(spine(), given, None, protocol)
    assert [v.region["shape"] for v in result.vertebrae] == ["box", "ellipsoid"]


@pytest.mark.parametrize(
    ("description", "clause"),
    [
        ('{"shape": "egg"}', "shape must be one of box, ellipsoid, elliptic-cylinder"),
        ('{"decision": "maybe"}', "decision must be one of accepted, excluded"),
        ('{"verdict": "fine"}', "'verdict', which is not one of shape, decision, reason"),
        ('{"shape": ["box"]}', "shape must be one of"),
        ('{"shape": ', "not complete JSON"),
        ('"decision": "excluded"}', "not complete JSON"),
        ('{"decision": "excluded", "reason": 5}', "no text"),
        ('{"decision": null}', "decision must be one of"),
    ],
)
def test_a_decision_that_is_not_understood_is_refused(description, clause):
    with pytest.raises(UnusableInputError, match=clause):
        regions_from([box(description=description)])


def test_the_result_is_plain_json_with_positions_in_ras(spine):
    axes = tuple(tuple(row) for row in rotation(0, 0, 30))
    region = VertebraRegion("L1", Region((3.0, -5.0, 32.0), SIZE_MM, axes))
    mapping = json.loads(json.dumps(measure_vertebrae(spine(), [region]).to_mapping()))
    described = mapping["vertebrae"][0]["region"]
    assert described["center_ras_mm"] == [-3.0, 5.0, 32.0]
    half = 0.5
    expected = [[-np.cos(np.pi / 6), half, 0], [-half, -np.cos(np.pi / 6), 0], [0, 0, 1]]
    np.testing.assert_allclose(described["axes_ras"], expected, atol=1e-12)
    assert set(mapping) == {"calibration", "protocol", "vertebrae", "summary", "findings"}
