"""No command replaces anything but its own earlier output of the same study, and none touches an input."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from small_batch import study_row, write_manifest
from small_study import write_small_study

from CACBoneAxisLib.cli import main
from CACBoneAxisLib.study.destination import Destination


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def study(folder: Path, shift: int = 0) -> list[str]:
    """Write a small study, its image shifted by so many HU in one corner, and return the words that analyse it."""
    folder.mkdir()
    files = write_small_study(folder)
    if shift:
        import SimpleITK

        image = SimpleITK.ReadImage(str(files["image"]))
        image[0, 0, 0] = int(image[0, 0, 0]) + shift
        SimpleITK.WriteImage(image, str(files["image"]))
    return [
        "analyze",
        str(files["image"]),
        *("--seeds", str(files["seeds"]), "--rois", str(files["region"]), "--settings", str(files["settings"])),
    ]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Results A and B of two images."""
    for name, shift in (("a", 0), ("b", 1)):
        assert main([*study(tmp_path / f"{name}.study", shift), "--output", str(tmp_path / name)]) == 0
    return tmp_path


def refused(capsys: pytest.CaptureFixture[str], words: list[str]) -> str:
    assert main(words) == 2
    return capsys.readouterr().err


def change_provenance(folder: Path, **entries: object) -> None:
    result = json.loads((folder / "result.json").read_text())
    result["provenance"] |= entries
    (folder / "result.json").write_text(json.dumps(result))


def test_analyze_replaces_a_result_of_the_same_image_and_moves_one_of_another_aside(results: Path, capsys) -> None:
    words = study(results / "again")
    assert main([*words, "--output", str(results / "a")]) == 0
    assert not (results / "a.replaced-1").exists()
    assert "replaced" not in capsys.readouterr().out
    before = content(results / "b")
    assert main([*words, "--output", str(results / "b")]) == 0
    assert content(results / "b.replaced-1") == before
    assert "What was in b is now in b.replaced-1." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("entry", "said"),
    [({"approved": {"name": "Reader", "time": "2026-01-01T00:00:00+00:00"}}, "approved"), ({"review": {}}, "")],
)
def test_an_approved_or_corrected_result_stays(results: Path, capsys, entry, said) -> None:
    if not said:
        entry, said = {"review": {"corrections": 1}}, "corrected"
    change_provenance(results / "a", **entry)
    before = content(results / "a")
    words = [*study(results / "again"), "--output", str(results / "a")]
    assert said in refused(capsys, words)
    assert content(results / "a") == before
    for number in (1, 2):
        assert main([*words, "--overwrite"]) == 0
        change_provenance(results / "a", **entry)
        assert (results / f"a.replaced-{number}").is_dir()
    assert content(results / "a.replaced-1") == before


def test_compare_does_not_write_over_or_into_what_it_compares(results: Path, capsys) -> None:
    before = content(results)
    for output in (results / "b", results / "b" / "change", results):
        said = refused(
            capsys, ["compare", str(results / "a"), str(results / "b"), "--output", str(output), "--overwrite"]
        )
        assert "is an input, holds one, or lies inside one" in said
    assert content(results) == before


def test_compare_replaces_its_own_comparison_and_not_one_of_other_scans(results: Path) -> None:
    words = ["compare", str(results / "a"), str(results / "b"), "--output", str(results / "change")]
    assert main(words) == 0
    assert main(words) == 0
    assert not (results / "change.replaced-1").exists()
    assert main(["compare", str(results / "b"), str(results / "a"), "--output", str(results / "change")]) == 0
    assert (results / "change.replaced-1" / "comparison.json").is_file()


def test_compare_and_qa_leave_another_command_s_folder_alone(results: Path, capsys) -> None:
    shutil.copytree(results / "a", results / "reading")
    before = content(results / "reading")
    refused(capsys, ["compare", str(results / "a"), str(results / "b"), "--output", str(results / "reading")])
    refused(capsys, ["qa", calibration(results), "--output", str(results / "reading")])
    assert content(results / "reading") == before


def calibration(folder: Path, **changes: object) -> str:
    entry = {"kind": "asynchronous", "slope": 0.8, "intercept": 4.0, "material": "HA", "phantom": "b-mas200"}
    entry |= {"source": "test", "date": "2026-01-05", "r2": 0.9999, "residuals_hu": [1.0, -2.5], "kvp": 120.0}
    entry |= {"manufacturer": "A", "model": "B", "kernel": "K", "table_height_mm": 150.0}
    path = folder / "calibration.json"
    path.write_text(json.dumps({"bone": {"calibration": entry | changes}}))
    return str(path)


def test_qa_replaces_a_history_of_the_same_series_only(tmp_path: Path) -> None:
    assert main(["qa", calibration(tmp_path), "--output", str(tmp_path / "out")]) == 0
    assert main(["qa", calibration(tmp_path, date="2026-02-05"), "--output", str(tmp_path / "out")]) == 0
    before = content(tmp_path / "out")
    assert main(["qa", calibration(tmp_path, model="C"), "--output", str(tmp_path / "out")]) == 0
    assert content(tmp_path / "out.replaced-1") == before


def test_batch_moves_aside_what_is_there_only_when_asked_and_never_writes_among_its_inputs(
    tmp_path: Path, capsys
) -> None:
    study(tmp_path / "s1")
    manifest = write_manifest(
        tmp_path / "manifest.csv", [["s1", "s1/ct.nrrd", "s1/seeds.mrk.json", "s1/L1.mrk.json", "s1/settings.json"]]
    )
    assert study_row("s1")[1] == "s1/ct.nrrd"
    words = ["batch", str(manifest), "--workers", "1", "--output"]
    before = content(tmp_path)
    for output in (tmp_path, tmp_path / "s1"):
        assert "is an input" in refused(capsys, [*words, str(output), "--overwrite"])
    assert content(tmp_path) == before
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    refused(capsys, [*words, str(tmp_path / "out")])
    assert main([*words, str(tmp_path / "out"), "--overwrite"]) == 0
    assert (tmp_path / "out.replaced-1" / "thesis.txt").read_text() == "years of work"
    assert (tmp_path / "out" / "results.csv").is_file()


def test_a_manifest_is_not_written_over_another(tmp_path: Path, capsys) -> None:
    study(tmp_path / "s1")
    words = ["make-manifest", str(tmp_path)]
    assert main(words) == 0
    (tmp_path / "manifest.csv").write_text("edited by hand\n")
    refused(capsys, words)
    assert main([*words, "--overwrite"]) == 0
    assert (tmp_path / "manifest.csv.replaced-1").read_text() == "edited by hand\n"


def test_a_file_replaces_only_a_file_of_equal_content(tmp_path: Path) -> None:
    target = Destination(tmp_path / "calibration.json")
    target.write(lambda path: path.write_text("one") and None)
    target.write(lambda path: path.write_text("one") and None)
    with pytest.raises(ValueError, match="--overwrite"):
        target.write(lambda path: path.write_text("two") and None)
    assert target.path.read_text() == "one"
    Destination(target.path, overwrite=True).write(lambda path: path.write_text("two") and None)
    assert (target.path.read_text(), (tmp_path / "calibration.json.replaced-1").read_text()) == ("two", "one")


def test_links_do_not_hide_an_input(results: Path, capsys) -> None:
    (results / "link").symlink_to(results / "b", target_is_directory=True)
    words = ["compare", str(results / "a"), str(results / "b"), "--output", str(results / "link")]
    assert "is an input" in refused(capsys, words)
