"""A folder as an archive hands it over: what is there, which series suits which question, and why."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from CACBoneAxisLib.cli import main
from CACBoneAxisLib.imaging.dicom.survey import survey
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.markups import PointList, write_markups
from CACBoneAxisLib.phantom import TorsoParameters, make_torso

GATED = {"CardiacSynchronizationTechnique": "PROSPECTIVE", "HeartRate": 60}
SOFT, SHARP = {"ConvolutionKernel": "Br36f"}, {"ConvolutionKernel": "B70f"}
NATIVE = {"ContrastBolusAgent": "NONE"}


@pytest.fixture(scope="module")
def torso() -> CTImage:
    return make_torso(TorsoParameters.small(spacing_mm=1.5, slice_increment_mm=3.0)).image


@pytest.fixture(scope="module")
def enhanced_torso() -> CTImage:
    return make_torso(TorsoParameters.small(spacing_mm=1.5, slice_increment_mm=6.0, blood_hu=300.0)).image


def between(image: CTImage, low_mm: float, high_mm: float) -> CTImage:
    geometry = image.geometry
    heights = geometry.origin_mm[2] + geometry.spacing_mm[2] * np.arange(image.hu.shape[0])
    inside = np.nonzero((heights >= low_mm) & (heights <= high_mm))[0]
    hu = image.hu[inside[0] : inside[-1] + 1]
    origin = (*geometry.origin_mm[:2], float(heights[inside[0]]))
    return CTImage(hu, replace(geometry, shape=hu.shape, origin_mm=origin))


@pytest.fixture(scope="module")
def hospital(tmp_path_factory, dicom_writer, torso, enhanced_torso):
    """A folder of an examination: scout, calcium scan, the same sharp, chest, CT angiography, dose sheet, notes."""
    folder = tmp_path_factory.mktemp("JANE_DOE_19600229")

    def write(number, image, description, header):
        words = {"SeriesNumber": number, "SeriesDescription": description, "Manufacturer": "SIEMENS", **header}
        dicom_writer.write_series(folder / f"S{number}", image.hu, image.geometry, study_uid="1.2.3", header=words)

    heart = between(torso, 84, 200)
    write(2, heart, "CaSc 3.0 Br36", {**GATED, **SOFT, **NATIVE, "SeriesInstanceUID": "1.2.3.2"})
    write(3, heart, "CaSc 3.0 B70", {**GATED, **SHARP, **NATIVE, "SeriesInstanceUID": "1.2.3.3"})
    write(4, torso, "Chest 3.0 Br36", {**SOFT, **NATIVE, "SeriesInstanceUID": "1.2.3.4"})
    write(5, enhanced_torso, "CTA 6.0", {**GATED, **SOFT, "SeriesInstanceUID": "1.2.3.5"})
    small = replace(heart, hu=heart.hu[:1])
    write(1, small, "Topogram", {"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]})
    write(501, small, "Patient Protocol", {"ImageType": ["DERIVED", "SECONDARY", "OTHER", "DOSE_INFO"]})
    write(6, small, "Single", {"SeriesInstanceUID": "1.2.3.6"})
    (folder / "notes.txt").write_text("hello")
    return folder


@pytest.fixture(scope="module")
def found(hospital):
    return survey(hospital)


def test_every_series_is_listed_with_what_it_shows(found):
    assert [(one.number, one.name, len(one.series.slices)) for one in found.series] == [
        ("2", "CaSc 3.0 Br36", 39),
        ("3", "CaSc 3.0 B70", 39),
        ("4", "Chest 3.0 Br36", 128),
        ("5", "CTA 6.0", 64),
        ("6", "Single", 1),
    ]
    assert dict(found.others) == {"localizer": 1, "dose sheet": 1, "file that is not DICOM": 1}
    heart = found.series[0]
    assert (heart.increment_mm, heart.acquisition.ecg_gated, heart.contrast) == (3.0, True, False)
    # The grid is that of the whole series, though every second slice was read.
    assert heart.geometry.shape == (39, 240, 240)
    assert [one.coverage.heart for one in found.series] == ["whole", "whole", "whole", "whole", None]
    assert set(found.series[2].coverage.levels.values()) == {"whole"}
    assert found.series[3].blood.hu == pytest.approx(300, abs=10)
    assert found.series[4].problem.startswith("series 6 has a single slice")


def test_the_gated_soft_series_suits_calcium_and_the_native_chest_bone(found):
    assert {question: one.number for question, one in found.picked.items()} == {"calcium": "2", "bone": "4"}


def test_inspect_says_so_without_identifiers(hospital, capsys):
    assert main(["inspect", str(hospital)]) == 0
    printed = capsys.readouterr().out
    assert "5 CT series; besides: dose sheet, file that is not DICOM, localizer" in printed
    assert "For calcium: series 2 (" in printed
    assert "For bone: series 4 (" in printed
    assert "cannot be used: series 6 has a single slice" in printed
    assert main(["inspect", str(hospital), "--json"]) == 0
    as_json = capsys.readouterr().out
    content = json.loads(as_json)
    assert content["picked"]["calcium"]["series"] == "2"
    assert content["series"][3]["calcium"]["verdict"] == "unsuitable"
    assert content["series"][3]["blood_hu"] == pytest.approx(300, abs=10)
    for words in (printed, as_json):
        assert not any(planted in words for planted in ("Doe", "DOE", "SECRET", "1960", "2024", "1.2.3"))


def test_automatic_choice_reads_what_inspect_picks_and_says_so(hospital, torso):
    for series, number in (("auto", "2"), ("auto:calcium", "2"), ("auto:bone", "4")):
        image = read_ct(hospital, series=series)
        assert np.array_equal(image.hu, read_ct(hospital, series=number).hu)
        (said,) = [one for one in image.findings if one.code == "series-picked"]
        assert said.message.startswith(f"Of 5 series, {number} (")


def test_analyze_picks_by_what_was_read(hospital, tmp_path, capsys):
    seeds = tmp_path / "seeds.mrk.json"
    write_markups(seeds, [PointList("seeds", ())])
    words = ["analyze", str(hospital), "--series", "auto", "--output", str(tmp_path / "o")]
    assert main([*words, "--seeds", str(seeds)]) == 0
    result = json.loads((tmp_path / "o" / "result.json").read_text(encoding="utf-8"))
    assert result["study"]["image"]["size"][2] == 39
    codes = [one["code"] for one in result["suitability"]["calcium"]["findings"]]
    assert "series-picked" in codes


def test_the_only_readable_series_is_taken_and_said(tmp_path, dicom_writer, enhanced_torso):
    image = between(enhanced_torso, 84, 200)
    dicom_writer.write_series(tmp_path / "s" / "a", image.hu, image.geometry, study_uid="1.2.3")
    dicom_writer.write_series(tmp_path / "s" / "b", image.hu[:1], image.geometry, study_uid="1.2.3")
    read = read_ct(tmp_path / "s", series="auto")
    assert any(one.message.endswith("was picked as the only one that can be read.") for one in read.findings)


def test_where_nothing_suits_every_series_says_why(tmp_path, dicom_writer, torso):
    for name in ("a", "b"):
        dicom_writer.write_series(tmp_path / "s" / name, torso.hu[:1], torso.geometry, study_uid="1.2.3")
    with pytest.raises(UnusableInputError, match="No series of s suits") as caught:
        read_ct(tmp_path / "s", series="auto")
    assert caught.value.code == "no-series-suits"
    assert str(caught.value).count("has a single slice") == 2


def test_nothing_is_picked_between_examinations(tmp_path, dicom_writer, torso, capsys):
    image = between(torso, 84, 120)
    for name in ("a", "b"):
        dicom_writer.write_series(tmp_path / "s" / name, image.hu, image.geometry)
    with pytest.raises(UnusableInputError) as caught:
        read_ct(tmp_path / "s", series="auto")
    assert caught.value.code == "several-studies"
    assert main(["inspect", str(tmp_path / "s")]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("2 CT series of 2 examinations")
    assert "For calcium" not in printed


def test_inspect_of_what_is_not_there_is_one_sentence(tmp_path, capsys):
    assert main(["inspect", str(tmp_path / "absent")]) == 2
    assert capsys.readouterr().err.endswith(" does not exist.\n")
    (tmp_path / "empty").mkdir()
    assert main(["inspect", str(tmp_path / "empty")]) == 2
    assert capsys.readouterr().err.endswith(" holds no CT images.\n")
