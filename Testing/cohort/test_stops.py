"""A batch stopped at any change on disk is resumed to the same bytes, and runs no code of the current folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_batch import rows_of

REPOSITORY = Path(__file__).resolve().parents[2]
# Every 23rd change with each of four stops, shifted against each other; 1 takes some minutes.
STEP = os.environ.get("STOP_STEP", "23")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="stops are injected into forked processes")
def test_stopped_in_any_way_at_any_change_a_batch_is_resumed_to_the_same_bytes(studies, tmp_path):
    script = Path(__file__).with_name("stop_batches.py")
    words = [sys.executable, str(script), str(studies(1)), str(tmp_path / "out"), STEP]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(REPOSITORY / "Testing")])}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    stops = dict(line.split() for line in done.stdout.splitlines())
    assert set(stops) == {"KILL", "TERM", "INT", "FULL"}
    assert all(int(number) >= 3 for number in stops.values())


def test_a_module_in_the_current_folder_is_not_run_by_workers(studies, tmp_path):
    manifest = studies(1)
    (manifest.parent / "queue.py").write_text("from pathlib import Path\nPath('planted').touch()\nraise SystemExit\n")
    program = "import sys; from CACBoneAxisLib.cli import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-P", "-c", program, "batch", str(manifest), "--output", str(tmp_path / "out")]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    subprocess.run(words, cwd=manifest.parent, env=environment, check=True, capture_output=True)
    assert not (manifest.parent / "planted").exists()
    assert len(rows_of(tmp_path / "out" / "results.csv")) == 1
