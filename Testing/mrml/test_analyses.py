"""One session per volume, as long as the volume stays what it is."""

from __future__ import annotations

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.imaging.findings import UnusableInputError  # noqa: E402
from CACBoneAxisLib.mrml.analyses import KEPT_ANALYSES, Analyses  # noqa: E402
from CACBoneAxisLib.mrml.archive import add_volume  # noqa: E402


def test_the_same_volume_has_the_same_session(volume):
    analyses = Analyses()
    assert analyses.of(volume) is analyses.of(volume)


@pytest.mark.parametrize("what", ["voxels", "place", "transform", "acquisition", "scene closed"])
def test_a_volume_that_changed_gets_another(volume, scene, what):
    analyses = Analyses()
    first = analyses.of(volume)
    if what == "voxels":
        slicer.util.arrayFromVolume(volume)[0, 0, 0] = 7
        slicer.util.arrayFromVolumeModified(volume)
    elif what == "place":
        volume.SetOrigin(1, 2, 3)
    elif what == "transform":
        moved = np.eye(4)
        moved[0, 3] = 5
        transform = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(moved))
        volume.SetAndObserveTransformNodeID(transform.GetID())
        volume.HardenTransform()
    elif what == "acquisition":
        volume.SetAttribute("CACBoneAxis.Acquisition", '{"kvp": 80.0}')
    else:
        analyses.clear()
    assert analyses.of(volume) is not first
    if what == "acquisition":
        assert analyses.of(volume).image.acquisition.kvp == 80


def test_only_the_last_few_are_kept(scene, small_ct):
    volumes = [add_volume(small_ct, scene) for _ in range(KEPT_ANALYSES + 1)]
    analyses = Analyses()
    first = analyses.of(volumes[0])
    last = [analyses.of(volume) for volume in volumes[1:]]
    assert [analyses.of(volume) for volume in volumes[1:]] == last
    assert analyses.of(volumes[0]) is not first


def test_no_volume_is_one_sentence(scene):
    with pytest.raises(UnusableInputError, match="CT volume"):
        Analyses().of(None)
