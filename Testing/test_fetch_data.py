"""Public scans are taken only as what they were, and are asked for only where they are missing."""

from __future__ import annotations

import hashlib
from pathlib import Path

import fetch_data
import numpy as np
import pytest
import SimpleITK

from CACBoneAxisLib.imaging.geometry import ImageGeometry


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def source(tmp_path, monkeypatch):
    """A project of one scan at an address of its own."""
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "scan.nrrd").write_bytes(b"a scan")
    made = {
        "project": "somebody/scans",
        "licence": "MIT",
        "address": (tmp_path / "there").as_uri() + "/",
        "files": [["chest/ct.nrrd", "scan.nrrd", digest(b"a scan")]],
    }
    monkeypatch.setattr(fetch_data, "SOURCES", [made])
    return made


def test_what_is_missing_is_fetched_once_and_where_tests_look_for_it(source, tmp_path, capsys, monkeypatch):
    cache, nowhere = tmp_path / "cache", tmp_path / "nowhere"
    monkeypatch.setattr(fetch_data, "SHARED", nowhere)
    monkeypatch.setattr(fetch_data, "CACHE", cache)
    assert fetch_data.data_folder() is None
    assert fetch_data.main(cache, nowhere) == 0
    assert (cache / "chest" / "ct.nrrd").read_bytes() == b"a scan"
    assert fetch_data.data_folder() == cache
    (tmp_path / "there" / "scan.nrrd").unlink()
    assert fetch_data.main(cache, nowhere) == 0
    assert "MIT" in capsys.readouterr().out


def test_another_file_than_it_was_is_not_kept(source, tmp_path, capsys):
    (tmp_path / "there" / "scan.nrrd").write_bytes(b"another scan")
    assert fetch_data.main(tmp_path / "cache", tmp_path / "nowhere") == 1
    assert "SHA-256 differs" in capsys.readouterr().out
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file()]


def test_without_the_address_it_says_so_and_the_scans_beside_the_clone_serve(source, tmp_path, capsys):
    (tmp_path / "there" / "scan.nrrd").unlink()
    assert fetch_data.main(tmp_path / "cache", tmp_path / "nowhere") == 1
    assert "scan.nrrd of somebody/scans" in capsys.readouterr().out
    shared = tmp_path / "shared" / "chest"
    shared.mkdir(parents=True)
    (shared / "ct.nrrd").write_bytes(b"a scan")
    assert fetch_data.main(tmp_path / "cache", shared.parent) == 0


def test_a_block_of_a_series_is_cut_out_with_its_place(source, tmp_path, dicom_writer):
    hu = np.arange(5 * 6 * 7, dtype=np.int16).reshape(5, 6, 7)
    series = tmp_path / "there" / "series"
    dicom_writer.write_series(series, hu, ImageGeometry(hu.shape, (0.5, 0.5, 3.0), (-10.0, -20.0, 30.0)))
    files = sorted(series.iterdir())
    source["files"] = [[f"qrm/series/{f.name}", f"series/{f.name}", digest(f.read_bytes())] for f in files]
    block = hu[2:4, 1:4, 3:7].astype("<i2")
    source["crop"] = {"to": "qrm/crop.nrrd", "first_voxel": [3, 1, 2], "size": [4, 3, 2]}
    source["crop"]["pixels_sha256"] = digest(block.tobytes())
    assert fetch_data.main(tmp_path / "cache", tmp_path / "nowhere") == 0
    made = SimpleITK.ReadImage(str(tmp_path / "cache" / "qrm" / "crop.nrrd"))
    assert np.array_equal(SimpleITK.GetArrayFromImage(made), block)
    assert made.GetOrigin() == pytest.approx((-8.5, -19.5, 36.0))


def test_the_table_names_each_file_once_and_the_scans_here_are_those_of_the_table(shared_data: Path):
    rows = [row for one in fetch_data.SOURCES for row in one["files"]]
    assert len({to for to, _, _ in rows}) == len(rows) == 95
    assert all(one["address"].startswith("https://") for one in fetch_data.SOURCES)
    here = [(shared_data / to, sha256) for to, _, sha256 in rows if (shared_data / to).is_file()]
    assert all(digest(path.read_bytes()) == sha256 for path, sha256 in here)
    # All but the 47 slices that the crop is made of, where only the crop is kept.
    assert len(here) in (48, 95)
