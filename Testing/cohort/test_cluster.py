"""The same batch on a real Dask cluster on this machine, with a worker killed in the middle."""

from __future__ import annotations

import os
import threading
import time

import pytest
from small_batch import InProcess, rows_of, run, tables

from CACBoneAxisLib.cli import main
from CACBoneAxisLib.cohort.cluster import DaskExecutor

distributed = pytest.importorskip("distributed")


@pytest.fixture
def cluster():
    settings = {"distributed.scheduler.worker-ttl": "30s", "distributed.admin.log-format": "%(message)s"}
    import dask

    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
            silence_logs=50,
        ) as one,
    ):
        yield one


@pytest.mark.skipif(os.name == "nt", reason="kill -9")
def test_a_worker_killed_in_the_middle_loses_nothing(studies, tmp_path, cluster):
    manifest, out = studies(12), tmp_path / "out"
    victim = next(iter(cluster.workers.values())).pid
    journal = out / "journal.jsonl"
    killed = []

    def kill() -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if journal.exists() and len(journal.read_bytes().splitlines()) >= 3:
                os.kill(victim, 9)
                killed.append(victim)
                return
            time.sleep(0.02)

    thread = threading.Thread(target=kill)
    thread.start()
    state = run(manifest, out, executor=DaskExecutor(cluster.scheduler_address, 120))
    thread.join()
    assert killed
    assert (state.done, state.failed) == (12, 0)
    run(manifest, tmp_path / "straight", executor=InProcess())
    assert tables(out) == tables(tmp_path / "straight")


def test_the_command_takes_a_scheduler(studies, tmp_path, cluster):
    words = ["batch", str(studies(2)), "--output", str(tmp_path / "out"), "--scheduler", cluster.scheduler_address]
    assert main(words) == 0
    assert len(rows_of(tmp_path / "out" / "results.csv")) == 2


def test_a_scheduler_that_does_not_answer_is_one_sentence(studies, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("CACBoneAxisLib.cohort.cluster.CONNECT_S", 1)
    words = ["batch", str(studies(1)), "--output", str(tmp_path / "out"), "--scheduler", "tcp://127.0.0.1:9"]
    assert main(words) == 2
    assert "No Dask scheduler answers at tcp://127.0.0.1:9." in capsys.readouterr().err
