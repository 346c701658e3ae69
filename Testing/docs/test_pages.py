"""Links lead somewhere, and what the pages tell a reader to type exists."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from CACBoneAxisLib import __version__
from CACBoneAxisLib.calcium.seeds import seeds_from
from CACBoneAxisLib.cli import DONE, INTERRUPTED, UNUSABLE
from CACBoneAxisLib.commands.batch import SOME_FAILED
from CACBoneAxisLib.imaging.markups import ControlPoint, PointList
from CACBoneAxisLib.report.write import FILES
from CACBoneAxisLib.study.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
OTHER_TREES = (".venv", ".git", "node_modules", "demo", "build")
PAGES = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for path in REPOSITORY.rglob("*.md")
    if not set(path.relative_to(REPOSITORY).parts) & set(OTHER_TREES)
    and not any(part.startswith(".") for part in path.relative_to(REPOSITORY).parts)
)


def read(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_every_relative_link_of_a_page_leads_somewhere(page):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", read(page), flags=re.DOTALL)):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        path = ((REPOSITORY / page).parent / file).resolve() if file else REPOSITORY / page
        if not path.exists() or (anchor and anchor not in anchors(path.read_text(encoding="utf-8"))):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", "docs/speed.md", "docs/numbers.md", "docs/testing.md"]
)
def test_every_make_command_of_a_page_is_in_the_makefile(page):
    targets = set(re.findall(r"^([\w-]+):", read("Makefile"), re.MULTILINE))
    told = set(re.findall(r"(?:^|`)make ([a-z]+)", read(page), re.MULTILINE))
    assert told <= targets
    if page == "README.md":
        assert {"demo", "test"} <= told


def test_continuous_integration_runs_the_same_commands():
    workflow = read(".github/workflows/test.yml")
    # On Linux and macOS, and every week with the public scans and what takes longer.
    assert workflow.count("- run: make test") == 3
    assert re.search(r"- run: make data\n\s+- run: make slow\n", workflow)
    recipe = re.search(r"^lint:.*?\n\n", read("Makefile"), re.MULTILINE | re.DOTALL)[0]
    for command in re.findall(r"\$\(BIN\)/(.+)", recipe):
        assert f".venv\\Scripts\\{command}" in workflow
    assert read(".ci/run").rstrip().endswith("make test")


def test_the_scripts_and_folders_that_the_readme_names_exist():
    named = re.findall(r"\bCACBoneAxis/[\w/.]+\.py|`(?:CACBoneAxis|CACBoneAxisLib|Testing)/`", read("README.md"))
    assert named
    for name in named:
        assert (REPOSITORY / name.strip("`")).exists(), name


def test_the_citation_is_of_this_version():
    assert re.search(r"^version: (.+)$", read("CITATION.cff"), re.MULTILINE)[1] == __version__


def test_the_changelog_speaks_of_this_version():
    assert __version__ in read("CHANGELOG.md")


def test_the_page_on_files_lists_every_file_of_a_result():
    text = read("docs/files.md")
    for name in (*FILES, "result.json"):
        assert f"| `{name}` |" in text


def test_the_page_on_files_lists_the_exit_codes():
    codes = [DONE, UNUSABLE, SOME_FAILED, INTERRUPTED]
    table = re.search(r"### Exit codes\n(.*?)\n#", read("docs/files.md"), re.DOTALL)[1]
    assert [int(code) for code in re.findall(r"^\| (\d+) ", table, re.MULTILINE)] == codes


def test_the_examples_of_settings_are_understood():
    text = read("docs/files.md")
    for example in re.findall(r"```json\n(.*?)```", text, re.DOTALL):
        assert Settings.from_mapping(json.loads(example)) != Settings()


def test_the_examples_of_decisions_are_understood():
    section = re.search(r"### Seeds\n(.*?)\n### ", read("docs/files.md"), re.DOTALL)[1]
    examples = re.findall(r"`(\{.*?\})`", section)
    assert len(examples) == 5
    for example in examples:
        (seed,) = seeds_from([PointList("seeds", (ControlPoint("LAD-1", (0.0, 0.0, 0.0), example),))])
        assert seed.parts or seed.decision != "score" or seed.suggested is not None


def test_the_settings_of_the_project_name_what_the_readme_asks_for():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    asked = re.search(r"Python (3\.\d+) or later", read("README.md"))[1]
    assert project["requires-python"] == f">={asked}"
    assert "cacboneaxis" in project["scripts"]
