"""Section Batch: list studies, open one for review, replace its row."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from CACBoneAxisLib.cohort.review import ReviewedStudy
from CACBoneAxisLib.panel.host import PanelHost
from CACBoneAxisLib.panel.section import Section, connect, enable, fill, selected_id, set_text
from CACBoneAxisLib.panel.sliceviews import show_volume
from CACBoneAxisLib.reading.batch import BatchReview, study_texts, study_titles
from CACBoneAxisLib.reading.host import Progress


class BatchSection(Section):
    """Lists a batch folder, opens a study and replaces its row."""

    def __init__(self, host: PanelHost) -> None:
        super().__init__(host)
        self.batch = BatchReview(self.workspace)
        self._listed: Path | None = None

    def setup(self) -> None:
        """Connect the table and buttons."""
        connect(self.ui.batchTable, "itemSelectionChanged()", self.onSelected)
        connect(self.ui.batchTable, "cellDoubleClicked(int,int)", lambda row, column: self.onOpen())
        connect(self.ui.batchRefreshButton, "clicked()", self.onRefresh)
        connect(self.ui.batchOpenButton, "clicked()", self.onOpen)
        connect(self.ui.batchReplaceButton, "clicked()", self.onReplace)
        connect(self.ui.batchCancelButton, "clicked()", self.host.cancel)
        self.ui.batchProgressBar.visible = False
        self.ui.batchCancelButton.visible = False
        fill(self.ui.batchTable, [], [])
        set_text(self.ui.batchLabel, "")

    def update(self) -> None:
        """List a newly selected folder; enable the available actions."""
        folder = self.batch.folder
        if folder != self._listed and not self.workspace.busy:
            self._listed = folder
            self._list()
        busy = _("Wait until what is running has ended.") if self.workspace.busy else ""
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
        opened = self.batch.opened
        ready = _("Put this reading in the row of {study}; the earlier result is kept.")
        enable(
            self.ui.batchReplaceButton,
            busy or self.batch.cannot_replace(),
            ready.format(study=opened[1] if opened else ""),
        )

    # User actions

    def onSelected(self) -> None:
        """Show why the selected study has no result."""
        study = self._selected()
        set_text(self.ui.batchLabel, study.problem if study is not None else "")
        self.update()

    def onRefresh(self) -> None:
        """Read the folder again."""
        self._list()
        self.update()

    def onOpen(self) -> None:
        """Open the selected study, show its result and close the previous one."""
        study = self._selected()
        if study is None:
            return
        message, opened = self.batch.open(study, self._run)
        if opened and self.reading is not None:
            show_volume(self.reading.volume)
        self.workspace.refresh()
        set_text(self.ui.batchLabel, message or study.problem)

    def onReplace(self) -> None:
        """Replace the row with the corrected reading."""
        # No Cancel, so that no row is left half replaced.
        said = self.batch.replace(lambda work: self._run(work, cancellable=False))
        if said:
            self._list()
            self.workspace.refresh()
            set_text(self.ui.batchLabel, said)

    def _selected(self) -> ReviewedStudy | None:
        return self.batch.studies.get(selected_id(self.ui.batchTable))

    def _run(self, work: Callable[[Progress], object], cancellable: bool = True) -> str:
        return self.host.run(work, self.ui.batchProgressBar, self.ui.batchCancelButton if cancellable else None)

    def _list(self) -> None:
        """List the batch's studies, or say that the folder holds no batch."""
        table, selected = self.ui.batchTable, selected_id(self.ui.batchTable)
        set_text(self.ui.batchLabel, self._run(self._fill, cancellable=False))
        table.blockSignals(True)
        if selected in self.batch.studies:
            table.selectRow(int(selected))
        table.blockSignals(False)

    def _fill(self, progress: Any) -> None:
        fill(self.ui.batchTable, [], [])
        self.batch.list()
        fill(
            self.ui.batchTable,
            study_titles(),
            [study_texts(study) for study in self.batch.studies.values()],
            list(self.batch.studies),
            lambda part: progress(_("Listing the studies"), part),
        )
