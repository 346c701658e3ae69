"""Section Quick start: a reading in eight steps and the keys, on one page."""

from __future__ import annotations

from slicer.i18n import tr as _

from CACBoneAxisLib.panel.section import Section


class QuickStartSection(Section):
    """Shows the page, without controls."""

    def setup(self) -> None:
        """Show the page."""
        self.ui.quickStartBrowser.setHtml(quick_start_html())


def steps() -> list[str]:
    """Return the steps of a reading, in order."""
    return [
        _("<b>Scan</b>: the CT is chosen when the module is opened; choose another here. Say tube voltage, contrast "
          "agent, age and sex where the file does not."),
        _("<b>Reading layout</b>: large axial view, a slab of the same slices beside it, sagittal view, tables below. "
          "<i>Calcium</i>, <i>Mediastinum</i> and <i>Bone</i> set the window."),
        _("<b>Calcium</b>: choose an artery, then click once on each of its calcifications. A click on a lesion that "
          "is taken moves it to the artery chosen now."),
        _("No calcification at all: tick <i>Read for calcium: none found</i>; that is a score of 0."),
        _("<b>Bone</b>: press a level and click once in the middle of that vertebra, or choose a segmentation of "
          "the vertebrae."),
        _("<b>Tables</b> follow each change. Click a row to see its lesion or vertebra in every view."),
        _("<b>Report</b>: read what to be careful about, show the report, save it."),
        _("<b>Approve</b> locks the reading in your name; <i>Unlock</i> opens it again. Both stay in its trail."),
    ]  # fmt: skip


def shortcuts() -> list[tuple[str, str]]:
    """Return the keys and their actions, active outside of text fields."""
    return [
        (_("1 2 3 4"), _("LM, LAD, LCX, RCA is the artery of the next click")),
        (_("5 6 7 8"), _("aortic valve, mitral annulus, ascending, descending aorta")),
        (_("Delete"), _("removes the selected lesion")),
        (_("Ctrl+Z, Ctrl+Y"), _("takes a step back, makes it again")),
        (_("Esc"), _("ends clicking")),
    ]


def quick_start_html() -> str:
    """Return the page as rich text."""
    listed = "".join(f"<li>{step}</li>" for step in steps())
    keys = "".join(f"<tr><td><b>{key}</b>&nbsp;&nbsp;</td><td>{words}</td></tr>" for key, words in shortcuts())
    return f"<ol>{listed}</ol><p><b>{_('Keys')}</b></p><table>{keys}</table>"
