"""Batch review: list studies, reopen one, and replace its row with a corrected reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CACBoneAxisLib.cohort.batch import JOURNAL, BatchFolder, write_tables
from CACBoneAxisLib.cohort.corrections import (
    CorrectedReading,
    keep_previous,
    keep_reading,
    last_correction,
    roll_back,
)
from CACBoneAxisLib.cohort.journal import read_outcomes
from CACBoneAxisLib.cohort.plan import Plan, read_plan
from CACBoneAxisLib.cohort.task import STUDIES, Task, current, make_task, process, study_files, study_settings
from CACBoneAxisLib.imaging.findings import UnusableInputError, refusal
from CACBoneAxisLib.study import StudyInputs
from CACBoneAxisLib.study.loading import StudyFiles, load_study

Progress = Callable[[str, float], None]

# A user is waiting; a running batch will not finish soon.
LOCK_WAIT_S = 1.0


@dataclass(frozen=True)
class ReviewedStudy:
    """A study of a batch, as journalled.

    Parameters
    ----------
    study_id : as in the manifest
    row : of results.csv; empty without a result
    problem : sentence of failures.csv; empty without one
    usable : False where the manifest row cannot be opened
    """

    study_id: str
    row: Mapping[str, Any]
    problem: str = ""
    usable: bool = True

    @property
    def corrections(self) -> int:
        """How often the reading was corrected."""
        return int(self.row.get("corrections") or 0)


def list_studies(batch: str | Path) -> list[ReviewedStudy]:
    """List a batch's studies in manifest order; a pending one has neither row nor problem.

    Raises
    ------
    UnusableInputError
        When the folder is no batch.
    """
    batch = Path(batch)
    plan = read_plan(batch)
    outcomes = read_outcomes(batch / JOURNAL)
    studies = []
    for row in plan.rows:
        outcome = outcomes.get(row.study_id) or {}
        if row.problem is not None:
            studies.append(ReviewedStudy(row.study_id, {}, row.problem[1], usable=False))
        elif outcome.get("status") == "failed":
            studies.append(ReviewedStudy(row.study_id, {}, outcome["message"]))
        else:
            studies.append(ReviewedStudy(row.study_id, current(outcome, batch)["row"] if outcome else {}))
    return studies


def load_for_review(batch: str | Path, study_id: str, progress: Progress | None = None) -> StudyInputs:
    """Load a study with its current reading: the last correction, else the manifest's.

    A study that failed because its reading is unusable is loaded without one.

    Raises
    ------
    UnusableInputError
        When it is not in the batch, a file is unusable, or its CT differs from the one
        analysed.
    """
    batch = Path(batch).absolute()
    task = _task(batch, read_plan(batch), study_id)
    correction = last_correction(batch, task["folder"])
    files, settings = study_files(task, correction), study_settings(task, correction)
    outcome = read_outcomes(batch / JOURNAL).get(study_id) or {}
    try:
        inputs = load_study(files, settings, study_id, progress)
    except UnusableInputError as error:
        if outcome.get("status") != "failed" or error.code == "file-missing":
            raise
        # The reading is unusable, but the CT can still be read again.
        inputs = load_study(StudyFiles(files.image, series=files.series), settings, study_id, progress)
    analysed = (outcome.get("row") or {}).get("image_sha256")
    if analysed is not None and analysed != inputs.image.source.sha256:
        raise refusal("review-changed", study=study_id)
    return inputs


def replace_reading(
    batch: str | Path, study_id: str, reading: CorrectedReading, progress: Progress | None = None
) -> ReviewedStudy:
    """Replace a study's row with a corrected reading; the earlier one is kept.

    The study is analysed from its files as in the batch, so that resuming gives the same
    result. After an error the study is unchanged.

    Parameters
    ----------
    reading : the reader's decisions
    progress : called with what is being done and the part done (0 to 1); must not raise

    Returns
    -------
    ReviewedStudy
        With the new row.

    Raises
    ------
    UnusableInputError
        When a batch is running in the folder, or the reading cannot be analysed.
    OSError
        When the folder cannot be written.
    """
    batch = Path(batch).absolute()
    plan = read_plan(batch)
    task = _task(batch, plan, study_id)
    folder = BatchFolder(batch, resume=True, wait_seconds=LOCK_WAIT_S)
    try:
        study = batch / STUDIES / task["folder"]
        before = last_correction(batch, task["folder"])
        number = keep_previous(batch, task["folder"], study)
        try:
            keep_reading(batch, task["folder"], number, reading, before)
            outcome = process(task, progress)
            if outcome["status"] != "done":
                raise UnusableInputError(outcome.get("code", "disk-full"), outcome["message"])
        except BaseException:
            roll_back(batch, task["folder"], number, study)
            raise
        folder.journal.add(outcome)
        write_tables(plan.rows, folder, plan.partition_rows)
    finally:
        folder.close()
    return ReviewedStudy(study_id, outcome["row"])


def _task(batch: Path, plan: Plan, study_id: str) -> Task:
    row = plan.row(study_id)
    if row is None:
        problem = next(
            (r.problem[1] for r in plan.rows if r.study_id == study_id and r.problem), "it is not in the batch."
        )
        raise refusal("review-study", study=study_id, why=problem)
    return make_task(row, batch, plan.settings)
