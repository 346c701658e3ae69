"""From images to the paper: calcium and bone are tied by a law, and batch and cohort find it again."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from small_batch import rows_of, write_manifest
from small_study import ORIGIN_MM, SPACING_MM, TRABECULAR_HU, small_image, small_region, small_seeds

from CACBoneAxisLib.cli import main
from CACBoneAxisLib.imaging.markups import PointList, write_markups

pytest.importorskip("statsmodels")

STUDIES = 60
# ln(volume + 1) falls by 0.3 with every 10 HU of bone, and rises by 0.2 with every 10 years.
BONE_PER_10, AGE_PER_10, NOISE = -0.3, 0.2, 0.25
VOXEL_MM3 = SPACING_MM[0] * SPACING_MM[1] * SPACING_MM[2]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[int, int]]]:
    """Write the studies; return their manifest, and bone (HU) and calcium (voxels) of each."""
    folder = tmp_path_factory.mktemp("cohort")
    random = np.random.default_rng(4)
    write_markups(folder / "seeds.mrk.json", [PointList("seeds", small_seeds().points[:1])])
    write_markups(folder / "L1.mrk.json", [small_region()])
    rows, truth = [], []
    for number in range(STUDIES):
        age = float(random.uniform(45, 85))
        bone = round(random.normal(TRABECULAR_HU - 0.8 * (age - 65), 15))
        mean = 4.0 + BONE_PER_10 * (bone - TRABECULAR_HU) / 10 + AGE_PER_10 * (age - 65) / 10
        voxels = int(np.clip(np.expm1(mean + random.normal(0, NOISE)) / VOXEL_MM3, 8, 1200))
        hu = small_image().hu.copy()
        hu[hu == TRABECULAR_HU] = bone
        hu[4, 10:16, 10:16] = 40
        hu[7:9, 20:24, 40:44] = 40
        # Row by row from the seed (voxel 12, 12 of slice 4) on, slice after slice.
        lesion = np.zeros((7, 16, 20), dtype=bool)
        lesion.flat[:voxels] = True
        hu[4:11, 12:28, 12:32][lesion] = 250
        itk = SimpleITK.GetImageFromArray(hu)
        itk.SetSpacing(SPACING_MM)
        itk.SetOrigin(ORIGIN_MM)
        SimpleITK.WriteImage(itk, str(folder / f"{number}.nrrd"))
        rows.append(
            [f"n{number:02d}", f"{number}.nrrd", "seeds.mrk.json", "L1.mrk.json", f"{age:.1f}", "FM"[number % 2], "no"]
        )
        truth.append((bone, voxels))
    header = ["study_id", "image", "seeds", "regions", "age_years", "sex", "acquisition.contrast"]
    return write_manifest(folder / "manifest.csv", rows, header), truth


def bone_coefficient(folder: Path) -> dict[str, float]:
    found = json.loads((folder / "cohort.json").read_text(encoding="utf-8"))["models"]
    return next(m for m in found if m["kind"] == "linear" and m["adjustment"] != "unadjusted")["coefficients"][0]


def test_the_batch_measures_what_was_put_in_and_the_cohort_finds_the_law(cohort, tmp_path):
    manifest, truth = cohort
    assert main(["batch", str(manifest), "--output", str(tmp_path / "out"), "--workers", "2"]) == 0
    rows = rows_of(tmp_path / "out" / "results.csv")
    assert len(rows) == STUDIES
    for row, (bone, voxels) in zip(rows, truth, strict=True):
        assert float(row["mean_hu"]) == bone
        assert float(row["volume_mm3"]) == pytest.approx(voxels * VOXEL_MM3)
    words = ["--outcome", "volume_mm3", "--output"]
    assert main(["cohort", str(tmp_path / "out"), *words, str(tmp_path / "found")]) == 0
    found = bone_coefficient(tmp_path / "found")
    assert found["low"] < BONE_PER_10 < found["high"] < 0

    # The control: the same scans, bone dealt out anew.
    dealt = np.random.default_rng(8).permutation([row["mean_hu"] for row in rows])
    with (tmp_path / "shuffled.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows({**row, "mean_hu": value} for row, value in zip(rows, dealt, strict=True))
    assert main(["cohort", str(tmp_path / "shuffled.csv"), *words, str(tmp_path / "control")]) == 0
    control = bone_coefficient(tmp_path / "control")
    assert control["low"] < 0 < control["high"]
    assert not control["low"] < BONE_PER_10 < control["high"]
