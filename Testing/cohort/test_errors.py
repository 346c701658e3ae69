"""A study that failed by a fault leaves the frames, and nothing of the patient or the user."""

from __future__ import annotations

import json
import logging
import subprocess
import sys

import numpy as np
from small_batch import rows_of, run, study_row, write_manifest

from CACBoneAxisLib.cohort import task as task_module
from CACBoneAxisLib.cohort.batch import FAILURES
from CACBoneAxisLib.cohort.errors import error_lines, fault_lines


def broken(*values, **named):
    try:
        np.zeros((3,)).reshape(2, 2)
    except ValueError as error:
        raise KeyError("Mustermann^Eva, born 1950, in /home/eva/ct.nrrd") from error


class InProcess:
    """Runs the tasks of a batch in this process, so that a fault can be put into the library."""

    def outcomes(self, tasks):
        for task in tasks:
            yield json.loads(json.dumps(task_module.process(task)))

    def close(self):
        pass


def test_the_frames_of_a_fault_are_kept_and_failures_csv_points_to_them(studies, tmp_path, monkeypatch, caplog):
    manifest, out = studies(2), tmp_path / "out"
    monkeypatch.setattr(task_module, "analyze", broken)
    with caplog.at_level(logging.INFO, "CACBoneAxisLib"):
        state = run(manifest, out, executor=InProcess())
    assert state.failed == 2
    first, _ = rows_of(out / FAILURES)
    assert (first["code"], first["errors"]) == ("study-error", "errors/a00.txt")
    text = (out / first["errors"]).read_text(encoding="utf-8")
    assert text.splitlines()[1:3] == ["study-error", "KeyError"]
    assert "  CACBoneAxisLib/cohort/task.py:" in text and " _analysed\n" in text
    assert "from ValueError" in text
    for secret in ("Mustermann", "1950", "/home", str(tmp_path), "ct.nrrd", "reshape", "cannot"):
        assert secret not in text
        assert secret not in caplog.text
    assert "CACBoneAxisLib/cohort/task.py" in caplog.text
    monkeypatch.undo()
    # A refusal is no fault: no frames, and those of the earlier run go.
    rows = [study_row("a00"), ["gone", "gone/ct.nrrd", "", "", ""]]
    run(write_manifest(manifest, rows), tmp_path / "other", executor=InProcess())
    assert [row["errors"] for row in rows_of(tmp_path / "other" / FAILURES)] == [""]
    assert not (tmp_path / "other" / "errors").exists()


def test_frames_outside_the_library_are_called_by_their_module():
    try:
        json.loads("{")
    except ValueError as error:
        lines = error_lines(error)
    assert lines[0] == "json.decoder.JSONDecodeError"
    assert "  json.decoder" in lines
    # This test lies in no package.
    assert lines[1] == "  another module"


def test_what_faulthandler_writes_is_read_without_its_paths():
    code = "import faulthandler, CACBoneAxisLib.cohort.errors as e; faulthandler._sigsegv()"
    text = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", code], check=False, capture_output=True, text=True
    ).stderr
    assert fault_lines(text)[:2] == ["Segmentation fault", "  another module"]
    library = task_module.__file__
    written = f'Fatal Python error: Aborted\n\nThread 0x1 (most recent call first):\n  File "{library}", line 7 in f'
    assert fault_lines(written) == ["Aborted", "  CACBoneAxisLib/cohort/task.py:7 f"]
