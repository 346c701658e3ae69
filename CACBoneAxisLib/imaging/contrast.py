"""Decide whether a scan is contrast-enhanced: one rule for calcium, bone and the choice of a series.

Blood measured in the aorta decides, except where it measures what both enhanced and unenhanced blood
can: from 60 to 100 HU the word of the header or the user that contrast agent was given stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# Unenhanced blood is 20 to 60 HU; above about 100 HU it holds contrast agent.
BRIGHTEST_UNENHANCED_HU = 60.0
ENHANCED_HU = 100.0


def is_enhanced(stated: bool | None, blood_hu: float | None) -> bool | None:
    """Return whether a scan is contrast-enhanced; None where nothing is known.

    Parameters
    ----------
    stated : whether contrast agent was given, as the header or the user says
    blood_hu : HU of blood in the aorta, None where it was not measured

    Examples
    --------
    >>> is_enhanced(None, 101.0), is_enhanced(False, 100.0), is_enhanced(True, 59.0)
    (True, False, False)
    >>> is_enhanced(True, 60.0), is_enhanced(True, None), is_enhanced(None, None)
    (True, True, None)
    """
    if blood_hu is None:
        return stated
    return blood_hu > ENHANCED_HU or (stated is True and blood_hu >= BRIGHTEST_UNENHANCED_HU)


def result_is_enhanced(result: Mapping[str, Any]) -> bool | None:
    """Return whether the scan of a ``result.json`` is contrast-enhanced; None where nothing is known."""
    blood = result["calcium"].get("blood")
    return is_enhanced(result["study"]["acquisition"].get("contrast"), blood["hu"] if blood else None)
