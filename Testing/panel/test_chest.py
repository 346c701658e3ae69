"""The real chest scan in a scene: the console's logic, and a replay of the saved scene, give the command's digits."""

from __future__ import annotations

from pathlib import Path

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

import bare_scene  # noqa: E402
from small_study import answers  # noqa: E402

from CACBoneAxisLib.imaging.load import read_ct  # noqa: E402
from CACBoneAxisLib.imaging.markups import read_markups  # noqa: E402
from CACBoneAxisLib.mrml.scene import replay, result_nodes, write_mrb  # noqa: E402
from CACBoneAxisLib.study import StudyInputs, StudyResult, analyze  # noqa: E402

DECISIONS = Path(__file__).resolve().parent.parent / "data" / "chest"
LEVELS = ("T12", "L1")


def loaded(scene, class_name: str, path: Path):
    """A node of the scene, read by Slicer's own storage node."""
    node = scene.AddNewNodeByClass(class_name, path.name.split(".")[0])
    node.AddDefaultStorageNode()
    node.GetStorageNode().SetFileName(str(path))
    assert node.GetStorageNode().ReadData(node)
    return node


@pytest.fixture
def from_files(shared_data: Path) -> StudyResult:
    """What the command line computes."""
    boxes = tuple(box for level in LEVELS for box in read_markups(DECISIONS / f"{level}.mrk.json"))
    seeds = tuple(read_markups(DECISIONS / "seeds.mrk.json"))
    return analyze(StudyInputs(read_ct(shared_data / "chest" / "ct.nrrd"), seeds, boxes))


def test_logic_and_replay_give_the_digits_of_the_command_line(scene, host, shared_data, from_files, tmp_path) -> None:
    volume = loaded(scene, "vtkMRMLScalarVolumeNode", shared_data / "chest" / "ct.nrrd")
    seeds = loaded(scene, "vtkMRMLMarkupsFiducialNode", DECISIONS / "seeds.mrk.json")
    regions = [loaded(scene, "vtkMRMLMarkupsROINode", DECISIONS / f"{level}.mrk.json") for level in LEVELS]
    logic = host.module.CACBoneAxisLogic()
    result = logic.analyze(volume, seeds=[seeds], regions=regions)
    assert answers(result) == answers(from_files)
    assert result.to_dict()["calcium"]["total"]["agatston"] == pytest.approx(3832.4, abs=0.05)

    write_mrb(scene, tmp_path / "scene.mrb")
    with bare_scene.reopened(tmp_path / "scene.mrb") as fresh:
        (record,) = result_nodes(fresh)
        assert answers(replay(record)) == answers(result)
