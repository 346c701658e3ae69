"""Suggestions are listed or accepted as chosen, said in the result, and never scored by themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from small_study import small_image, small_seeds

from CACBoneAxisLib.cli import main
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.markups import PointList, read_markups
from CACBoneAxisLib.phantom import Torso, TorsoParameters, make_torso, write_torso
from CACBoneAxisLib.study import Settings, StudyInputs, StudyResult, analyze


@pytest.fixture(scope="module")
def torso() -> Torso:
    return make_torso(TorsoParameters(spacing_mm=1.0, noise_sd_hu=8.0))


def run(torso: Torso, how: str, seeds: tuple[PointList, ...] | None = None) -> StudyResult:
    settings = Settings.from_mapping({"calcium": {"suggestions": how}})
    return analyze(StudyInputs(torso.image, seeds, settings=settings))


def codes(result: StudyResult) -> set[str]:
    return {f.code for f in result.calcium.findings}


def test_listed_suggestions_are_not_scored(torso: Torso) -> None:
    result = run(torso, "list")
    assert result.calcium.suggestions
    assert result.calcium.total.agatston is None
    assert {"suggestions-listed", "no-seeds"} <= codes(result)
    assert run(torso, "none").calcium.suggestions is None


def test_accepted_suggestions_are_scored_as_the_readers_seeds_and_that_is_said(torso: Torso) -> None:
    accepted, read = run(torso, "accept"), run(torso, "none", (torso.seeds,))
    assert "suggestions-accepted" in codes(accepted)
    for code in ("LM", "LAD", "LCX", "RCA"):
        assert accepted.calcium.territories[code].agatston == pytest.approx(read.calcium.territories[code].agatston)


def test_what_the_reader_has_seeded_is_not_suggested_again(torso: Torso) -> None:
    result = run(torso, "accept", (torso.seeds,))
    coronary = {s.territory for s in result.calcium.suggestions or ()} & {"LM", "LAD", "LCX", "RCA"}
    assert not coronary
    assert result.calcium.total.agatston == run(torso, "none", (torso.seeds,)).calcium.total.agatston


def test_without_an_aorta_nothing_is_suggested_and_that_is_said() -> None:
    settings = Settings.from_mapping({"calcium": {"suggestions": "accept"}})
    result = analyze(StudyInputs(small_image(), (small_seeds(),), settings=settings))
    assert result.calcium.suggestions is None
    assert "suggestions-impossible" in codes(result)


def test_the_command_line_writes_suggestions_that_it_reads_as_seeds(torso: Torso, tmp_path: Path) -> None:
    files = write_torso(torso, tmp_path / "torso")
    first, second, third = (str(tmp_path / name) for name in ("one", "two", "three"))
    assert main(["analyze", str(files["ct"]), "--suggest", "--output", first]) == 0
    points = tmp_path / "one" / "suggestions.mrk.json"
    assert read_markups(points)
    assert main(["analyze", str(files["ct"]), "--seeds", str(points), "--output", second]) == 0
    assert main(["analyze", str(files["ct"]), "--accept-suggestions", "--output", third]) == 0
    results: list[dict[str, Any]] = [
        json.loads((Path(folder) / "result.json").read_text()) for folder in (first, second, third)
    ]
    jsonschema = pytest.importorskip("jsonschema")
    for result in results:
        jsonschema.validate(result, load_table("result.schema"))
    assert results[1]["calcium"]["total"] == results[2]["calcium"]["total"]
    assert results[2]["calcium"]["total"]["agatston"] > 0
    # A result with suggestions is still one that may be replaced.
    assert main(["analyze", str(files["ct"]), "--suggest", "--output", first]) == 0
