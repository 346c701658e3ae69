"""List candidates with a suggested artery until the reader accepts them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from CACBoneAxisLib.calcium.suggestions import Suggestion
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.imaging.geometry import swap_ras_lps
from CACBoneAxisLib.mrml.choices import choose, chosen
from CACBoneAxisLib.mrml.inputs import inputs_from_nodes
from CACBoneAxisLib.mrml.labels import segments_state
from CACBoneAxisLib.mrml.scene import fingerprint
from CACBoneAxisLib.mrml.views import jump_to
from CACBoneAxisLib.reading.host import Progress
from CACBoneAxisLib.reading.i18n import tr as _
from CACBoneAxisLib.reading.outcome import Outcome
from CACBoneAxisLib.reading.reading import Reading
from CACBoneAxisLib.reading.workspace import Workspace

SETTLE_MS = 250
SETTING = "calcium.suggestions"


class SuggestionList:
    """Lists possible calcium with the suggested artery and its confidence.

    Parameters
    ----------
    workspace : of the scene
    changed : called when :attr:`sentence` or :attr:`suggestions` changes
    """

    def __init__(self, workspace: Workspace, changed: Callable[[], None]) -> None:
        self.workspace = workspace
        self.on = False
        self.sentence = ""
        self.suggestions: Sequence[Suggestion] = ()
        self.settling = workspace.defer(SETTLE_MS, self.settle)
        self._changed = changed
        self._shown: Any = None

    def switch(self, on: bool) -> None:
        """Switch suggestions on while the reading is shown, or off."""
        self.on = on
        if not on:
            self.settling.stop()

    @property
    def wanted(self) -> bool:
        """Whether suggestions are switched on in the reading."""
        reading = self.workspace.reading
        return reading is not None and chosen(reading.parameters, SETTING) not in (None, "none")

    def ask(self, wanted: bool) -> None:
        """Switch suggestions on or off, in the analysis as well."""
        if self.workspace.reading is not None:
            choose(self.workspace.reading.parameters, {SETTING: "list" if wanted else None})

    def update(self) -> None:
        """Update the list for the current inputs."""
        reading = self.workspace.reading
        if reading is None or not self.wanted:
            self.settling.stop()
            self._shown = None
            self._list((), "")
        elif self.on and self._state(reading) != self._shown:
            self.settling.start()

    def settle(self) -> None:
        """List the suggestions for the current state of the reading."""
        reading = self.workspace.reading
        if reading is None or not self.on or not self.wanted:
            return
        if self.workspace.busy:
            # The candidate layer may still be computing, and its end is not announced.
            self.settling.start()
            return
        state = self._state(reading)
        message = self.workspace.host.run(lambda progress: self._look(reading, progress))
        if message:
            self._list((), message)
        self._shown = state

    def look_at(self, number: int) -> None:
        """Show a suggestion in the slice views."""
        jump_to(swap_ras_lps(self.suggestions[number].position_mm))

    def take(self, numbers: Sequence[int] | None = None) -> Outcome:
        """Accept the suggestions with these numbers (default all) in one step."""
        taken = self.suggestions if numbers is None else [self.suggestions[number] for number in numbers]
        if self.workspace.reading is None:
            return Outcome(False, "no-suggestion")
        return self.workspace.reading.lesions.take_suggestions(tuple(taken))

    def _look(self, reading: Reading, progress: Progress) -> None:
        progress(_("Looking for suggestions"), 0.1)
        analysis = reading.analysis
        found = analysis.suggestions(inputs_from_nodes(reading.nodes, reading.settings, image=analysis.image))
        progress(_("Looking for suggestions"), 0.9)
        if found is None:
            sentence = _("Nothing can be suggested: the heart was not found, or the scan cannot be scored.")
        elif found:
            sentence = _("{count} suggestions, none of them scored before you take it.").format(count=len(found))
        else:
            sentence = _("Nothing more is suggested.")
        self._list(found or (), sentence)

    def _list(self, suggestions: Sequence[Suggestion], sentence: str) -> None:
        self.suggestions, self.sentence = suggestions, sentence
        self._changed()

    def _state(self, reading: Reading) -> Any:
        """Return the inputs of the suggestions; None if unreadable."""
        try:
            nodes = reading.nodes
            heart = None if nodes.heart is None else segments_state(nodes.heart)
            return (id(reading.analysis), fingerprint(nodes, reading.settings), heart)
        except UnusableInputError:
            return None
