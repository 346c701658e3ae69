"""Review the studies of a batch: list, open, correct and replace their rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from CACBoneAxisLib.cohort.review import ReviewedStudy, list_studies, replace_reading
from CACBoneAxisLib.mrml.archive import keep_choices
from CACBoneAxisLib.mrml.scene import find_result, reading_nodes, result_mapping
from CACBoneAxisLib.reading import review
from CACBoneAxisLib.reading.host import Progress
from CACBoneAxisLib.reading.i18n import tr as _
from CACBoneAxisLib.reading.words import verdict_words
from CACBoneAxisLib.reading.workspace import Workspace
from CACBoneAxisLib.report.numbers import format_value

Run = Callable[[Callable[[Progress], object]], str]


class BatchReview:
    """Opens the studies of a batch folder one at a time as readings in the scene.

    Parameters
    ----------
    workspace : of the scene
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.studies: dict[str, ReviewedStudy] = {}
        self._compared: tuple[Any, bool] | None = None

    @property
    def folder(self) -> Path | None:
        """The selected batch folder, or None."""
        session = self.workspace.session
        folder = str(session.batchFolder) if session is not None else "."
        return None if folder in ("", ".") else Path(folder).absolute()

    @property
    def opened(self) -> tuple[Path, str] | None:
        """Batch and study the current reading was opened from, or None."""
        reading = self.workspace.reading
        return review.study_of(reading.volume) if reading is not None else None

    def list(self) -> None:
        """Read the folder; raise UnusableInputError if it holds no batch."""
        self.studies = {}
        if self.folder is not None:
            # Not by study_id: a manifest may repeat one, and the duplicate is a separate failure.
            self.studies = {str(n): study for n, study in enumerate(list_studies(self.folder))}

    def open(self, study: ReviewedStudy, run: Run) -> tuple[str, bool]:
        """Load and score a study with its row's reading, closing the previous one.

        Parameters
        ----------
        run : runs the work, as ``Host.run``

        Returns
        -------
        message : one-sentence error, empty on success
        opened : whether the study has just become the current reading
        """
        batch, before = self.folder, self.workspace.reading
        if batch is None or not study.usable or self.workspace.busy:
            return "", False
        record = before.result() if before is not None else None
        finished = before is not None and record is not None and self._is_finished(record)
        there = review.find_study(self.workspace.scene, batch, study.study_id)
        if before is not None and there is not None and there is before.volume:
            return "", False
        message = run(lambda progress: self._open(batch, study.study_id, there, progress))
        opened = self.opened == (batch, study.study_id)
        if opened and finished:
            review.close_study(self.workspace.scene, record)
        return message, opened

    def replace(self, run: Run) -> str:
        """Replace the row with the corrected reading.

        Returns one sentence with the confirmation or the error.
        """
        reading, opened = self.workspace.reading, self.opened
        if reading is None or opened is None or self.cannot_replace() or self.workspace.busy:
            return ""
        record = reading.result()

        def work(progress: Progress) -> None:
            replace_reading(*opened, review.corrected_reading(record), progress)
            self._note_opened(record)

        message = run(work)
        done = _("The row of {study} holds this reading now; the earlier result is kept.").format(study=opened[1])
        return message or str(done)

    def cannot_replace(self) -> str:
        """Return why the row cannot be replaced; empty if it can."""
        reading = self.workspace.reading
        if reading is None or self.opened is None:
            return _("Open a study of the batch first.")
        if not reading.not_current() and self._as_opened(reading.result()):
            return _("Nothing was corrected: the row holds this reading.")
        return reading.not_current()

    def _open(self, batch: Path, study_id: str, there: Any, progress: Progress) -> None:
        scene = self.workspace.scene
        record = find_result(scene, there) if there is not None else None
        if record is not None:
            # It has a correction not yet written to a row.
            keep_choices(reading_nodes(record), result_mapping(record)["provenance"]["settings"], scene)
            return
        nodes = review.open_study(scene, batch, study_id, lambda text, part: progress(text, part / 2))
        reading = self.workspace.reading
        if reading is None:
            return
        review.note_opened(nodes, reading.settings.to_mapping(), None)
        if nodes.seeds is None and not nodes.regions and nodes.vertebrae is None:
            return
        reading.measure(lambda text, part: progress(text, 0.5 + part / 2))
        self._note_opened(reading.result())

    def _note_opened(self, record: Any) -> None:
        review.note_opened(reading_nodes(record), result_mapping(record)["provenance"]["settings"], record)
        self._compared = None

    def _as_opened(self, record: Any) -> bool:
        state = (record, record.GetMTime())
        if self._compared is None or self._compared[0] != state:
            self._compared = state, review.is_as_opened(record.GetNodeReference("volume"), record)
        return self._compared[1]

    def _is_finished(self, record: Any) -> bool:
        """Return whether closing the current study loses nothing."""
        reading = self.workspace.reading
        if reading is None or self.opened is None or reading.changed_since_result:
            return False
        return self._as_opened(record)


def study_titles() -> list[str]:
    """Return the column titles for :func:`study_texts`."""
    return [
        _("Study"),
        _("State"),
        _("Agatston"),
        _("Category"),
        _("Mean HU"),
        _("BMD"),
        _("For calcium"),
        _("For bone"),
        _("Remark"),
    ]


def study_texts(study: ReviewedStudy) -> list[str]:
    """Return a study's cells: state, numbers, verdicts and reasons for gaps."""
    row = study.row
    if not row:
        state = _("failed") if study.problem else _("not analysed yet")
        return [study.study_id, state, "", "", "", "", "", "", study.problem]
    category = next((value for name, value in row.items() if name.startswith("category_")), None)
    reasons = [row[name] for name in ("calcium_reason", "bone_reason") if row[name]]
    state = _("complete")
    if study.corrections:
        state = (
            _("corrected") if study.corrections == 1 else _("corrected {count} times").format(count=study.corrections)
        )
    return [
        study.study_id,
        state,
        format_value(row["agatston"], "agatston"),
        category or "",
        format_value(row["mean_hu"], "mean_hu"),
        format_value(row["bmd_mg_cm3"], "bmd"),
        verdict_words().get(row["calcium_verdict"], ""),
        verdict_words().get(row["bone_verdict"], ""),
        " ".join(reasons),
    ]
