"""A reader's action and its answer at once: held events, one analysis, one step of history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from CACBoneAxisLib.mrml.parameters import nodes_from_parameters, settings_from_parameters
from CACBoneAxisLib.panel.views import drawn_once
from CACBoneAxisLib.reading.history import Histories


class Rescoring:
    """What the panel does for sections that change the reading themselves."""

    def __init__(self) -> None:
        self.histories = Histories()
        self._held = 0

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Hold back what the panel does when the reading changes, while a section changes it in several steps."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1

    @property
    def held(self) -> bool:
        """Whether a section is changing the reading."""
        return self._held > 0

    def history(self: Any) -> Any:
        """Return the steps of the reading that is shown."""
        return self.histories.of(self.parameters)

    def rescore(self: Any) -> None:
        """Analyse without waiting, as after a click: the session knows all but what changed.

        Where the last lesion was taken back there is a result too: that nobody read the scan.
        """
        if self.parameters is None or self.parameters.volume is None or self.progress is not None:
            self.refresh()
            return

        def work(progress: Any) -> None:
            result = self.logic.analyzeNodes(
                nodes_from_parameters(self.parameters),
                settings_from_parameters(self.parameters),
                progress=progress,
                onlyChanged=True,
            )
            self.keep_latest(result)

        self.timer.stop()
        with drawn_once():
            message = self.run(work, self.ui.progressBar, self.ui.cancelButton)
            self.refresh()
        if message:
            self.say(message)

    def act(self: Any, text: str, change: Callable[[], None]) -> None:
        """Change the reading in one step of history, and answer at once where changes are answered without Apply.

        Parameters
        ----------
        text : what the reader did
        change : does it
        """
        with self.holding():
            change()
        self.note_step(text)
        if self.live and not self.missing():
            self.rescore()
        else:
            self.refresh()

    def chosen_lesion(self: Any) -> int | None:
        """Return the id of the lesion whose row is chosen, None where none is."""
        found: int | None = self.lesions.table.selected()
        return found

    def expect_lesion(self: Any, seed: str) -> None:
        """Let the row of the lesion that a seed stands for be the chosen one in the next result."""
        self.lesions.table.expect(seed)

    def lesion_status(self: Any, number: int) -> str:
        """Return what becomes of a lesion: scored, excluded, conflict, implausible."""
        return str(self.lesions.status(number))
