"""Everything at once, into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from CACBoneAxisLib.report.write import FILES, write_reports


def test_all_files_are_written_and_the_same_result_gives_the_same_bytes(example: Any, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_reports(tmp_path / name, example.result, example.image, example.calcium_masks, example.bone_masks)
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == sorted(FILES)
    for name in FILES:
        content = (tmp_path / "a" / name).read_bytes()
        assert content == (tmp_path / "b" / name).read_bytes()
    for name in ("lesions.csv", "vertebrae.csv", "report.html"):
        assert b"\r" not in (tmp_path / "a" / name).read_bytes()


def test_a_scan_that_nobody_read_gives_all_files_too(example: Any, tmp_path: Path) -> None:
    calcium, bone = example.result["calcium"], example.result["bone"]
    nothing = {"agatston": None, "volume_mm3": None, "mass_mg": None, "lesions": None}
    calcium |= {"lesions": [], "total": {**nothing, "arteries": None}}
    calcium["territories"] = {code: dict(nothing) for code in calcium["territories"]}
    bone |= {"vertebrae": [], "summary": {"levels": [], "mean_hu": None, "findings": []}, "calibration": None}
    write_reports(tmp_path, example.result, example.image, {}, {})
    assert (tmp_path / "lesions.csv").read_text(encoding="utf-8").count("\n") == 1
    assert "not measured" in (tmp_path / "report.html").read_text(encoding="utf-8")
