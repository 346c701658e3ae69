"""docs/reading.md: its steps, replayed in the panel on the chest scan, give its numbers in the clicks it counts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reading.md"
BUTTONS = {"T12": "levelT12Button", "L1": "levelL1Button"}
TERRITORY_KEYS = {"1": "LM", "2": "LAD", "3": "LCX", "4": "RCA"}


def steps() -> list[list[str]]:
    """The lines of the page's script, as words."""
    (script,) = re.findall(r"```text\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return [line.split("#")[0].split() for line in script.splitlines() if line.split("#")[0].strip()]


def counted(name: str) -> int:
    """A number of the page's table."""
    (number,) = re.findall(rf"\| {name} \| (\d+) \|", PAGE.read_text(encoding="utf-8"))
    return int(number)


def test_the_page_counts_its_own_steps() -> None:
    script = steps()
    lesions = sum(step[:2] == ["click", "lesion"] for step in script)
    vertebrae = sum(step[:2] == ["click", "vertebra"] for step in script)
    others = len(script) - lesions - vertebrae
    assert (lesions, vertebrae, others) == (counted("lesions"), counted("vertebrae"), counted("others"))
    assert len(script) == counted("in all")
    # At most one click for each, and five more.
    assert others <= 5


def test_the_steps_give_the_numbers_of_the_page(host, scene, shared_data: Path) -> None:
    volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Chest CT")
    volume.AddDefaultStorageNode()
    volume.GetStorageNode().SetFileName(str(shared_data / "chest" / "ct.nrrd"))
    assert volume.GetStorageNode().ReadData(volume)
    panel = host.open().panel
    from CACBoneAxisLib.panel.lesions import LesionTools
    from CACBoneAxisLib.panel.regions import RegionsSection

    tools, regions = (next(s for s in panel.sections if isinstance(s, kind)) for kind in (LesionTools, RegionsSection))
    for kind, *words in steps():
        if kind == "key":
            # The key's button: that keys press it is tested with the keys.
            getattr(host.widget.ui, f"territory{TERRITORY_KEYS[words[0]]}Button").click()
        elif kind == "press":
            getattr(host.widget.ui, BUTTONS[words[0]]).click()
        else:
            what, *place = words
            (tools if what == "lesion" else regions).onClick(tuple(float(value) for value in place))
    result = panel.result_mapping()
    text = PAGE.read_text(encoding="utf-8")
    for code in ("LM", "LAD", "LCX", "RCA"):
        assert f"| {code} | {result['calcium']['territories'][code]['agatston']:.1f} |" in text
    assert f"| total | {result['calcium']['total']['agatston']:.1f} |" in text
    for vertebra in result["bone"]["vertebrae"]:
        assert f"| {vertebra['level']} | {vertebra['mean_hu']:.1f} |" in text
