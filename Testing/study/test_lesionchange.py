"""Every lesion's change between two scans of a torso, whose lesions are known to be the same."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CACBoneAxisLib.cli import main
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.phantom import Torso, TorsoParameters, make_torso, write_torso
from CACBoneAxisLib.phantom.parameters import DEFAULT_CORONARY
from CACBoneAxisLib.study import StudyInputs, analyze
from CACBoneAxisLib.study.comparison import compare
from CACBoneAxisLib.study.lesionchange import common_shift, lay_over, lesion_changes, scored_lesions

# The heart and what is around it.
PARAMETERS = {
    "z_range_mm": (80.0, 210.0),
    "field_of_view_mm": (220.0, 190.0),
    "field_center_mm": (22.0, -20.0),
    "slice_increment_mm": 3.0,
    "spacing_mm": 1.0,
}
SHIFT = (20.0, -15.0, 40.0)


def torso(**changes: Any) -> Torso:
    return make_torso(TorsoParameters.small(**{**PARAMETERS, **changes}))


def read(made: Torso) -> dict[str, Any]:
    return analyze(StudyInputs(made.image, (made.seeds,))).to_dict()


@pytest.fixture(scope="module")
def torsos() -> tuple[Torso, Torso]:
    """The default torso, and it at another visit: turned, moved, one lesion less, one grown, one new."""
    later = list(DEFAULT_CORONARY)
    del later[6]
    later[1] = replace(later[1], diameter_mm=4.4)
    later.append(replace(DEFAULT_CORONARY[7], position=0.8))
    made = torso(calcifications=tuple(later), rotation_degrees=(2.0, -3.0, 5.0), seed=9)
    geometry = replace(made.image.geometry, origin_mm=tuple(np.add(made.image.geometry.origin_mm, SHIFT)))
    points = tuple(replace(p, position_mm=tuple(np.add(p.position_mm, SHIFT))) for p in made.seeds.points)
    moved = replace(made, image=replace(made.image, geometry=geometry), seeds=replace(made.seeds, points=points))
    return torso(), moved


@pytest.fixture(scope="module")
def results(torsos: tuple[Torso, Torso]) -> tuple[dict[str, Any], dict[str, Any]]:
    return read(torsos[0]), read(torsos[1])


def test_the_lesions_are_paired_across_a_turned_and_moved_scan(
    torsos: tuple[Torso, Torso], results: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    images = [made.image for made in torsos]
    comparison = compare(*results, 2.0, images=images)
    pytest.importorskip("jsonschema").validate(comparison, load_table("comparison.schema"))
    assert "compare-registered" in [f["code"] for f in comparison["findings"]]
    assert comparison["registration"]["used"]
    rows = [row for row in comparison["lesions"] if row["territory"] in ("LM", "LAD", "LCX", "RCA")]
    assert sorted(row["status"] for row in rows) == ["both"] * 7 + ["gone", "new"]
    for row in rows:
        if row["status"] == "both":
            names = [
                next(x for x in result["calcium"]["lesions"] if x["id"] == row[key])["seeds"][0]
                for result, key in zip(results, ("baseline_id", "followup_id"), strict=True)
            ]
            # The seventh of the first torso is gone, so the last lesion of its artery has another number.
            assert names[0] == names[1] or names == ["RCA-2", "RCA-1"]
            assert row["apart_mm"] < 2.5
        else:
            assert row["territory"] == "RCA"
    grown = max(rows, key=lambda row: row["agatston"]["absolute"])
    assert grown["territory"] == "LAD"
    change = sum(row["agatston"]["absolute"] for row in rows)
    assert change == pytest.approx(comparison["changes"]["total"]["agatston"]["absolute"], abs=1e-6)


def test_without_images_the_common_shift_serves_and_nothing_is_said_of_a_registration(
    results: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    comparison = compare(*results)
    assert comparison["registration"] is None
    assert not {"compare-registered", "compare-not-registered"} & {f["code"] for f in comparison["findings"]}
    statuses = [row["status"] for row in comparison["lesions"] if row["territory"] in ("LM", "LAD", "LCX")]
    assert statuses.count("both") >= 5


def test_a_registration_that_is_not_believed_is_said_and_not_used(
    torsos: tuple[Torso, Torso], results: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    noise = np.random.default_rng(0).normal(0, 60, torsos[1].image.hu.shape).astype(np.int16)
    images = [torsos[0].image, replace(torsos[1].image, hu=noise)]
    found, said = lay_over(results, images)
    assert found is not None
    assert [f.code for f in said] == ["compare-not-registered"]
    assert lesion_changes(results, found, None) == lesion_changes(results, None, None)
    comparison = compare(*results, images=images)
    assert comparison["registration"]["used"] is False


def test_no_calcium_needs_no_registration(torsos: tuple[Torso, Torso]) -> None:
    none = analyze(StudyInputs(torsos[0].image, ())).to_dict()
    assert lay_over((none, none), [made.image for made in torsos]) == (None, ())
    assert lesion_changes((none, none), None, None) == []


def test_calcium_in_one_scan_alone_begins_at_the_carina(torsos: tuple[Torso, Torso]) -> None:
    none = analyze(StudyInputs(torsos[0].image, ())).to_dict()
    some = read(torsos[0])
    found, said = lay_over((some, none), [torsos[0].image, torsos[0].image])
    assert found is not None
    assert found.problem is None
    assert [f.code for f in said] == ["compare-registered"]
    assert {row["status"] for row in lesion_changes((some, none), found, None)} == {"gone"}


def test_the_common_shift_is_the_median_of_the_arteries() -> None:
    def lesions(*moves: float) -> list[dict[str, Any]]:
        return [
            {"territory": t, "seed_ras_mm": [10.0 * n + m, 0.0, m]}
            for n, (t, m) in enumerate(zip("ABC", moves, strict=True))
        ]

    assert np.allclose(common_shift(lesions(0, 0, 0), lesions(3, 3, 50)), [-3, 0, 3])
    assert np.allclose(common_shift([], lesions(1, 2, 3)), 0)


def test_the_command_line_writes_the_change_of_every_lesion(torsos: tuple[Torso, Torso], tmp_path: Path) -> None:
    words = ["compare"]
    for name, made in zip(("one", "two"), torsos, strict=True):
        files = write_torso(made, tmp_path / name)
        out = str(tmp_path / f"{name}-result")
        assert main(["analyze", str(files["ct"]), "--seeds", str(files["seeds"]), "--output", out]) == 0
        words.append(out)
    for option, name in (("--baseline-image", "one"), ("--followup-image", "two")):
        words += [option, str(tmp_path / name / "ct.nrrd")]
    assert main([*words, "--output", str(tmp_path / "out")]) == 0
    content = json.loads((tmp_path / "out" / "comparison.json").read_text(encoding="utf-8"))
    lines = (tmp_path / "out" / "lesion_change.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + len(content["lesions"])
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "laid over the baseline" in page
    assert "Change of each lesion" in page
    scored = scored_lesions(json.loads((tmp_path / "one-result" / "result.json").read_text(encoding="utf-8")))
    assert all(one["center_ras_mm"] for one in scored)
