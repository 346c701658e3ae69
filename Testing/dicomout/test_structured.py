"""What stands in the structured report."""

from __future__ import annotations

import json
from typing import Any

import pydicom
import pytest

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.report.wording import RESEARCH_USE, remarks


def content(written: Any) -> Any:
    return pydicom.dcmread(written.folder / "measurements.dcm")


def groups(dataset: Any) -> dict[str, Any]:
    """The measurement groups by their tracking identifier."""
    (holder,) = [i for i in dataset.ContentSequence if name_of(i) == "126010"]
    found = {}
    for group in holder.ContentSequence:
        (key,) = [i.TextValue for i in group.ContentSequence if name_of(i) == "112039"]
        found[key] = group
    return found


def name_of(item: Any) -> str:
    return str(item.ConceptNameCodeSequence[0].CodeValue) if "ConceptNameCodeSequence" in item else ""


def numbers(group: Any) -> list[tuple[str, str, float]]:
    """Concept, unit and value of every number of a group, in order."""
    found = []
    for item in group.ContentSequence:
        if item.ValueType == "NUM":
            value = item.MeasuredValueSequence[0]
            found.append((name_of(item), value.MeasurementUnitsCodeSequence[0].CodeValue, float(value.NumericValue)))
    return found


def test_every_measurement_stands_with_its_unit(written: Any) -> None:
    found = groups(content(written))
    calcium, bone = written.mapping["calcium"], written.mapping["bone"]
    seen = {code for code, values in calcium["territories"].items() if values["agatston"] is not None}
    # AA has a seed; nobody looked at the valves and the descending aorta.
    assert seen == {"LM", "LAD", "LCX", "RCA", "AA"}
    assert not {"AV", "MV", "DA"} & set(found)
    for code in seen:
        values = calcium["territories"][code]
        expected = [("112058", "1", values["agatston"]), ("122660", "mm3", values["volume_mm3"])]
        expected += [("122661", "mg", values["mass_mg"]), ("246206008", "1", values["lesions"])]
        assert numbers(found[code]) == [(c, u, pytest.approx(v, rel=1e-9)) for c, u, v in expected]
    total = {name: value for name, _, value in numbers(found["coronary calcium"])}
    assert total["450360000"] == pytest.approx(calcium["total"]["agatston"])
    assert total["ARTERIES"] == calcium["total"]["arteries"]
    for vertebra in bone["vertebrae"]:
        values = numbers(found[vertebra["level"]])
        flat = [value for _, _, value in values]
        for key in ("mean_hu", "median_hu", "sd_hu", "p10_hu", "p90_hu", "voxels", "volume_mm3"):
            assert any(v == pytest.approx(vertebra[key], rel=1e-9, abs=1e-9) for v in flat), key
        assert ("VBMD-HA", "mg/cm3", pytest.approx(vertebra["bmd"]["value"], rel=1e-9)) in values
        assert sum(unit == "[hnsf'U]" for _, unit, _ in values) == 5
    t_scores = [v["t_score"]["value"] for v in bone["vertebrae"] if v["t_score"]]
    assert t_scores
    stands = [v for level in found.values() for name, _, v in numbers(level) if name == "T-SCORE-QCT"]
    assert all(any(v == pytest.approx(t, rel=1e-9) for v in stands) for t in t_scores)


def test_scores_name_their_method_and_percentiles_their_derivation(written: Any) -> None:
    found = groups(content(written))
    said = {}
    for item in found["LAD-1"].ContentSequence:
        if item.ValueType == "NUM" and "ContentSequence" in item:
            said[name_of(item)] = [i.ConceptCodeSequence[0].CodeValue for i in item.ContentSequence]
    assert said["112058"] == ["112055"]
    assert said["122660"] == ["112056"]
    assert said["122661"] == ["112057"]
    assert said["112031"] == ["56851009"]
    derived = [
        i.ConceptCodeSequence[0].CodeValue
        for item in found["L1"].ContentSequence
        if item.ValueType == "NUM" and name_of(item) == "112031"
        for i in item.ContentSequence
    ]
    assert derived == ["371890005", "371887004"]


def test_each_group_says_where(written: Any) -> None:
    found = groups(content(written))
    sites = {"LAD-1": "59438005", "RCA-1": "13647002", "LM": "3227004", "L1": "66794005", "T12": "23215003"}
    for key, site in sites.items():
        codes = [i.ConceptCodeSequence[0].CodeValue for i in found[key].ContentSequence if name_of(i) == "363698007"]
        assert codes == [site]


def test_what_was_not_scored_is_no_number_but_a_status(written: Any) -> None:
    lesions = written.mapping["calcium"]["lesions"]
    excluded = [lesion for lesion in lesions if lesion["status"] == "excluded"]
    found = groups(content(written))
    for lesion in excluded:
        group = found[" + ".join(lesion["seeds"])]
        assert "112058" not in [name for name, _, _ in numbers(group)]
        statuses = [i.ConceptCodeSequence[0].CodeValue for i in group.ContentSequence if name_of(i) == "STATUS"]
        assert statuses == ["EXCLUDED"]


def test_what_to_be_careful_about_is_said_in_sentences(written: Any) -> None:
    comments = [i.TextValue for i in content(written).ContentSequence if name_of(i) == "121106"]
    assert comments[0] == RESEARCH_USE
    for remark in remarks(written.mapping):
        assert any(remark.message in comment for comment in comments)


def test_every_private_code_is_identified_and_within_the_lengths_of_dicom(written: Any) -> None:
    dataset = content(written)
    scheme = load_table("dicom_concepts")["scheme"]["designator"]
    assert [i.CodingSchemeDesignator for i in dataset.CodingSchemeIdentificationSequence] == [scheme]
    used = set()
    for element in dataset.iterall():
        if element.keyword == "CodingSchemeDesignator":
            used.add(str(element.value))
        if element.keyword == "CodeValue":
            assert 0 < len(str(element.value)) <= 16
        if element.keyword == "CodeMeaning":
            assert 0 < len(str(element.value)) <= 64
    assert used - {"DCM", "SCT", "UCUM", "RFC5646"} == {scheme}


def test_a_report_without_any_number_can_be_written(written: Any, tmp_path: Any) -> None:
    from CACBoneAxisLib.dicomout.storedreading import StoredReading
    from CACBoneAxisLib.dicomout.write import write_objects
    from CACBoneAxisLib.study import Settings, StudyInputs, analyze

    result = analyze(StudyInputs(written.inputs.image))
    reading = StoredReading(Settings().to_mapping(), None, ())
    paths = write_objects(tmp_path, result.to_dict(), reading, written.inputs.image, {}, {})
    assert [path.name for path in paths] == ["measurements.dcm"]
    dataset = pydicom.dcmread(paths[0])
    assert "NUM" not in {i.ValueType for i in groups(dataset)["suitability"].ContentSequence}
    (reading_text,) = [i.TextValue for i in dataset.ContentSequence if name_of(i) == "READING"]
    assert json.loads(reading_text)["seeds"] is None


def test_a_reading_that_was_approved_is_final_and_names_its_reader(written: Any, tmp_path: Any) -> None:
    from CACBoneAxisLib.dicomout.storedreading import StoredReading
    from CACBoneAxisLib.dicomout.write import write_objects

    assert content(written).PreliminaryFlag == "PRELIMINARY"
    mapping = json.loads(json.dumps(written.mapping))
    mapping["provenance"]["approved"] = {"name": "Dr. J. ^ Leserin", "time": "2026-01-01T00:00:00+00:00"}
    reading = StoredReading(written.inputs.settings.to_mapping(), written.inputs.seeds, written.inputs.regions)
    write_objects(tmp_path, mapping, reading, written.inputs.image, {}, {})
    dataset = pydicom.dcmread(tmp_path / "measurements.dcm")
    assert (dataset.PreliminaryFlag, dataset.VerificationFlag) == ("FINAL", "UNVERIFIED")
    names = [str(i.PersonName) for i in dataset.ContentSequence if i.ValueType == "PNAME"]
    assert names == ["Dr. J.   Leserin^"]
