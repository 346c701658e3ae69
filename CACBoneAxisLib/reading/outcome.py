"""Describe the outcome of an action: whether it changed anything, in a sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from CACBoneAxisLib.reading.i18n import tr as _
from CACBoneAxisLib.report.numbers import format_value


@dataclass(frozen=True)
class Outcome:
    """The outcome of an action.

    Parameters
    ----------
    done : whether anything changed
    what
        ``taken``, ``moved``, ``same``, ``accepted``, ``large``, ``cut``, ``slice``, ``removed``,
        ``excluded``, ``included``, ``suggestions``, ``undone``, ``redone``, ``said`` (its own
            sentence); or the reason why nothing was done: ``below``, ``bone``, ``outside-scan``, ``outside-heart``,
        ``no-suggestion``, ``none``, ``refused``
    values : values for the sentence: names, and numbers with units in their keys
    """

    done: bool
    what: str
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """One line for the reader; empty if there is nothing to report."""
        values = self.values
        shown = values | {
            "hu": format_value(values.get("hu"), "mean_hu", unit=True),
            "threshold": format_value(values.get("threshold_hu"), "threshold_hu", unit=True),
            "volume": format_value(values.get("volume_mm3"), "volume_mm3", unit=True),
            "limit": format_value(values.get("limit_mm3"), "volume_mm3", unit=True),
            "radius": format_value(values.get("radius_mm"), "length_mm", unit=True),
        }
        return str(_sentences()[self.what].format(**shown))

    @property
    def action(self) -> str:
        """The action for the trail, in English whatever the panel language."""
        values = self.values
        if self.what == "suggestions":
            return f"suggestions taken by the reader: {values['seeds']}"
        name = values.get("seed") or values.get("artery", "")
        details = [str(values[key]) for key in ("reason",) if key in values]
        if "radius_mm" in values:
            details.append(f"radius {values['radius_mm']:g} mm")
        return " ".join([f"{self.what}: {name}", *details])


def refused(sentence: str) -> Outcome:
    """Return the outcome of a refused action with the reason as a sentence."""
    return Outcome(False, "refused", {"sentence": sentence})


def _sentences() -> dict[str, str]:
    return {
        "taken": _("{seed} taken, {volume}."),
        "moved": _("The lesion is {artery} now."),
        "same": _("This lesion is {artery} already."),
        "accepted": _("Accepted for {artery} in spite of its size."),
        "large": _(
            "{seed} has {volume}, more than the {limit} of a lesion: cut it, or click again to take it as it is."
        ),
        "cut": _("{artery} taken within {radius} of the click."),
        "slice": _("Only this slice of the lesion is {artery}."),
        "removed": _("{seed} removed."),
        "excluded": _("{seed} is listed and not scored: {reason}."),
        "included": _("{seed} is scored again."),
        "below": _("Nothing to take here: {hu}, below the threshold of {threshold}."),
        "bone": _("Connected to bone ({volume}): take the calcium with Cut, or with Slice only."),
        "outside-scan": _("This place is outside the scan."),
        "outside-heart": _("Outside the heart region ({hu}): move its box, or switch it off under Candidates."),
        "suggestions": _("{count} suggestions taken: {seeds}."),
        "no-suggestion": _("There is no suggestion to take."),
        "none": _("There is no lesion to do that with."),
        "undone": _("Undone: {step}"),
        "redone": _("Done again: {step}"),
        "said": "{sentence}",
        "refused": "{sentence}",
    }
