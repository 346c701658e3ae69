"""A batch on real processes: complete, with failures, stopped in every way, and gone on with."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from small_batch import HEADER, TABLES, rows_of, run, study_row, tables, write_manifest
from small_study import LAD_AGATSTON, RCA_AGATSTON, TRABECULAR_HU

from CACBoneAxisLib.cli import main
from CACBoneAxisLib.cohort import task as task_module
from CACBoneAxisLib.cohort.batch import BatchFolder
from CACBoneAxisLib.cohort.executors import WorkerProcess
from CACBoneAxisLib.cohort.manifest import read_manifest
from CACBoneAxisLib.cohort.schema import result_columns
from CACBoneAxisLib.cohort.task import folder_name, make_task
from CACBoneAxisLib.imaging.markups import ControlPoint, PointList, write_markups
from CACBoneAxisLib.phantom import TorsoParameters, make_torso, write_torso

REPOSITORY = Path(__file__).resolve().parents[2]


def command(*words: object, **options) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "CACBoneAxisLib", *map(str, words)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def test_every_study_has_its_row_and_its_folder(studies, tmp_path, capsys):
    manifest = studies(3)
    assert main(["batch", str(manifest), "--output", str(tmp_path / "out"), "--workers", "2"]) == 0
    assert "3 complete, 0 failed" in capsys.readouterr().out
    rows = rows_of(tmp_path / "out" / "results.csv")
    assert [row["study_id"] for row in rows] == ["a00", "a01", "a02"]
    assert list(rows[0]) == list(result_columns())
    assert {float(row["agatston"]) for row in rows} == {LAD_AGATSTON + RCA_AGATSTON}
    assert {float(row["mean_hu"]) for row in rows} == {TRABECULAR_HU}
    assert rows[0]["category_ahmadi"] == "1-100"
    result = json.loads((tmp_path / "out" / "studies" / "a00" / "result.json").read_text(encoding="utf-8"))
    assert result["calcium"]["total"]["agatston"] == float(rows[0]["agatston"])
    assert rows_of(tmp_path / "out" / "failures.csv") == []


def test_parquet_and_csv_hold_the_same(studies, tmp_path):
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    run(studies(2), tmp_path / "out")
    run(tmp_path / "in" / "manifest.csv", tmp_path / "parts", partition_rows=1)
    whole = pandas.read_parquet(tmp_path / "out" / "results.parquet")
    parts = pandas.read_parquet(tmp_path / "parts" / "results.parquet")
    assert len(list((tmp_path / "parts" / "results.parquet").iterdir())) == 2
    pandas.testing.assert_frame_equal(whole, parts)
    assert list(whole.columns) == list(result_columns())
    assert whole["agatston"].tolist() == [float(r["agatston"]) for r in rows_of(tmp_path / "out" / "results.csv")]
    assert whole["contrast"].tolist() == [False, False]


def test_each_wrong_row_is_one_failure_and_the_others_are_complete(studies, tmp_path, capsys):
    studies(2)
    (tmp_path / "in" / "Mustermann_Eva.nrrd").write_bytes(b"no image")
    rows = [
        study_row("a00"),
        ["gone", "gone/ct.nrrd", "", "", ""],
        ["damaged", "Mustermann_Eva.nrrd", "", "", ""],
        study_row("a00"),
        ["=cmd|' /C calc'!A0", *study_row("a01")[1:]],
        ["far", "../../etc/ct.nrrd", "", "", ""],
        [*study_row("a01"), "one", "too", "many"],
        study_row("a01"),
    ]
    manifest = write_manifest(tmp_path / "in" / "manifest.csv", rows)
    text = manifest.read_text(encoding="utf-8").replace("\r\n", "\n").replace("\n", "\r\n")
    manifest.write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert main(["batch", str(manifest), "--output", str(tmp_path / "out"), "--workers", "2"]) == 3
    assert "failures.csv" in capsys.readouterr().out
    complete = rows_of(tmp_path / "out" / "results.csv")
    assert [row["study_id"] for row in complete] == ["a00", "'=cmd|' /C calc'!A0", "a01"]
    failures = rows_of(tmp_path / "out" / "failures.csv")
    assert [(row["line"], row["code"]) for row in failures] == [
        ("3", "file-missing"),
        ("4", "file-unreadable"),
        ("5", "manifest-row"),
        ("7", "manifest-outside"),
        ("8", "manifest-row"),
    ]
    assert all(row["problem"].endswith(".") and "\n" not in row["problem"] for row in failures)
    for name in TABLES[::2]:
        assert "Mustermann" not in (tmp_path / "out" / name).read_text(encoding="utf-8")


def test_resuming_repeats_nothing_that_is_complete_and_notices_what_changed(studies, tmp_path):
    manifest, out = studies(3), tmp_path / "out"
    assert run(manifest, out).kept == 0
    before = tables(out)
    assert run(manifest, out, resume=True).kept == 3
    assert tables(out) == before
    # Touched, but the same: hashed and kept. Another content of the same size and time: only --rehash sees it.
    image = tmp_path / "in" / "a01" / "ct.nrrd"
    os.utime(image, (1, 1))
    assert run(manifest, out, resume=True).kept == 3
    seeds = tmp_path / "in" / "a02" / "seeds.mrk.json"
    status = seeds.stat()
    seeds.write_text(seeds.read_text().replace("RCA-1", "LCX-1"))
    os.utime(seeds, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert run(manifest, out, resume=True).kept == 3
    assert run(manifest, out, resume=True, rehash=True).kept == 2
    rows = rows_of(out / "results.csv")
    assert [float(row["agatston_lcx"]) for row in rows] == [0, 0, RCA_AGATSTON]
    # A result that somebody touched is made anew, and so is one whose row has other settings.
    (out / "studies" / "a00" / "result.json").write_text("{}")
    assert run(manifest, out, resume=True).kept == 2
    changed = [[*study_row("a00"), "70"], [*study_row("a01"), ""], [*study_row("a02"), ""]]
    write_manifest(manifest, changed, [*HEADER, "age_years"])
    assert run(manifest, out, resume=True).kept == 2
    assert [row["age_years"] for row in rows_of(out / "results.csv")] == ["70.0", "63.0", "63.0"]


def test_a_batch_is_not_overwritten_without_resume_nor_anything_else_at_all(studies, tmp_path, capsys):
    manifest, out = studies(1), tmp_path / "out"
    run(manifest, out)
    assert main(["batch", str(manifest), "--output", str(out)]) == 2
    assert "--resume" in capsys.readouterr().err
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").touch()
    assert main(["batch", str(manifest), "--output", str(tmp_path / "other"), "--resume"]) == 2
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["thesis.txt"]


def test_two_batches_do_not_write_into_one_folder(studies, tmp_path, monkeypatch):
    monkeypatch.setattr("CACBoneAxisLib.cohort.journal.FolderLock.__init__.__defaults__", (0.2,))
    held = BatchFolder(tmp_path / "out", resume=False)
    with pytest.raises(ValueError, match="at work"):
        BatchFolder(tmp_path / "out", resume=True)
    held.close()
    BatchFolder(tmp_path / "out", resume=True).close()


def test_a_full_disk_stops_the_batch_and_loses_nothing(studies, tmp_path, monkeypatch):
    manifest, out = studies(3), tmp_path / "out"
    real, calls = task_module.write_study, []

    def fills(result, folder):
        calls.append(folder)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        return real(result, folder)

    monkeypatch.setattr(task_module, "write_study", fills)
    with pytest.raises(ValueError, match="disk is full"):
        run(manifest, out)
    assert not (out / "results.csv").exists()
    assert run(manifest, out, resume=True).kept == 1
    run(manifest, tmp_path / "straight")
    assert tables(out) == tables(tmp_path / "straight")


@pytest.mark.parametrize("what", ["journal.os.fsync", "tables.write_csv"])
def test_a_disk_that_is_full_for_journal_or_tables_is_the_same_sentence(studies, tmp_path, monkeypatch, what):
    def full(*_):
        raise OSError(28, "No space left on device")

    manifest, out = studies(2), tmp_path / "out"
    with monkeypatch.context() as patched:
        patched.setattr(f"CACBoneAxisLib.cohort.{what}", full)
        with pytest.raises(ValueError, match="disk is full"):
            run(manifest, out)
    assert run(manifest, out, resume=True).done == 2
    run(manifest, tmp_path / "straight")
    assert tables(out) == tables(tmp_path / "straight")


def test_a_line_of_the_journal_cut_short_costs_its_study_only(studies, tmp_path):
    manifest, out = studies(3), tmp_path / "out"
    run(manifest, out)
    before = tables(out)
    journal = out / "journal.jsonl"
    journal.write_bytes(journal.read_bytes()[:-200])
    assert run(manifest, out, resume=True).kept == 2
    assert tables(out) == before
    assert run(manifest, out, resume=True).kept == 3


def big_image(path: Path) -> None:
    """Write an image that takes a while to read."""
    hu = np.random.default_rng(0).integers(-200, 120, (60, 300, 300)).astype(np.int16)
    itk = SimpleITK.GetImageFromArray(hu)
    itk.SetSpacing((0.7, 0.7, 3.0))
    SimpleITK.WriteImage(itk, str(path), True)


def test_a_hang_is_a_failure_row_after_the_time_limit(studies, tmp_path):
    studies(1)
    big_image(tmp_path / "in" / "slow.nrrd")
    rows = [["slow", "slow.nrrd", "", "", ""], study_row("a00")]
    manifest = write_manifest(tmp_path / "in" / "manifest.csv", rows)
    task = make_task(read_manifest(manifest)[0], tmp_path / "out", {})
    worker = WorkerProcess(limit_seconds=0.05)
    outcome = worker.run(task)
    worker.close()
    assert (outcome["status"], outcome["code"]) == ("failed", "study-timeout")
    assert "0.05 s" in outcome["message"]


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_crash_of_the_worker_is_a_failure_row_and_is_tried_again_with_resume(studies, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "pipe.nrrd").touch()
    manifest = write_manifest(tmp_path / "in" / "manifest.csv", [["pipe", "pipe.nrrd", "", "", ""]])
    task = make_task(read_manifest(manifest)[0], tmp_path / "out", {})
    worker = WorkerProcess(limit_seconds=60)
    started = worker._started

    def dying():
        child = started()
        child.send_signal(signal.SIGKILL)
        return child

    worker._started = dying
    outcome = worker.run(task)
    assert outcome["code"] == "study-crashed"
    assert "signal 9" in outcome["message"]
    assert "signal 9" in (tmp_path / "out" / outcome["errors"]).read_text(encoding="utf-8")
    assert not task_module._is_still_valid(task, outcome, {})
    worker._started = started
    assert worker.run(task)["code"] == "file-unreadable"
    assert not (tmp_path / "out" / outcome["errors"]).exists()
    worker.close()


@pytest.mark.skipif(os.name == "nt", reason="kill -9")
@pytest.mark.parametrize("chains", [4, pytest.param(40, marks=pytest.mark.slow)])
def test_killed_at_random_moments_the_tables_are_the_same_to_the_byte(studies, tmp_path, chains):
    """Twenty kills, of which some may come too late; in ``make slow`` two hundred."""
    manifest = studies(30)
    straight = command("batch", manifest, "--output", tmp_path / "straight", "--workers", 2)
    began = time.monotonic()
    assert straight.wait() == 0
    longest = min(3.0, 0.4 * (time.monotonic() - began))

    def killed_five_times(seed):
        """Start a batch and kill it, each time leaving the rest to the next; end it and return how often it was hit."""
        moments, out, hit = np.random.default_rng(seed), tmp_path / f"out{seed}", 0
        for number in range(5):
            words = ["batch", manifest, "--output", out, "--workers", 2, "--resume"]
            process = command(*words, start_new_session=True)
            time.sleep(moments.uniform(0.2, longest))
            if process.poll() is None:
                # Now the batch alone, now all of it at once, as a loss of power would.
                hit += 1
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGKILL) if number % 2 else os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        last = command("batch", manifest, "--output", out, "--workers", 1, "--resume")
        assert last.wait() == 0
        return hit

    # Most of the time is spent waiting: four at once.
    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(killed_five_times, range(chains))) >= 0.75 * 5 * chains
    for seed in range(chains):
        out = tmp_path / f"out{seed}"
        assert tables(out) == tables(tmp_path / "straight")
        assert not list((out / "studies").glob(".*"))
        assert sorted(path.name for path in (out / "studies").iterdir()) == [f"a{n:02d}" for n in range(30)]


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_says_how_to_go_on_and_keeps_what_is_complete(studies, tmp_path):
    manifest, out = studies(30), tmp_path / "out"
    # A shell starts what it puts into the background with Ctrl-C ignored, the test run itself included.
    heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    process = command("batch", manifest, "--output", out, "--workers", 1, preexec_fn=heard)
    journal = out / "journal.jsonl"
    until = time.monotonic() + 60
    while time.monotonic() < until and not (journal.exists() and journal.stat().st_size):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "--resume goes on" in err
    assert "Traceback" not in err
    assert 0 < len(journal.read_text(encoding="utf-8").splitlines()) < 30


def test_a_study_s_folder_is_its_name_or_is_made_safe():
    assert folder_name("a-1_b") == "a-1_b"
    names = [folder_name(text) for text in ("../x", "A", "a b", "con", "ä", "=1+1", "x" * 300, "a.b", "a/b")]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 61 and set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
               for name in names)  # fmt: skip


def test_manifests_are_made_of_folders(studies, tmp_path, capsys):
    studies(2)
    (tmp_path / "in" / "manifest.csv").unlink()
    shutil.copy(tmp_path / "in" / "a00" / "ct.nrrd", tmp_path / "in" / "a01" / "second.nrrd")
    (tmp_path / "in" / "a00" / "vertebrae.seg.nrrd").touch()
    assert main(["make-manifest", str(tmp_path / "in")]) == 0
    assert "3 studies" in capsys.readouterr().out
    rows = read_manifest(tmp_path / "in" / "manifest.csv")
    assert [row.study_id for row in rows] == ["s0001", "s0002", "s0003"]
    assert [Path(row.paths("vertebrae")[0]).name for row in rows[:1]] == ["vertebrae.seg.nrrd"]
    assert [len(row.paths("seeds")) for row in rows] == [1, 0, 0]
    assert main(["make-manifest", str(tmp_path / "in")]) == 0
    shutil.rmtree(tmp_path / "in" / "a00")
    assert main(["make-manifest", str(tmp_path / "in")]) == 2


def test_masks_of_single_classes_belong_to_the_study_beside_or_above_them(studies, tmp_path):
    studies(2)
    (tmp_path / "in" / "manifest.csv").unlink()
    segmentations = tmp_path / "in" / "a00" / "segmentations"
    segmentations.mkdir()
    for name in ("vertebrae_L1", "vertebrae_L2", "heart", "liver", "rib_left_1"):
        (segmentations / f"{name}.nii.gz").touch()
    for name in ("vertebrae_L1", "aorta"):
        (tmp_path / "in" / "a01" / f"{name}.nii.gz").touch()
    assert main(["make-manifest", str(tmp_path / "in")]) == 0
    first, second = read_manifest(tmp_path / "in" / "manifest.csv")
    assert first.paths("vertebrae") == first.paths("heart") == [str(segmentations)]
    assert [Path(path).name for path in second.paths("vertebrae")] == ["vertebrae_L1.nii.gz"]
    assert second.paths("heart") == []


def test_a_manifest_of_dicom_folders(tmp_path, dicom_writer, capsys):
    from small_study import small_image

    image = small_image()
    for name in ("Mustermann Eva", "other"):
        (tmp_path / "in" / name).mkdir(parents=True)
        dicom_writer.write_series(tmp_path / "in" / name, image.hu, image.geometry)
    assert main(["make-manifest", str(tmp_path / "in")]) == 0
    assert main(["batch", str(tmp_path / "in" / "manifest.csv"), "--output", str(tmp_path / "out")]) == 0
    rows = rows_of(tmp_path / "out" / "results.csv")
    assert [row["study_id"] for row in rows] == ["s0001", "s0002"]
    assert all("Mustermann" not in path.read_text(encoding="utf-8") for path in (tmp_path / "out").glob("*.csv"))
    state = run(tmp_path / "in" / "manifest.csv", tmp_path / "out", resume=True)
    assert state.kept == 2


def test_the_series_that_suits_is_taken_for_a_dicom_folder_with_several(tmp_path, dicom_writer):
    from small_study import small_image

    image = small_image()
    place = tmp_path / "in" / "one"
    dicom_writer.write_series(place, image.hu, image.geometry, study_uid="1.2.3", prefix="A")
    dicom_writer.write_series(place, image.hu[:1], image.geometry, study_uid="1.2.3", prefix="B")
    assert main(["make-manifest", str(tmp_path / "in"), "--series", "auto"]) == 0
    (row,) = read_manifest(tmp_path / "in" / "manifest.csv")
    assert row.cells["series"] == "auto"
    assert main(["batch", str(tmp_path / "in" / "manifest.csv"), "--output", str(tmp_path / "out")]) == 0
    assert [one["study_id"] for one in rows_of(tmp_path / "out" / "results.csv")] == ["s0001"]


def test_every_column_of_files_reaches_the_study(tmp_path):
    columns = ["seeds", "regions", "vertebra_points", "vertebrae", "heart", "second_image", "reading"]
    header = ["study_id", "image", *columns]
    manifest = write_manifest(tmp_path / "m.csv", [["a", "ct", *(f"{c}-1;{c}-2" for c in columns)]], header)
    (row,) = read_manifest(manifest)
    assert row.problem is None
    files = task_module.study_files(make_task(row, tmp_path, {}), None)
    several = {"seeds": files.seeds, "regions": files.regions, "vertebra_points": files.points}
    several |= {"vertebrae": files.vertebrae, "heart": files.heart}
    assert several == {c: [str(tmp_path / f"{c}-1"), str(tmp_path / f"{c}-2")] for c in several}
    one = {"second_image": files.second, "reading": files.reading}
    assert one == {c: str(tmp_path / f"{c}-1;{c}-2") for c in one}


def test_points_in_vertebrae_measure_in_a_batch_what_the_command_measures(tmp_path):
    torso = make_torso(TorsoParameters.small())
    files = write_torso(torso, tmp_path / "torso")
    points = [ControlPoint(box.name, box.center_mm) for box in torso.regions]
    write_markups(tmp_path / "torso" / "points.mrk.json", [PointList("points", tuple(points))])
    given = ["torso/ct.nrrd", "torso/points.mrk.json", "torso/settings.json"]
    manifest = write_manifest(tmp_path / "m.csv", [["a", *given]], ["study_id", "image", "vertebra_points", "settings"])
    assert run(manifest, tmp_path / "out").failed == 0
    words = ["analyze", str(files["ct"]), "--vertebra-points", str(tmp_path / "torso" / "points.mrk.json")]
    assert main([*words, "--settings", str(files["settings"]), "--output", str(tmp_path / "alone")]) == 0
    alone = json.loads((tmp_path / "alone" / "result.json").read_text(encoding="utf-8"))
    (row,) = rows_of(tmp_path / "out" / "results.csv")
    assert row["bone_levels"] == " ".join(alone["bone"]["summary"]["levels"])
    assert float(row["mean_hu"]) == alone["bone"]["summary"]["mean_hu"]
