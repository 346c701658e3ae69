"""Section Batch: the studies of a batch, one of them opened for review, and the corrected reading put in its row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer
from slicer.i18n import tr as _

from CACBoneAxisLib.cohort.review import ReviewedStudy, list_studies, replace_reading
from CACBoneAxisLib.mrml.archive import keep_choices
from CACBoneAxisLib.mrml.parameters import nodes_from_parameters, settings_from_parameters
from CACBoneAxisLib.mrml.scene import find_result, reading_nodes, result_mapping
from CACBoneAxisLib.panel.scan import verdict_words
from CACBoneAxisLib.panel.section import Section, connect, enable, fill, selected_id, set_text
from CACBoneAxisLib.panel.views import show_volume
from CACBoneAxisLib.reading import review
from CACBoneAxisLib.report.numbers import format_value
from CACBoneAxisLib.study import Settings


class BatchSection(Section):
    """Lists a batch's folder, opens a study of it, and replaces the study's row."""

    def __init__(self, panel: Any) -> None:
        super().__init__(panel)
        self._listed: Path | None = None
        self._studies: dict[str, ReviewedStudy] = {}
        self._compared: tuple[Any, bool] | None = None

    def setup(self) -> None:
        """Connect table and buttons."""
        connect(self.ui.batchTable, "itemSelectionChanged()", self.onSelected)
        connect(self.ui.batchTable, "cellDoubleClicked(int,int)", lambda row, column: self.onOpen())
        connect(self.ui.batchRefreshButton, "clicked()", self.onRefresh)
        connect(self.ui.batchOpenButton, "clicked()", self.onOpen)
        connect(self.ui.batchReplaceButton, "clicked()", self.onReplace)
        connect(self.ui.batchCancelButton, "clicked()", self.panel.onCancel)
        self.ui.batchProgressBar.visible = False
        self.ui.batchCancelButton.visible = False
        fill(self.ui.batchTable, [], [])
        set_text(self.ui.batchLabel, "")

    def update(self, parameters: Any) -> None:
        """List the folder where another was chosen; show what can be done."""
        folder = self._folder()
        if folder != self._listed and self.panel.progress is None:
            self._listed = folder
            self._list()
        busy = _("Wait until what is running has ended.") if self.panel.progress is not None else ""
        chosen = "" if folder is not None else _("Choose the folder of a batch first.")
        enable(
            self.ui.batchRefreshButton, busy or chosen, _("Read the folder again, for instance while the batch runs.")
        )
        study = self._selected()
        missing = busy or chosen or ("" if study is not None else _("Choose a study in the table first."))
        if study is not None and not study.usable:
            missing = study.problem
        ready = _("Load {study} with the reading that its row rests on.")
        ready = ready.format(study=study.study_id if study is not None else "")
        enable(self.ui.batchOpenButton, missing, ready)
        opened = review.study_of(self._shown_volume())
        ready = _("Put this reading in the row of {study}; the earlier result is kept.")
        enable(
            self.ui.batchReplaceButton, busy or self._missing(opened), ready.format(study=opened[1] if opened else "")
        )

    # What a user does

    def onSelected(self) -> None:
        """Say why the selected study has no result, where it has none."""
        study = self._selected()
        set_text(self.ui.batchLabel, study.problem if study is not None else "")
        self.update(self.panel.parameters)

    def onRefresh(self) -> None:
        """Read the folder again."""
        self._list()
        self.update(self.panel.parameters)

    def onOpen(self) -> None:
        """Load the selected study, show what its reading comes to, and take the last one out of the scene."""
        study, shown = self._selected(), self._shown_volume()
        batch = self._folder()
        if batch is None or study is None or not study.usable or self.panel.progress is not None:
            return
        study_id = study.study_id
        before = self.panel.result()
        finished = before is not None and self._is_finished(shown, before)
        there = review.find_study(slicer.mrmlScene, batch, study_id)
        if there is not None and there is shown:
            return
        message = self._run(lambda progress: self._open(batch, study_id, there, progress))
        volume = self._shown_volume()
        if review.study_of(volume) == (batch, study_id):
            if finished:
                review.close_study(slicer.mrmlScene, before)
            show_volume(volume)
        self.panel.refresh()
        set_text(self.ui.batchLabel, message or study.problem)

    def onReplace(self) -> None:
        """Put the corrected reading in the place of the row."""
        record = self.panel.result()
        opened = review.study_of(self._shown_volume())
        if opened is None or self._missing(opened) or self.panel.progress is not None:
            return
        batch, study_id = opened

        def replace(progress: Any) -> None:
            replace_reading(batch, study_id, review.corrected_reading(record), progress)
            self._note_opened(record)

        # What is half replaced must not be left, so there is no Cancel.
        message = self._run(replace, cancellable=False)
        self._list()
        self.panel.refresh()
        done = _("The row of {study} holds this reading now; the earlier result is kept.").format(study=study_id)
        set_text(self.ui.batchLabel, message or done)

    def _selected(self) -> ReviewedStudy | None:
        return self._studies.get(selected_id(self.ui.batchTable))

    def _shown_volume(self) -> Any:
        return self.panel.parameters.volume if self.panel.parameters is not None else None

    def _run(self, work: Any, cancellable: bool = True) -> str:
        cancel = self.ui.batchCancelButton if cancellable else None
        return str(self.panel.run(work, self.ui.batchProgressBar, cancel))

    def _open(self, batch: Path, study_id: str, there: Any, progress: Any) -> None:
        scene = slicer.mrmlScene
        record = find_result(scene, there) if there is not None else None
        if record is not None:
            # It was left with a correction that is in no row yet.
            keep_choices(reading_nodes(record), result_mapping(record)["provenance"]["settings"], scene)
            return
        nodes = review.open_study(scene, batch, study_id, lambda text, part: progress(text, part / 2))
        parameters = self.panel.parameters
        settings = settings_from_parameters(parameters)
        review.note_opened(nodes, Settings.from_mapping(settings).to_mapping(), None)
        if nodes.seeds is None and not nodes.regions and nodes.vertebrae is None:
            return
        self.panel.logic.analyzeNodes(
            nodes_from_parameters(parameters), settings, progress=lambda text, part: progress(text, 0.5 + part / 2)
        )
        self._note_opened(find_result(scene, nodes.volume))

    def _note_opened(self, record: Any) -> None:
        review.note_opened(reading_nodes(record), result_mapping(record)["provenance"]["settings"], record)
        self._compared = None

    def _list(self) -> None:
        """Fill the table with the batch's studies; a folder that is none is said in words."""
        selected = selected_id(self.ui.batchTable)
        self._studies = {}
        set_text(self.ui.batchLabel, self._run(self._fill, cancellable=False))
        self.ui.batchTable.blockSignals(True)
        if selected in self._studies:
            self.ui.batchTable.selectRow(int(selected))
        self.ui.batchTable.blockSignals(False)

    def _fill(self, progress: Any) -> None:
        fill(self.ui.batchTable, [], [])
        if self._listed is not None:
            # Not by study_id: a manifest may name one twice, and the second is a failure of its own.
            self._studies = {str(n): study for n, study in enumerate(list_studies(self._listed))}
        shown = self._studies.values()
        rows = [study_texts(study) for study in shown]
        fill(
            self.ui.batchTable,
            study_titles(),
            rows,
            list(self._studies),
            lambda part: progress(_("Listing the studies"), part),
        )

    def _missing(self, opened: tuple[Path, str] | None) -> str:
        """Return what keeps the row from being replaced, in words; empty where nothing does."""
        if opened is None:
            return _("Open a study of the batch first.")
        record = self.panel.result()
        if record is None:
            return _("Press Apply first: there is no result yet.")
        if self.panel.changed_since_result:
            return _("Press Apply first: something changed since the last analysis.")
        if self._as_opened(record):
            return _("Nothing was corrected: the row holds this reading.")
        return ""

    def _as_opened(self, record: Any) -> bool:
        state = (record, record.GetMTime())
        if self._compared is None or self._compared[0] != state:
            self._compared = state, review.is_as_opened(record.GetNodeReference("volume"), record)
        return self._compared[1]

    def _is_finished(self, volume: Any, record: Any) -> bool:
        """Return whether nothing is lost when a study is taken out of the scene."""
        opened = review.study_of(volume) is not None
        return opened and not self.panel.changed_since_result and self._as_opened(record)

    def _folder(self) -> Path | None:
        session = self.panel.session
        folder = str(session.batchFolder) if session is not None else "."
        return None if folder in ("", ".") else Path(folder).absolute()


def study_titles() -> list[str]:
    """Return the titles of the table's columns."""
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
    """Return a study's cells as texts: state, numbers, verdicts, and why something is not there."""
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
