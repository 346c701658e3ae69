"""Review of a batch: a study opened, its reading corrected, the row replaced, the earlier one kept."""

from __future__ import annotations

import json
from dataclasses import replace

import jsonschema
import numpy as np
import pytest
from small_batch import rows_of, run, study_row, tables, write_manifest
from small_study import LAD_AGATSTON, RCA_AGATSTON, small_image, small_region, small_seeds

from CACBoneAxisLib.cohort import review
from CACBoneAxisLib.cohort.batch import BatchFolder
from CACBoneAxisLib.cohort.corrections import CorrectedReading, changed_settings
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.markups import PointList
from CACBoneAxisLib.study import analyze


@pytest.fixture
def batch(studies, tmp_path):
    """A batch of two small studies and one whose CT is missing."""
    studies(2)
    rows = [study_row("a00"), study_row("a01"), ["gone", "gone/ct.nrrd", "", "", ""]]
    write_manifest(tmp_path / "in" / "manifest.csv", rows)
    run(tmp_path / "in" / "manifest.csv", tmp_path / "out")
    return tmp_path / "out"


def without_rca(inputs):
    """The reading of a study with the seed in the right coronary artery taken away."""
    (points,) = inputs.seeds
    kept = tuple(point for point in points.points if point.label.startswith("LAD"))
    return CorrectedReading((PointList("Seeds", kept),), inputs.regions, same_vertebrae=True)


def resume(tmp_path, **options):
    return run(tmp_path / "in" / "manifest.csv", tmp_path / "out", resume=True, **options)


def row(batch, study_id):
    return next(r for r in rows_of(batch / "results.csv") if r["study_id"] == study_id)


def test_studies_are_listed_in_the_manifests_order_with_what_failed(batch):
    listed = review.list_studies(batch)
    assert [study.study_id for study in listed] == ["a00", "a01", "gone"]
    assert listed[0].row["agatston"] == LAD_AGATSTON + RCA_AGATSTON
    assert (listed[0].corrections, listed[0].problem) == (0, "")
    assert "does not exist" in listed[2].problem


def test_a_study_is_opened_with_the_reading_its_row_rests_on(batch):
    result = analyze(review.load_for_review(batch, "a00")).to_dict()
    kept = json.loads((batch / "studies" / "a00" / "result.json").read_text(encoding="utf-8"))
    assert {n: result[n] for n in ("study", "calcium", "bone")} == {n: kept[n] for n in ("study", "calcium", "bone")}


def test_the_corrected_reading_replaces_the_row_and_the_earlier_one_is_kept(batch):
    before = (batch / "studies" / "a00" / "result.json").read_bytes()
    other = row(batch, "a01")
    seen = []
    inputs = review.load_for_review(batch, "a00")
    replaced = review.replace_reading(batch, "a00", without_rca(inputs), lambda *step: seen.append(step))
    assert (replaced.row["agatston"], replaced.corrections) == (LAD_AGATSTON, 1)
    assert float(row(batch, "a00")["agatston"]) == LAD_AGATSTON
    assert row(batch, "a00")["corrections"] == "1"
    assert row(batch, "a01") == other
    assert (batch / "reviews" / "a00" / "previous-1" / "result.json").read_bytes() == before
    result = json.loads((batch / "studies" / "a00" / "result.json").read_text(encoding="utf-8"))
    jsonschema.validate(result, load_table("result.schema"))
    assert result["provenance"]["review"]["corrections"] == 1
    assert seen[-1][1] == pytest.approx(1.0)
    again = review.load_for_review(batch, "a00")
    assert [point.label for point in again.seeds[0].points] == ["LAD-1"]
    assert review.list_studies(batch)[0].corrections == 1


def test_resume_neither_repeats_nor_loses_a_correction(batch, tmp_path):
    review.replace_reading(batch, "a00", without_rca(review.load_for_review(batch, "a00")))
    result, written = (batch / "studies" / "a00" / "result.json").read_bytes(), tables(batch)
    state = resume(tmp_path)
    assert state.kept == 3
    assert tables(batch) == written
    assert (batch / "studies" / "a00" / "result.json").read_bytes() == result


def test_with_other_settings_the_corrected_reading_is_analysed_again(batch, tmp_path):
    inputs = review.load_for_review(batch, "a00")
    reading = replace(without_rca(inputs), settings={"patient": {"age_years": 70}})
    review.replace_reading(batch, "a00", reading)
    assert resume(tmp_path, settings={"calcium": {"minimum_area_mm2": 20.0}}).kept == 0
    assert float(row(batch, "a00")["agatston"]) == 0
    assert (row(batch, "a00")["age_years"], row(batch, "a01")["age_years"]) == ("70.0", "63.0")
    assert row(batch, "a00")["corrections"] == "1"


def test_a_reading_that_was_kept_but_not_analysed_is_completed_by_resume(batch, tmp_path, monkeypatch):
    """As after loss of power between the two."""
    reading = without_rca(review.load_for_review(batch, "a00"))
    monkeypatch.setattr(review, "roll_back", lambda *arguments: None)
    monkeypatch.setattr(review, "process", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        review.replace_reading(batch, "a00", reading)
    assert float(row(batch, "a00")["agatston"]) == LAD_AGATSTON + RCA_AGATSTON
    assert resume(tmp_path).kept == 2
    assert float(row(batch, "a00")["agatston"]) == LAD_AGATSTON


def test_a_second_correction_goes_over_the_first(batch):
    first = review.load_for_review(batch, "a00")
    reading = replace(without_rca(first), settings={"patient": {"age_years": 70}})
    review.replace_reading(batch, "a00", reading)
    second = CorrectedReading((), first.regions, same_vertebrae=True, settings={"acquisition": {"kvp": 100}})
    replaced = review.replace_reading(batch, "a00", second)
    assert (replaced.row["agatston"], replaced.row["age_years"], replaced.row["kvp"]) == (0.0, 70.0, 100.0)
    assert replaced.corrections == 2
    kept = json.loads((batch / "reviews" / "a00" / "previous-2" / "result.json").read_text(encoding="utf-8"))
    assert kept["calcium"]["total"]["agatston"] == LAD_AGATSTON


def test_not_read_for_calcium_is_no_score_and_not_0(batch):
    replaced = review.replace_reading(batch, "a00", CorrectedReading(None, (small_region(),), same_vertebrae=True))
    assert replaced.row["agatston"] is None
    assert replaced.row["mean_hu"] is not None


def test_corrected_labels_of_vertebrae_are_kept_with_their_names(batch):
    image = small_image()
    labels = np.zeros(image.hu.shape, dtype=np.uint8)
    labels[1:11, 33:51, 13:47] = 1
    vertebrae = LabelImage(labels, image.geometry, {1: "L1"}, "spine")
    replaced = review.replace_reading(batch, "a00", CorrectedReading((), (), vertebrae))
    assert replaced.row["bone_levels"] == "L1"
    opened = review.load_for_review(batch, "a00")
    assert opened.vertebrae.names == {1: "L1"}
    assert np.array_equal(opened.vertebrae.labels, labels)
    second = replace(without_rca(review.load_for_review(batch, "a01")), regions=(), seeds=())
    again = review.replace_reading(batch, "a00", second)
    assert again.row["bone_levels"] == "L1"


def test_a_reading_that_cannot_be_analysed_changes_nothing(batch):
    def content():
        return {p.relative_to(batch): p.read_bytes() for p in batch.rglob("*") if p.is_file() and p.name != ".lock"}

    before, inputs = content(), review.load_for_review(batch, "a00")
    reading = replace(without_rca(inputs), settings={"patient": {"age_years": -1}})
    with pytest.raises(UnusableInputError, match="age_years"):
        review.replace_reading(batch, "a00", reading)
    assert content() == before


def test_a_study_that_was_replaced_before_something_failed_is_what_it_was(batch, monkeypatch):
    def content():
        return {p.relative_to(batch): p.read_bytes() for p in batch.rglob("*") if p.is_file() and p.name != ".lock"}

    def fail(*arguments):
        (batch / "studies" / "a00" / "result.json").write_text("{}", encoding="utf-8")
        (batch / "studies" / "a00" / "half.txt").write_text("half", encoding="utf-8")
        raise OSError("no space left")

    before, inputs = content(), review.load_for_review(batch, "a00")
    monkeypatch.setattr(review, "process", fail)
    with pytest.raises(OSError, match="no space"):
        review.replace_reading(batch, "a00", without_rca(inputs))
    assert content() == before


def test_beside_a_running_batch_nothing_is_replaced(batch):
    reading = without_rca(review.load_for_review(batch, "a00"))
    holder = BatchFolder(batch, resume=True)
    try:
        with pytest.raises(UnusableInputError, match="at work"):
            review.replace_reading(batch, "a00", reading)
    finally:
        holder.close()
    assert not (batch / "reviews").exists()


@pytest.mark.parametrize(("study", "words"), [("gone", "does not exist"), ("nobody", "not in the batch")])
def test_what_cannot_be_opened_is_one_sentence(batch, study, words):
    with pytest.raises(UnusableInputError, match=words):
        review.load_for_review(batch, study)


def test_another_ct_in_the_place_of_the_analysed_one_is_refused(batch, tmp_path):
    from SimpleITK import GetImageFromArray, WriteImage

    WriteImage(GetImageFromArray(small_image().hu + 1), str(tmp_path / "in" / "a00" / "ct.nrrd"))
    with pytest.raises(UnusableInputError, match="not the one"):
        review.load_for_review(batch, "a00")


def test_a_folder_without_a_batch_is_one_sentence(tmp_path):
    with pytest.raises(UnusableInputError, match="not the output folder of a batch"):
        review.list_studies(tmp_path)


def test_changed_settings_are_the_leaves_that_differ():
    before = {"calcium": {"threshold_hu": 130.0, "in": 8}, "patient": {"sex": "F"}}
    now = {"calcium": {"threshold_hu": 140.0, "in": 8}, "patient": {"sex": "F"}}
    assert changed_settings(before, now) == {"calcium": {"threshold_hu": 140.0}}


def test_a_study_whose_reading_is_damaged_can_be_read_anew(studies, tmp_path):
    manifest = studies(1)
    (tmp_path / "in" / "a00" / "seeds.mrk.json").write_text("{", encoding="utf-8")
    run(manifest, tmp_path / "out")
    assert review.list_studies(tmp_path / "out")[0].problem
    inputs = review.load_for_review(tmp_path / "out", "a00")
    assert (inputs.seeds, inputs.regions) == (None, ())
    reading = CorrectedReading((PointList("Seeds", small_seeds().points[:1]),), (small_region(),), same_vertebrae=True)
    assert review.replace_reading(tmp_path / "out", "a00", reading).row["agatston"] == LAD_AGATSTON
    assert rows_of(tmp_path / "out" / "failures.csv") == []
    page = (tmp_path / "out" / "studies" / "a00" / "report.html").read_text(encoding="utf-8")
    assert "Corrected in review" in page


@pytest.mark.parametrize(
    ("file", "damage"),
    [
        ("reading.json", lambda text: text[: len(text) // 2]),
        ("reading.json", lambda text: text.replace(b'"manifest_vertebrae"', b'"manifest_vertebra"')),
        ("reading.json", None),
        ("seeds.mrk.json", lambda text: text.replace(b'"controlPoints"', b'"controlPoint"')),
        ("seeds.mrk.json", None),
    ],
)
def test_a_damaged_correction_is_a_failure_and_never_the_reading_before_it(batch, tmp_path, file, damage):
    review.replace_reading(batch, "a00", without_rca(review.load_for_review(batch, "a00")))
    path = batch / "reviews" / "a00" / "reading-1" / file
    path.write_bytes(damage(path.read_bytes())) if damage else path.unlink()
    with pytest.raises(UnusableInputError) as caught:
        review.load_for_review(batch, "a00")
    assert caught.value.code == "correction-damaged"
    resume(tmp_path)
    assert "correction-damaged" in (batch / "failures.csv").read_text(encoding="utf-8")
