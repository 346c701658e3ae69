"""Section Patient: age and sex, where the file does not say them."""

from __future__ import annotations

from CACBoneAxisLib.panel.section import Section


class PatientSection(Section):
    """Its two fields are bound to the parameter node in the .ui file; there is nothing else to do."""
