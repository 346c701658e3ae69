"""The examples in docstrings run, and every module of pure functions has some."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import CACBoneAxisLib

LIBRARY = Path(CACBoneAxisLib.__file__).parent
WITH_EXAMPLES = sorted(
    ".".join(path.relative_to(LIBRARY.parent).with_suffix("").parts)
    for path in LIBRARY.rglob("*.py")
    if " >>> " in path.read_text(encoding="utf-8")
)
# The numeric core: functions of numbers without a scan, or with a few voxels of one.
NUMERIC_CORE = (
    *("calcium.arterylocation", "calcium.categories", "calcium.change", "calcium.contrastcalcium"),
    *("calcium.matching", "calcium.noise", "calcium.percentiles", "calcium.rescan", "calcium.risk"),
    *("calcium.scoring", "calcium.territories"),
    *("imaging.acquisition", "imaging.cache", "imaging.contrast", "imaging.geometry"),
)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_a_module_give_what_they_say(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE)
    assert result.attempted > 0
    assert result.failed == 0


def test_the_numeric_core_has_examples() -> None:
    assert {f"CACBoneAxisLib.{name}" for name in NUMERIC_CORE} <= set(WITH_EXAMPLES)
