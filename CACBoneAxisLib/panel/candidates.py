"""Show candidates, the heart box limiting them, and rejected candidates."""

from __future__ import annotations

from slicer.i18n import tr as _

from CACBoneAxisLib.mrml.tables import headings
from CACBoneAxisLib.panel.host import PanelHost
from CACBoneAxisLib.panel.section import Section, connect, enable, fill, no_ct, selected_id, set_text
from CACBoneAxisLib.reading.candidates import CandidateLayer
from CACBoneAxisLib.reading.words import reason_words
from CACBoneAxisLib.report.numbers import format_value


class CandidatesSection(Section):
    """Shows candidates as a translucent layer and explains rejected ones."""

    def __init__(self, host: PanelHost) -> None:
        super().__init__(host)
        self.layer = CandidateLayer(self.workspace, self.onChanged)

    def setup(self) -> None:
        """Connect the widgets."""
        connect(self.ui.proposeHeartButton, "clicked()", self.layer.propose)
        connect(self.ui.leftOutTable, "itemSelectionChanged()", self.onSelected)
        self.onChanged()

    def enter(self) -> None:
        """Show the layer again."""
        self.layer.switch(True)

    def exit(self) -> None:
        """Remove the layer from the views."""
        self.layer.switch(False)

    def cleanup(self) -> None:
        """Stop observing the scene."""
        self.layer.cleanup()

    def update(self) -> None:
        """Update for the current threshold, box and lesions."""
        missing = "" if self.reading is not None else no_ct()
        enable(self.ui.proposeHeartButton, missing, _("Put the box around the heart again as it is found by itself."))
        for name in ("showCandidatesCheckBox", "limitToHeartCheckBox"):
            getattr(self.ui, name).enabled = not missing
        self.layer.update()

    def onSelected(self) -> None:
        """Show the selected rejected candidate in the slice views."""
        chosen = selected_id(self.ui.leftOutTable)
        if chosen:
            self.layer.look_at(int(chosen))

    def onChanged(self) -> None:
        """Show the number of candidates and the rejected ones."""
        set_text(self.ui.candidatesLabel, self.layer.sentence)
        words = reason_words()
        rows = [
            [
                words.get(str(one.reason), ""),
                format_value(one.volume_mm3, "volume_mm3"),
                format_value(one.peak_hu, "peak_hu"),
                str(one.slices[0]) if one.slices[0] == one.slices[1] else f"{one.slices[0]}-{one.slices[1]}",
            ]
            for one in self.layer.left_out
        ]
        titles = [_("Why not"), *(headings("lesion", "panel")[name] for name in ("volume_mm3", "peak_hu", "slices"))]
        fill(self.ui.leftOutTable, titles, rows, [str(n) for n in range(len(rows))])
