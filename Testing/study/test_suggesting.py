"""Suggestions are listed or accepted as chosen, said in the result, and never scored by themselves."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_study import small_image, small_seeds
from torso_heart import heart_labels_of

from CACBoneAxisLib.cli import main
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.labels import write_labels
from CACBoneAxisLib.imaging.markups import PointList, read_markups
from CACBoneAxisLib.phantom import Torso, TorsoParameters, make_torso, write_torso
from CACBoneAxisLib.study import Settings, StudyInputs, StudyResult, analyze
from CACBoneAxisLib.study.incremental import IncrementalAnalysis


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
    plain = run(torso, "none")
    assert plain.calcium.suggestions is None
    assert "heart-not-used" not in codes(plain)


def test_what_would_be_suggested_is_what_is_listed_and_nothing_where_calcium_is_not_scored(torso: Torso) -> None:
    one = IncrementalAnalysis(torso.image)
    assert one.suggestions(StudyInputs(torso.image)) == run(torso, "list").calcium.suggestions
    resampled = replace(torso.image, hu=torso.image.hu + np.float32(0.25))
    assert IncrementalAnalysis(resampled).suggestions(StudyInputs(resampled)) is None


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


def test_a_segmented_heart_is_looked_in_and_what_was_left_out_is_told(torso: Torso, tmp_path: Path) -> None:
    files = write_torso(torso, tmp_path / "torso")
    write_labels(tmp_path / "heart.seg.nrrd", heart_labels_of(torso, 2))
    words = ["analyze", str(files["ct"]), "--suggest", "--heart", str(tmp_path / "heart.seg.nrrd")]
    assert main([*words, "--output", str(tmp_path / "out")]) == 0
    result = json.loads((tmp_path / "out" / "result.json").read_text(encoding="utf-8"))
    pytest.importorskip("jsonschema").validate(result, load_table("result.schema"))
    search = result["calcium"]["search"]
    assert (search["found_by"], search["top"]) == ("segmentation", "segmentation")
    assert {one["reason"] for one in search["left_out"]} >= {"bone", "aorta"}
    assert "heart" in {file["role"] for file in result["provenance"]["inputs"]}
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Looked for in the segmented heart" in page
    assert "at the descending aorta" in page
    # The same labels in the file of the vertebrae are found by their names.
    settings = Settings.from_mapping({"calcium": {"suggestions": "list"}})
    labels = heart_labels_of(torso, 2)
    labels.labels[torso.vertebrae > 0] = 9
    both = replace(labels, names={**(labels.names or {}), 9: "L1"})
    found = analyze(StudyInputs(torso.image, None, vertebrae=both, settings=settings)).calcium
    assert found.search is not None
    assert found.search.found_by == "segmentation"
    given = analyze(StudyInputs(torso.image, None, heart=heart_labels_of(torso, 2), settings=settings))
    assert "heart-not-used" not in codes(given)


def test_a_segmentation_that_cannot_serve_is_refused_or_said_to_be_unused(torso: Torso) -> None:
    labels = heart_labels_of(torso, 4)
    unused = analyze(StudyInputs(torso.image, None, heart=labels)).calcium
    assert "heart-not-used" in {f.code for f in unused.findings}
    settings = Settings.from_mapping({"calcium": {"suggestions": "list"}})
    elsewhere = replace(labels, geometry=replace(labels.geometry, spacing_mm=(1.0, 1.0, 2.0)))
    with pytest.raises(UnusableInputError, match="grid"):
        analyze(StudyInputs(torso.image, None, heart=elsewhere, settings=settings))
    with pytest.raises(UnusableInputError, match="names no heart"):
        analyze(StudyInputs(torso.image, None, heart=replace(labels, names={1: "liver"}), settings=settings))


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
