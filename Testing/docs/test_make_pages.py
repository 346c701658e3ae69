"""The pages' generated parts are what the code says now."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.study.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"


@pytest.fixture(scope="module")
def make_pages() -> ModuleType:
    specification = importlib.util.spec_from_file_location("make_pages", DOCS / "make_pages.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_every_generated_part_is_up_to_date(make_pages):
    stale = [file.name for file, text in make_pages.made().items() if file.read_text(encoding="utf-8") != text]
    assert not stale, "run make pages"


def test_every_part_stands_on_a_page(make_pages):
    text = "".join(page.read_text(encoding="utf-8") for page in make_pages.pages())
    named = re.findall(r"<!-- generated: ([\w-]+) -->", text)
    assert sorted(named) == sorted(make_pages.BLOCKS)
    assert text.count("<!-- end -->") == len(named)


def test_a_changed_default_would_change_the_page(make_pages):
    page = "<!-- generated: calcium-protocol -->\nwhat stood before\n<!-- end -->\n"
    assert f"| `threshold_hu` | `{CalciumProtocol().threshold_hu}` |" in make_pages.filled(page)
    assert "what stood before" not in make_pages.filled(page)


def test_an_unknown_part_is_an_error(make_pages):
    with pytest.raises(KeyError):
        make_pages.filled("<!-- generated: nothing -->\n<!-- end -->")


def test_the_settings_file_on_the_page_says_the_defaults():
    text = (DOCS / "files.md").read_text(encoding="utf-8")
    example = tomllib.loads(re.search(r"```toml\n(.*?)```", text, re.DOTALL)[1])
    assert Settings.from_mapping(example) == Settings()
    commented = set(re.findall(r"^# (\w+) =$", text, re.MULTILINE))
    for section, entries in Settings().to_mapping().items():
        inner = {k: v for k, v in entries.items() if not isinstance(v, dict)}
        inner |= {k: v for part in entries.values() if isinstance(part, dict) for k, v in part.items()}
        for name, value in inner.items():
            assert name in commented if value is None else f"{name} = " in text, f"{section}.{name}"


def test_the_bounds_of_the_categories_are_those_of_the_table(make_pages):
    # By hand from the sources: 1-10 is above 0 to 10; CAC-DRS A2 is 100 to 299.
    text = make_pages.BLOCKS["calcium-categories"]()
    assert "| 1-10 | minimal | above 0 to 10 |" in text
    assert "| A2 | 100-299 | from 100, below 300 |" in text
    rows = sum(len(scheme["classes"]) for scheme in load_table("calcium_categories")["schemes"])
    assert len(re.findall(r"^\| (?!category|---)", text, re.MULTILINE)) == rows
