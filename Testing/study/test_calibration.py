"""A phantom scan becomes a file that calibrates scans of its own kind and refuses all others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import SimpleITK

from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.cli import main
from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.phantom import TorsoParameters, make_torso, write_torso

SCANNER = {"kvp": 120.0, "manufacturer": "A", "model": "B", "kernel": "K", "table_height_mm": 150.0}


@pytest.fixture(scope="module")
def torso(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_torso(make_torso(TorsoParameters.spine(slice_increment_mm=6.0)), tmp_path_factory.mktemp("torso"))


def words(scanner: dict[str, object]) -> list[str]:
    return [word for name, value in scanner.items() for word in ("--set", f"acquisition.{name}={json.dumps(value)}")]


def calibrated(torso: dict[str, Path], folder: Path) -> Path:
    file = folder / "calibration.json"
    said = ["calibrate", str(torso["ct"]), "--phantom", "mindways", "--date", "2026-03-03", "--output", str(file)]
    assert main([*said, *words(SCANNER)]) == 0
    return file


def analyzed(torso: dict[str, Path], folder: Path, more: list[str]) -> dict:
    said = ["analyze", str(torso["ct"]), "--rois", str(torso["L1"]), str(torso["L2"]), "--output", str(folder / "out")]
    assert main([*said, *more]) == 0
    return json.loads((folder / "out" / "result.json").read_text())["bone"]


def test_a_scan_of_the_same_kind_is_calibrated(
    torso: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = calibrated(torso, tmp_path)
    assert "rod A" in capsys.readouterr().out
    entry = json.loads(file.read_text())["bone"]["calibration"]
    # The law of the torso: docs/torso.md.
    assert entry["slope"] == pytest.approx(0.800283, rel=0.005)
    assert entry["intercept"] == pytest.approx(8.122907, abs=1)
    assert len(entry["residuals_hu"]) == 5
    bone = analyzed(torso, tmp_path, ["--calibration", str(file), *words(SCANNER | {"table_height_mm": 158})])
    assert "calibration-asynchronous" in [f["code"] for f in bone["findings"]]
    assert "2026-03-03" in next(f["message"] for f in bone["findings"] if f["code"] == "calibration-asynchronous")
    assert bone["summary"]["bmd"]["value"] == pytest.approx((108 + 104) / 2, abs=3)


def test_the_same_rods_calibrate_the_scan_they_are_in(torso: dict[str, Path], tmp_path: Path) -> None:
    bone = analyzed(torso, tmp_path, ["--phantom", "mindways"])
    assert bone["calibration"]["kind"] == "phantom"
    assert bone["calibration"]["slope"] == pytest.approx(0.800283, rel=0.005)
    assert [rod["name"] for rod in bone["calibration"]["phantom_scan"]["rods"]] == ["A", "B", "C", "D", "E"]
    assert bone["summary"]["bmd"]["value"] == pytest.approx((108 + 104) / 2, abs=3)
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert "bone-opportunistic" not in [f["code"] for f in result["suitability"]["bone"]["findings"]]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Calibration" in page


LINE = {"slope": 0.8, "intercept": 0.0, "material": "HA"}


@pytest.mark.parametrize(
    ("change", "words_said"),
    [
        ({"kvp": 100.0}, "tube voltage: calibration 120 kVp, scan 100 kVp"),
        ({"manufacturer": "C"}, "manufacturer: calibration A, scan C"),
        ({"model": "C"}, "model: calibration B, scan C"),
        ({"kernel": "S"}, "kernel: calibration K, scan S"),
        ({"table_height_mm": 161.0}, "table height: calibration 150 mm, scan 161 mm"),
        ({"kernel": None}, "kernel: calibration K, scan not known"),
    ],
)
def test_another_kind_of_scan_is_refused_with_what_differs(change: dict[str, object], words_said: str) -> None:
    calibration = Calibration(kind="asynchronous", **LINE, **SCANNER)  # type: ignore[arg-type]
    scan = SCANNER | change
    usable, said = calibration.check(scan["kvp"], Acquisition(**scan))  # type: ignore[arg-type]
    assert not usable
    assert [f.code for f in said] == ["calibration-differs"]
    assert words_said in said[0].message
    assert calibration.check(120.0, Acquisition(**SCANNER))[0]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "words_said"),
    [
        ([], "acquisition.table_height_mm"),
        (["--set", "bone.calibration.rods=[]", *words({**SCANNER, "kernel": None})], "acquisition.kernel"),
    ],
)
def test_a_phantom_scan_that_does_not_say_how_it_was_made_is_refused(
    torso: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], words_said: str
) -> None:
    said = ["calibrate", str(torso["ct"]), "--phantom", "mindways", "--output", str(tmp_path / "c.json"), *arguments]
    assert main(said) == 2
    assert words_said in capsys.readouterr().err
    assert not (tmp_path / "c.json").exists()


def test_rods_that_are_refused_make_no_file(
    torso: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = ["calibrate", str(torso["ct"]), "--phantom", "b-mas200", "--output", str(tmp_path / "c.json")]
    assert main([*said, *words(SCANNER)]) == 2
    assert "no calibration is written" in capsys.readouterr().err
    assert not (tmp_path / "c.json").exists()


def test_a_settings_file_is_no_calibration_file(
    torso: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = ["analyze", str(torso["ct"]), "--calibration", str(torso["settings"]), "--output", str(tmp_path / "out")]
    assert main(said) == 2
    assert "holds no calibration" in capsys.readouterr().err


def test_the_volume_of_the_torso_is_what_was_read(torso: dict[str, Path]) -> None:
    assert SimpleITK.ReadImage(str(torso["ct"])).GetSpacing()[2] == 6.0
