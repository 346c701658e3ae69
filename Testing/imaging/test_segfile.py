"""Segments of a .seg.nrrd, with and without what Slicer's versions write."""

from __future__ import annotations

import numpy as np
import pytest

from CACBoneAxisLib.bone.numbering import level_numbers
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.labelfiles import read_labels
from CACBoneAxisLib.imaging.segfile import segments_of

LAYERS = np.zeros((4, 5, 6, 2), np.uint8)
LAYERS[2:4, 1:3, 1:3, 0] = 1
LAYERS[0:2, 1:3, 1:3, 1] = 1


def seg(path, array, fields):
    four = array.ndim == 4
    lines = ["NRRD0004", "type: unsigned char", f"dimension: {array.ndim}", "space: left-posterior-superior"]
    lines += [f"sizes: {'2 ' if four else ''}6 5 4", "encoding: raw", "space origin: (0,0,0)"]
    lines += [f"space directions: {'none ' if four else ''}(1,0,0) (0,1,0) (0,0,3)"]
    lines += [f"kinds: {'list ' if four else ''}domain domain domain"]
    lines += [f"Segment{n}_{key}:={value}" for n, entry in enumerate(fields) for key, value in entry.items()]
    path.write_bytes("\n".join([*lines, "", ""]).encode() + array.tobytes())
    return path


def voxels(labels):
    return {name: np.argwhere(labels.labels == n)[:, 0].min() for n, name in labels.names.items()}


@pytest.mark.parametrize(
    "more", [[{}, {}], [{"Layer": 0}, {"Layer": 1}], [{"Layer": n, "LabelValue": 1} for n in (0, 1)]]
)
def test_a_layer_for_each_segment_is_read_as_slicer_reads_it(tmp_path, more):
    fields = [{"ID": f"S{n}", "Name": name, **more[n]} for n, name in enumerate(("T12", "L1"))]
    labels = read_labels(seg(tmp_path / "a.seg.nrrd", LAYERS, fields))
    assert voxels(labels) == {"T12": 2, "L1": 0}
    assert labels.findings == ()


def test_segments_that_do_not_say_which_voxels_are_theirs_are_refused(tmp_path):
    flat = LAYERS[..., 0] + 2 * LAYERS[..., 1]
    for more in (
        [{}, {}],
        [{"Layer": 0}, {"Layer": 0}],
        [{"Layer": 0, "LabelValue": 1}, {"Layer": 1, "LabelValue": 2}],
    ):
        fields = [{"ID": f"S{n}", "Name": name, **more[n]} for n, name in enumerate(("T12", "L1"))]
        with pytest.raises(UnusableInputError) as caught:
            read_labels(seg(tmp_path / "a.seg.nrrd", flat, fields))
        assert caught.value.code == "segments-unclear"


def test_a_named_segment_that_ends_without_a_voxel_is_said(tmp_path):
    fields = [
        {"ID": f"S{n}", "Name": name, "Layer": 0, "LabelValue": n + 1} for n, name in enumerate(("T12", "L1", "L2"))
    ]
    labels = read_labels(seg(tmp_path / "a.seg.nrrd", LAYERS[..., 0] + 2 * LAYERS[..., 1], fields))
    assert [f.code for f in labels.findings] == ["segments-empty"]
    assert "segment 3" in labels.findings[0].message


def test_a_header_without_segments_has_none():
    assert segments_of({"NRRD_space": "LPS"}, 1, "a.nrrd") == []


@pytest.mark.parametrize(("code", "agrees"), [("66794005", True), ("14293000", False)])
def test_a_name_and_a_terminology_code_may_not_be_of_different_vertebrae(tmp_path, code, agrees):
    # SNOMED CT: 66794005 is L1, 14293000 is L2.
    entry = f"Segmentation category~SCT^123037004^Anatomical Structure~SCT^{code}^vertebra~^^~Anatomic codes~^^~^^"
    fields = [{"Name": "L1", "Layer": 0, "LabelValue": 1, "Tags": f"TerminologyEntry:{entry}|"}]
    labels = read_labels(seg(tmp_path / "a.seg.nrrd", LAYERS[..., 0], fields))
    if agrees:
        assert level_numbers(labels)[0] == {"L1": 1}
        return
    with pytest.raises(UnusableInputError, match="segment 1") as caught:
        level_numbers(labels)
    assert caught.value.code == "level-claims"
