"""The command line: results, refusals in one sentence, nothing half-written."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from small_study import LAD_AGATSTON, RCA_AGATSTON, TRABECULAR_HU, write_small_study

from CACBoneAxisLib import __version__
from CACBoneAxisLib.cli import ProgressBar, main


@pytest.fixture
def words(tmp_path: Path) -> list[str]:
    files = write_small_study(tmp_path)
    return [
        "analyze",
        str(files["image"]),
        "--seeds",
        str(files["seeds"]),
        "--rois",
        str(files["region"]),
        "--settings",
        str(files["settings"]),
        "--output",
        str(tmp_path / "out"),
    ]


def result_of(folder: Path) -> dict:
    return json.loads((folder / "result.json").read_text(encoding="utf-8"))


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must be refused and return its one sentence."""
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("cacboneaxis: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


def test_analyze_writes_both_answers_and_prints_them(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 0
    printed = capsys.readouterr().out
    assert f"{LAD_AGATSTON + RCA_AGATSTON:.1f}" in printed
    assert f"{TRABECULAR_HU:.1f}" in printed
    assert "esearch use only" in printed
    assert str(tmp_path / "out" / "report.html") in printed
    result = result_of(tmp_path / "out")
    assert result["study"]["id"].startswith("study-")
    assert [file["role"] for file in result["provenance"]["inputs"]] == ["image", "seeds", "regions"]
    assert all(len(file["sha256"]) == 64 for file in result["provenance"]["inputs"])
    assert result["provenance"]["version"] == __version__


def test_options_overrule_the_settings_file(words: list[str], tmp_path: Path) -> None:
    more = ["--slope", "1", "--intercept", "0", "--age", "70", "--set", "calcium.minimum_area_mm2=5", "--id", "A 1"]
    assert main([*words, *more]) == 0
    result = result_of(tmp_path / "out")
    assert result["bone"]["vertebrae"][0]["bmd"]["value"] == TRABECULAR_HU
    assert result["study"]["patient"]["age_years"] == 70
    assert result["calcium"]["total"]["agatston"] == LAD_AGATSTON  # the other lesion's 4 mm2 are too small now
    assert result["study"]["id"] == "A 1"


@pytest.mark.parametrize(
    ("more", "words_said"),
    [
        (["--set", "calcium.treshold_hu=1"], "calcium.treshold_hu"),
        (["--set", "nonsense"], "NAME=VALUE"),
        (["--sex", "X"], "patient.sex"),
        (["--series", "2"], "2"),
        (["--vertebrae", "missing.nii.gz"], "vertebrae.nii.gz does not exist"),
    ],
)
def test_unusable_options_are_one_sentence_and_write_nothing(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], words_said: str
) -> None:
    assert words_said in refused([*words, *more], capsys)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("which", [1, 3, 5, 7])
def test_missing_and_damaged_files_are_named_by_what_they_are_for_or_as_they_are_where_names_are_asked_for(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], which: int
) -> None:
    path = Path(words[which])
    content = path.read_bytes()
    neutral = {1: "image.nrrd", 3: "seeds.mrk.json", 5: "rois.mrk.json", 7: "settings.json"}[which]
    for damage in (b"", content[: len(content) // 2], b"\x00\xff" * 100):
        path.write_bytes(damage)
        assert neutral in refused(words, capsys)
        assert path.name in refused([*words, "--identifiers"], capsys)
    path.unlink()
    assert neutral in refused(words, capsys)
    assert not (tmp_path / "out").exists()


def test_seeds_and_regions_are_not_interchanged(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    words[3], words[5] = words[5], words[3]
    assert "--seeds" in refused(words, capsys)


def test_a_folder_that_is_no_result_is_left_alone(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    assert "out" in refused(words, capsys)
    assert (tmp_path / "out" / "thesis.txt").exists()


def test_wrong_use_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main(["analyze"]) == 2
    assert main(["nonsense"]) == 2
    assert main(["--version"]) == 0
    assert __version__ in capsys.readouterr().out


def test_an_interrupted_run_writes_nothing(words: list[str], tmp_path: Path) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    assert main(words, after_analysis=interrupt) == 130
    assert not (tmp_path / "out").exists()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]


def test_a_caller_can_add_files_before_the_folder_appears(words: list[str], tmp_path: Path) -> None:
    seen = []

    def add(result: object, inputs: object, folder: Path) -> None:
        seen.append((tmp_path / "out").exists())
        (folder / "scene.mrb").write_bytes(b"scene")

    assert main(words, after_analysis=add) == 0
    assert seen == [False]
    assert (tmp_path / "out" / "scene.mrb").read_bytes() == b"scene"
    assert main(words, after_analysis=add) == 0


def test_the_module_runs_as_a_program() -> None:
    done = subprocess.run([sys.executable, "-m", "CACBoneAxisLib", "--version"], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.strip() == f"CACBoneAxis {__version__}"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_the_bar_shows_after_its_wait_and_clears_itself() -> None:
    terminal = Terminal()
    bar = ProgressBar(terminal, wait_seconds=1000)
    bar("Reading", 0.5)
    bar.close()
    assert terminal.getvalue() == ""
    bar = ProgressBar(terminal, wait_seconds=0)
    bar("Reading", 0.5)
    assert "Reading" in terminal.getvalue()
    assert "[############............]  50%" in terminal.getvalue()
    bar.close()
    assert terminal.getvalue().rstrip(" \r").endswith("50%")


def test_elsewhere_each_step_is_one_line() -> None:
    stream = io.StringIO()
    bar = ProgressBar(stream, wait_seconds=0)
    for fraction in (0.1, 0.2, 0.3):
        bar("Reading", fraction)
    bar("Scoring", 0.4)
    bar.close()
    assert stream.getvalue() == "Reading\nScoring\n"


def test_a_protocol_is_a_name_or_a_file_of_ones_own(tmp_path: Path) -> None:
    files = write_small_study(tmp_path)
    own = tmp_path / "site.toml"
    own.write_text('protocol = "site"\ncitation = "SOP 7"\nminimum_area_mm2 = 5.0\n')
    words = ["analyze", str(files["image"]), "--seeds", str(files["seeds"])]
    for name, protocol, agatston in (("canon", "canon", 26.0), (str(own), "site", 18.0)):
        folder = tmp_path / protocol
        assert main([*words, "--protocol", name, "--output", str(folder)]) == 0
        written = json.loads((folder / "result.json").read_text())
        assert written["calcium"]["protocol"]["protocol"] == protocol
        # Of both lesions (9 mm2 x 2 and 2 x 4 mm2) only the first has regions of 5 mm2.
        assert written["calcium"]["total"]["agatston"] == agatston
    assert main([*words, "--protocol", "nobodys", "--output", str(tmp_path / "bad")]) == 2
    assert not (tmp_path / "bad").exists()


def test_answers_about_the_patient_and_the_visual_score_reach_the_result(tmp_path: Path) -> None:
    files = write_small_study(tmp_path)
    words = ["analyze", str(files["image"]), "--seeds", str(files["seeds"]), "--output", str(tmp_path / "out")]
    words += ["--smoker", "no", "--diabetes", "yes", "--bmi", "27", "--visual", "0", "1", "2", "3"]
    assert main(words) == 0
    written = json.loads((tmp_path / "out" / "result.json").read_text())
    assert written["calcium"]["visual"]["sum"] == 6
    assert [i["rule"] for i in written["calcium"]["rescan"]] == ["sevrukov", "chung"] * 2
    assert written["provenance"]["settings"]["patient"]["diabetes"] is True
    assert main([*words[:-4], "0", "1", "2", "4"]) == 2


def test_references_and_equations_can_be_asked_for_and_are_printed_with_their_sources(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = {"reference": "own", "site": "lumbar", "material": "HA", "sex": "F", "source": "our cohort, table 2"}
    file = tmp_path / "own.json"
    file.write_text(json.dumps({"rows": [own | {"mean_mg_cm3": 160, "sd_mg_cm3": 20}]}))
    more = ["--site-references", str(file), "--t-score-reference", "own", "--z-score-reference", "mesa-2013"]
    more += ["--ethnicity", "white", "--estimates", "faulkner-1993", "toelly-2017-venous"]
    assert main([*words, *more]) == 0
    bone = result_of(tmp_path / "out")["bone"]
    (vertebra,) = bone["vertebrae"]
    # 0.8 x 120 + 2 = 98 mg HA/cm3; White women of 60-64, lumbar: 115.1 +- 29.5; K = (98 + 7.32) / 1.15
    assert vertebra["t_score"] == {"value": (98 - 160) / 20, "reference": "own", "source": "our cohort, table 2"}
    assert vertebra["z_score"]["value"] == pytest.approx((98 - 115.1) / 29.5)
    (estimate,) = vertebra["estimates"]
    assert estimate["value"] == pytest.approx(91.5826087)
    assert (estimate["material"], estimate["measured"]) == ("K2HPO4", 98)
    codes = [f["code"] for f in bone["findings"]]
    assert codes.count("estimate-not-applied") == codes.count("z-score-material") == 1
    assert bone["protocol"]["site_references"][0]["mean_mg_cm3"] == 160
    printed = capsys.readouterr().out
    assert "Z-score: -0.58 against White women, 60-64 years, lumbar (115.1 ± 29.5 mg/cm3, mesa-2013)" in printed
    assert "estimate in K2HPO4: 91.6 mg/cm3 K2HPO4, measured 98.0" in " ".join(printed.split())


def test_names_that_are_not_on_file_are_refused_with_those_that_are(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert "known are mesa-2013" in refused([*words, "--z-score-reference", "nhanes"], capsys)
    assert "faulkner-1993" in refused([*words, "--estimates", "guess"], capsys)


def test_verbose_says_what_is_done_and_nothing_of_the_patient(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Mustermann_Eva").mkdir()
    files = write_small_study(tmp_path / "Mustermann_Eva")
    words = ["analyze", str(files["image"]), "--seeds", str(files["seeds"]), "--output"]
    assert main([*words, str(tmp_path / "plain")]) == 0
    assert "CACBoneAxisLib" not in capsys.readouterr().err
    assert main([*words, str(tmp_path / "log"), "--verbose"]) == 0
    log = capsys.readouterr().err
    assert "CACBoneAxisLib.study.loading: read NRRD of 60 x 60 x 12 voxels" in log
    assert "scored 2 lesions" in log
    assert "Mustermann" not in log and str(tmp_path) not in log
    # The next command is silent again.
    assert main([*words, str(tmp_path / "after")]) == 0
    assert capsys.readouterr().err == ""
