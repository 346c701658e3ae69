"""The result of the reading that the panel shows, and whether it still holds."""

from __future__ import annotations

from typing import Any

import slicer
from slicer.i18n import tr as _

from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.mrml.parameters import (
    existing_regions,
    nodes_from_parameters,
    seeds_given,
    settings_from_parameters,
)
from CACBoneAxisLib.mrml.scene import find_result, is_current, replay, result_mapping
from CACBoneAxisLib.reading.approval import approval
from CACBoneAxisLib.study import Settings, StudyResult


class Results:
    """What the panel knows of the result of its reading."""

    parameters: Any
    progress: Any

    def __init__(self) -> None:
        self._latest: tuple[Any, StudyResult] | None = None
        self._changed: bool | None = None
        self._vertebrae_changed = False

    def result(self) -> Any:
        """Return the result node of the current volume, or None."""
        if self.parameters is None or self.parameters.volume is None:
            return None
        return find_result(slicer.mrmlScene, self.parameters.volume)

    @property
    def changed_since_result(self) -> bool:
        """Whether there is a result, and it was made from something else than what is there now."""
        if self._changed is None:
            self._changed = self._is_changed()
        return self._changed

    def _is_changed(self) -> bool:
        record = self.result()
        if record is None:
            return False
        try:
            settings = Settings.from_mapping(settings_from_parameters(self.parameters))
        except UnusableInputError:
            return True
        return self._vertebrae_changed or not is_current(record, nodes_from_parameters(self.parameters), settings)

    def result_mapping(self) -> Any:
        """Return the result mapping of the current volume, or None."""
        record = self.result()
        return result_mapping(record) if record is not None and record.GetText() else None

    def latest_result(self) -> StudyResult | None:
        """Return the current volume's result with its voxels, None where there is none.

        What was analysed before the scene was loaded is analysed again.
        """
        record = self.result()
        if record is None:
            return None
        state = (record, record.GetMTime())
        if self._latest is None or self._latest[0] != state:
            try:
                self._latest = (state, replay(record))
            except UnusableInputError:
                return None
        return self._latest[1]

    def keep_latest(self, result: StudyResult) -> None:
        """Keep a result that was just shown, with its voxels."""
        record = self.result()
        self._latest = ((record, record.GetMTime()), result)
        self._vertebrae_changed = False

    def locked(self) -> str:
        """Return why nothing may be changed in the reading, in words; empty where it may."""
        approved = approval(self.parameters)
        if approved is None:
            return ""
        words = _("Approved by {name}: unlock the reading in the section Report to change it.")
        return str(words.format(name=approved.name))

    def missing(self) -> str:
        """Return what keeps Apply from working, in words; empty where nothing does."""
        if self.parameters is None or self.parameters.volume is None:
            return _("Choose a CT volume in the section Scan first.")
        if self.progress is not None:
            return _("An analysis is running.")
        if self.locked():
            return self.locked()
        regions, vertebrae = existing_regions(self.parameters), self.parameters.vertebrae
        if seeds_given(self.parameters) is None and not regions and vertebrae is None:
            return _("Place a seed, say that no calcification was found, or add the region of a vertebra first.")
        return ""
