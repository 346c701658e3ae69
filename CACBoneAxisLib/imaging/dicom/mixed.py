"""Find acquisition parameters that change within one stack."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.dicom.agents import contrast_stated
from CACBoneAxisLib.imaging.dicom.slices import EXAMINED, SliceHeader
from CACBoneAxisLib.imaging.dicom.traits import TRAITS, alike, trait
from CACBoneAxisLib.imaging.findings import Finding, finding, refusal

# For each trait that should not change: the parameters that become unknown, and the option that states them.
FACTS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "frame of reference": ((), ""),
    "kernel": (("kernel",), "--kernel"),
    "thickness": (("slice_thickness_mm",), ""),
    "tube voltage": (("kvp",), "--kvp"),
    "phase": ((), ""),
    "contrast agent": (("contrast",), "--contrast"),
    "table height": (("table_height_mm",), ""),
    "ECG gating": (("ecg_gated",), "--gated"),
    "scanner": (("manufacturer", "model"), ""),
    "lossy compression": ((), ""),
    "image type": (("image_type",), ""),
    "exposure": ((), ""),
}
# Tube current modulation follows the patient; a lasting step means another scan.
STEADY_SLICES = 3
# A chest scan takes seconds; pauses between its parts are shorter than this.
PAUSE_S = 120.0
# Mean and spread of neighbouring slices differ by less, and by less than so many times what they usually do.
STEP_HU, TIMES_USUAL = 40.0, 5.0


def one_scan(acquisition: Acquisition, slices: Sequence[SliceHeader]) -> tuple[Acquisition, tuple[Finding, ...]]:
    """Return the parameters valid for all slices of a stack, and a finding for each that changes.

    Abutting scans look like one. A changing parameter is not taken from any single header.

    Parameters
    ----------
    acquisition : from one header of the stack
    slices : in stack order
    """
    said: list[Finding] = []
    unknown: dict[str, None] = {}
    for name, (facts, option) in FACTS.items():
        values = [_value(one, name) for one in slices]
        if not _changes(name, values):
            continue
        unknown |= dict.fromkeys(facts)
        settled = f" If one value holds for all, state it with {option}." if option else ""
        said.append(finding("scan-mixed", what=name, values=_counted(name, values), settled=settled))
    for name, column in zip(EXAMINED, zip(*(one.examined for one in slices), strict=True), strict=True):
        # A description of each slice is none of the scan.
        if "" not in column and len(runs := _runs(column)) > 1 and min(runs) >= STEADY_SLICES:
            said.append(finding("scan-mixed", what=name, values=_counted(name, column), settled=""))
    numbers = Counter(one.instance_number for one in slices if one.instance_number is not None)
    again = sum(count > 1 for count in numbers.values())
    if len(numbers) > 1 and again:
        said.append(finding("scan-mixed", what="instance number", values=f"{again} of them occur again", settled=""))
    # Slices of another range of values get a slope of their own; another intercept alone shifts them.
    shifts = {(one.slope, one.intercept) for one in slices}
    if len(shifts) > len({slope for slope, _ in shifts}):
        intercepts = [f"{one.intercept:g}" for one in slices]
        said.append(finding("scan-mixed", what="rescale intercept", values=_counted("", intercepts), settled=""))
    times = [one.times_s[0] for one in slices]
    pauses = [abs(b - a) for a, b in pairwise(times) if a is not None and b is not None]
    if max(pauses, default=0.0) > PAUSE_S:
        values_ = f"neighbouring slices were scanned {max(pauses) / 60:.0f} minutes apart"
        said.append(finding("scan-mixed", what="acquisition time", values=values_, settled=""))
    return replace(acquisition, **unknown), tuple(said)


def check_rescale(slices: Sequence[SliceHeader], hu: NDArray, name: str) -> None:
    """Raise UnusableInputError (``rescale-differs``) where another rescale makes other values of the same anatomy.

    A rescale of its own for each slice is allowed; it leaves the values of neighbours alike.

    Parameters
    ----------
    slices : in the order of ``hu``
    hu : (z, y, x)
    """
    rescales = [(one.slope, one.intercept) for one in slices]
    if len(set(rescales)) < 2:
        return
    means = np.array([(float(plane.mean()), float(plane.std())) for plane in hu])
    steps = np.abs(np.diff(means, axis=0))
    changes = np.array([a != b for a, b in pairwise(rescales)])
    usual = np.median(steps if changes.all() else steps[~changes], axis=0)
    if np.any(steps[changes] > np.maximum(STEP_HU, TIMES_USUAL * usual)):
        count = len(slices) - Counter(rescales).most_common(1)[0][1]
        raise refusal("rescale-differs", file=name, count=count, slices=len(slices))


def _value(one: SliceHeader, name: str) -> str:
    value = trait(one.traits, name)
    if name == "contrast agent":
        given = contrast_stated(value)[0] if value and value.upper() not in ("YES", "NO") else value.upper() == "YES"
        return "unclear" if given is None else "given" if given else ""
    if name == "image type":
        return value.split()[0].upper() if value else ""
    return value


def _changes(name: str, values: Sequence[str]) -> bool:
    distinct = set(values)
    if len(distinct) < 2:
        return False
    if alike(name, distinct):
        return False
    if name == "exposure":
        runs = _runs(values)
        return len(runs) == 2 and min(runs) >= STEADY_SLICES
    return True


def _runs(values: Sequence[str]) -> list[int]:
    return [len(list(run)) for _, run in groupby(values)]


def _counted(name: str, values: Sequence[str]) -> str:
    if name == "frame of reference":
        return f"{len(set(values))} of them"
    counts = Counter(values).most_common(4)
    unit = TRAITS.get(name, "")
    words = [
        f"{f'{value} {unit}'.strip() if value else 'none stated'} in {count} slice{'s' if count > 1 else ''}"
        for value, count in counts
    ]
    return ", ".join(words)
