"""Slicer knows every code that segments are given."""

from __future__ import annotations

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")

from CACBoneAxisLib.data import load_table  # noqa: E402
from CACBoneAxisLib.mrml.terminology import load_terminology  # noqa: E402
from CACBoneAxisLib.report.segmentation import bone_terminology, calcium_terminology  # noqa: E402


@pytest.fixture
def logic():
    logic = slicer.vtkSlicerTerminologiesModuleLogic()
    assert load_terminology(logic)
    return logic


def entries() -> list[str]:
    territories = [calcium_terminology(t["code"]) for t in load_table("territories")["territories"]]
    levels = [bone_terminology(level["level"]) for level in load_table("levels")["levels"]]
    return sorted({*territories, *levels})


def test_loading_it_twice_changes_nothing(logic):
    assert load_terminology(logic)


def test_without_the_terminologies_module_nothing_happens(scene):
    assert not load_terminology()


@pytest.mark.parametrize("text", entries())
def test_every_entry_is_read_and_written_back_by_slicer(logic, text):
    entry = slicer.vtkSlicerTerminologyEntry()
    assert logic.DeserializeTerminologyEntry(text, entry)
    assert logic.SerializeTerminologyEntry(entry) == text


def code(entry) -> str:
    return f"{entry.GetCodingSchemeDesignator()}^{entry.GetCodeValue()}^{entry.GetCodeMeaning()}"


def test_category_and_type_of_every_entry_are_in_the_file(logic):
    known = set()
    for n in range(logic.GetNumberOfCategoriesInTerminology("CACBoneAxis")):
        category = slicer.vtkSlicerTerminologyCategory()
        assert logic.GetNthCategoryInTerminology("CACBoneAxis", n, category)
        for m in range(logic.GetNumberOfTypesInTerminologyCategory("CACBoneAxis", category)):
            type_ = slicer.vtkSlicerTerminologyType()
            assert logic.GetNthTypeInTerminologyCategory("CACBoneAxis", category, m, type_)
            known.add((code(category), code(type_)))
    assert {tuple(text.split("~")[1:3]) for text in entries()} == known
