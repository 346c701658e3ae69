"""Check the scan itself: acquisition, aortic blood, phantom, suitability.

Each volume and description is checked once.
"""

from __future__ import annotations

import json
from typing import Any

from CACBoneAxisLib.imaging.cache import Cache
from CACBoneAxisLib.imaging.findings import UnusableInputError
from CACBoneAxisLib.mrml.analyses import Analyses, volume_state
from CACBoneAxisLib.mrml.markups import box_from_node
from CACBoneAxisLib.mrml.parameters import existing_regions, settings_from_parameters
from CACBoneAxisLib.reading.i18n import tr as _
from CACBoneAxisLib.study import Settings
from CACBoneAxisLib.study.scancheck import AORTA_NAME, ScanCheck


class Checker:
    """Checks the selected scan on request and caches the outcome.

    Parameters
    ----------
    analyses : analyses of the volumes in the scene
    """

    def __init__(self, analyses: Analyses) -> None:
        self.analyses = analyses
        self._latest = Cache(1)

    def known(self, parameters: Any) -> ScanCheck | None:
        """Return the check of the scan as currently described, None if not made yet."""
        return self._found(parameters)[0]

    def problem(self, parameters: Any) -> str:
        """Return why the selected scan is unusable; empty if usable or unchecked."""
        return self._found(parameters)[1]

    def is_wanted(self, parameters: Any) -> bool:
        """Return whether the selected scan, as described now, is unchecked."""
        if parameters is None or parameters.volume is None:
            return False
        return self._latest.peek("scan", self._state_of(parameters)) is None

    def _found(self, parameters: Any) -> tuple[ScanCheck | None, str]:
        kept = None if parameters is None else self._latest.peek("scan", self._state_of(parameters))
        return kept or (None, "")

    def run(self, parameters: Any, progress: Any = None) -> ScanCheck | None:
        """Check the scan; keep a refusal as :meth:`problem`.

        Parameters
        ----------
        progress : called with the current step and the fraction done; an exception ends the check
        """
        progress = progress or (lambda message, part: None)
        state = self._state_of(parameters)
        check, problem = None, ""
        progress(_("Reading the scan"), 0.0)
        try:
            settings = Settings.from_mapping(settings_from_parameters(parameters))
            analysis = self.analyses.of(parameters.volume)
            progress(_("Measuring blood in the aorta"), 0.3)
            boxes = [box_from_node(node) for node in _aorta(parameters)]
            check = analysis.check(settings, boxes, lambda message, part: progress(message, 0.5 + part))
        except UnusableInputError as error:
            problem = str(error)
        self._latest.put("scan", (check, problem), state)
        return check

    def clear(self) -> None:
        """Drop the cached check, as when the scene closes."""
        self._latest.clear()

    def _state_of(self, parameters: Any) -> Any:
        try:
            settings = settings_from_parameters(parameters)
            state = volume_state(parameters.volume)
        except (UnusableInputError, ValueError):
            return parameters.volume
        about = [settings.get(name) for name in ("acquisition", "patient")]
        calibration = settings.get("bone", {}).get("calibration") or {}
        if calibration.get("kind") != "phantom":
            # Calibrations from the scan itself; others are made elsewhere.
            calibration = {}
        marked = [(node, node.GetMTime()) for node in _aorta(parameters)]
        return (state, json.dumps([about, calibration], sort_keys=True), marked)


def _aorta(parameters: Any) -> list[Any]:
    return [node for node in existing_regions(parameters) if node.GetName().strip().lower() == AORTA_NAME]
