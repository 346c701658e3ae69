"""Vertebrae by the TotalSegmentator extension, whose logic is imitated: the calls it gets and what it leaves."""

from __future__ import annotations

from subprocess import CalledProcessError
from types import SimpleNamespace

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.imaging.findings import UnusableInputError  # noqa: E402
from CACBoneAxisLib.mrml.inputs import ReadingNodes, analyze_nodes  # noqa: E402
from CACBoneAxisLib.mrml.totalsegmentator import CLASSES, is_installed, segment_vertebrae  # noqa: E402


class Logic:
    """TotalSegmentatorLogic as far as it is called: signature of SlicerTotalSegmentator's ``process``."""

    def __init__(self, found=("vertebrae_L1",), error=None):
        self.found, self.error, self.calls = found, error, []
        self.logCallback = None

    def setupPythonRequirements(self, upgrade=False):
        self.calls.append("requirements")

    def process(self, inputVolume, outputSegmentation, quality=None, cpu=False, task=None, subset=None):
        self.calls.append((quality, task, tuple(subset)))
        if self.logCallback:
            self.logCallback("Creating segmentations")
        if self.error:
            raise self.error
        outputSegmentation.SetReferenceImageGeometryParameterFromVolumeNode(inputVolume)
        shape = slicer.util.arrayFromVolume(inputVolume).shape
        for name in subset:
            # As it does: a segment of every class, named in words, the class its id.
            words = f"{name.removeprefix('vertebrae_')} vertebra"
            segment_id = outputSegmentation.GetSegmentation().AddEmptySegment(name, words)
            if name in self.found:
                array = np.zeros(shape, np.uint8)
                array[2:10, 45:72, 25:65] = 1
                slicer.util.updateSegmentBinaryLabelmapFromArray(array, outputSegmentation, segment_id, inputVolume)


@pytest.fixture
def segmentation(scene):
    return scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Vertebrae")


def test_the_vertebrae_alone_are_asked_for_and_measured(volume, segmentation):
    logic, said = Logic(), []
    assert segment_vertebrae(volume, segmentation, said.append, logic) == ["L1"]
    assert logic.calls == ["requirements", ("normal", None, CLASSES)]
    assert said == ["Creating segmentations"]
    assert (CLASSES[0], CLASSES[-1], len(CLASSES)) == ("vertebrae_T1", "vertebrae_L5", 17)
    (vertebra,) = analyze_nodes(ReadingNodes(volume, None, (), segmentation)).to_dict()["bone"]["vertebrae"]
    assert (vertebra["level"], vertebra["mean_hu"]) == ("L1", 120)


@pytest.mark.parametrize("error", [RuntimeError("Python was not found"), CalledProcessError(1, ["TotalSegmentator"])])
def test_what_fails_there_is_one_sentence_here(volume, segmentation, error):
    with pytest.raises(UnusableInputError, match="TotalSegmentator could not segment"):
        segment_vertebrae(volume, segmentation, None, Logic(error=error))


def test_nothing_found_is_said(volume, segmentation):
    with pytest.raises(UnusableInputError, match="Vertebrae"):
        segment_vertebrae(volume, segmentation, None, Logic(found=()))


def test_what_the_caller_raises_ends_it_as_cancel_does(volume, segmentation):
    class CancelledError(Exception):
        pass

    def cancel(line):
        raise CancelledError

    logic = Logic()
    with pytest.raises(CancelledError):
        segment_vertebrae(volume, segmentation, cancel, logic)
    assert logic.logCallback is None
    assert segmentation.GetSegmentation().GetNumberOfSegments() == 0


def test_it_is_known_whether_the_extension_is_there(scene, monkeypatch):
    assert not is_installed()
    monkeypatch.setattr(slicer.modules, "totalsegmentator", SimpleNamespace(), raising=False)
    assert is_installed()
