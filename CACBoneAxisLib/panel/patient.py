"""Section Patient: facts missing from the file, and inputs of the MESA risk."""

from __future__ import annotations

from slicer.i18n import tr as _

from CACBoneAxisLib.panel.choices import Choices
from CACBoneAxisLib.panel.host import PanelHost
from CACBoneAxisLib.panel.section import Section

# Spin boxes and their settings; the minimum means not stated.
NUMBERS = {
    "bmiSpinBox": "patient.bmi_kg_m2",
    "totalCholesterolSpinBox": "patient.total_cholesterol_mg_dl",
    "hdlSpinBox": "patient.hdl_mg_dl",
    "systolicSpinBox": "patient.systolic_mmhg",
}
ANSWERS = {
    "diabetesComboBox": "patient.diabetes",
    "smokerComboBox": "patient.smoker",
    "lipidMedicationComboBox": "patient.lipid_medication",
    "pressureMedicationComboBox": "patient.pressure_medication",
    "familyHistoryComboBox": "patient.family_history",
}


class PatientSection(Section):
    """Binds age and sex in the .ui file, other facts to the reading's settings."""

    def __init__(self, host: PanelHost) -> None:
        super().__init__(host)
        self.choices = Choices(self)

    def setup(self) -> None:
        """Connect the fields."""
        groups = [(_("White"), "White"), (_("Chinese"), "Chinese"), (_("Black"), "Black"), (_("Hispanic"), "Hispanic")]
        self.choices.combo(self.ui.ethnicityComboBox, "patient.ethnicity", [(_("not said"), None), *groups])
        for name, path in NUMBERS.items():
            self.choices.number(getattr(self.ui, name), path)
        answers = [(_("not said"), None), (_("no"), False), (_("yes"), True)]
        for name, path in ANSWERS.items():
            self.choices.combo(getattr(self.ui, name), path, answers)

    def update(self) -> None:
        """Show the patient's facts."""
        self.choices.update()
