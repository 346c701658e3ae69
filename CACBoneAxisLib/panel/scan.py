"""Section Scan: which CT, and how fit it is for the two questions."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from slicer.i18n import tr as _

from CACBoneAxisLib.panel.section import Section, set_text
from CACBoneAxisLib.report.numbers import format_value


class ScanSection(Section):
    """Shows the verdicts of the result; the choices are bound to the parameter node in the .ui file."""

    def show(self, result: Mapping[str, Any] | None) -> None:
        """Show size, spacing and the verdict for calcium and for bone."""
        if result is None:
            set_text(self.ui.scanLabel, "")
            return
        image = result["study"]["image"]
        size = " x ".join(map(str, image["size"]))
        spacing = " x ".join(format_value(value, "spacing_mm") for value in image["spacing_mm"])
        lines = [_("{size} voxels of {spacing} mm").format(size=size, spacing=spacing)]
        names = {"calcium": _("For calcium"), "bone": _("For bone")}
        words = {
            "standard": _("standard"),
            "opportunistic": _("opportunistic"),
            "unsuitable": _("unsuitable"),
        }
        lines += [f"{names[q]}: <b>{words[result['suitability'][q]['verdict']]}</b>" for q in names]
        errors = {f["message"] for q in names for f in result["suitability"][q]["findings"] if f["severity"] == "error"}
        lines += [escape(message) for message in sorted(errors)]
        set_text(self.ui.scanLabel, "<br>".join(lines))
