"""Register two scans of a patient and pair the lesions of their results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.calcium.change import MEASURES, change_of
from CACBoneAxisLib.calcium.matching import match_lesions
from CACBoneAxisLib.calcium.territories import territories
from CACBoneAxisLib.imaging.airways import find_airways
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.geometry import RAS_LPS, as_ras, swap_ras_lps
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.registration import Registration, register
from CACBoneAxisLib.report.quantities import quantities
from CACBoneAxisLib.report.wording import has_score

PARTS = {
    "baseline": "{} at the earlier scan",
    "followup": "{} at the later scan",
    "absolute": "difference",
    "percent": "of the baseline",
}
LESION_CHANGE_COLUMNS: dict[str, str] = {
    "baseline_study": "the earlier study",
    "followup_study": "the later study",
    "territory": "of the lesion; empty where its seeds name two coronary arteries",
    "status": "both, new or gone",
    "baseline_id": "of the lesion in the earlier result",
    "followup_id": "of the lesion in the later result",
    "apart_mm": "distance of the two once the scans lie over each other",
    **{
        f"{one.key}_{part}": words.format(one.meaning)
        for one in quantities("territory")
        if one.key in MEASURES
        for part, words in PARTS.items()
    },
}


def lay_over(
    results: Sequence[Mapping[str, Any]],
    images: Sequence[CTImage],
    progress: Callable[[str, float], None] | None = None,
) -> tuple[Registration | None, tuple[Finding, ...]]:
    """Register the follow-up scan to the baseline around the calcium of both results.

    The search starts at the common shift of the arteries, or, where no artery has calcium in
    both, at the shift of the carina.

    Parameters
    ----------
    results : content of both ``result.json``
    images : both CTs
    progress : called with the current step and the fraction done; an exception it raises cancels

    Returns
    -------
    registration, findings
        None where no lesion was scored in either.
    """
    lesions = [scored_lesions(result) for result in results]
    if not any(lesions):
        return None, ()
    progress = progress or (lambda message, fraction: None)
    message = "Laying the scans over each other"
    progress(message, 0.0)
    shift = common_shift(*lesions)
    if not _in_both(*lesions):
        shift = _carina_shift(images)
    places = [place_mm(one) for one in lesions[0]] + [place_mm(one) - shift for one in lesions[1]]
    found = register(images[0], images[1], np.array(places), shift, lambda part: progress(message, part))
    if found.problem is not None:
        return found, (finding("compare-not-registered", why=found.problem),)
    values = {"turned": f"{found.turned_degrees:.1f}", "correlation": f"{found.correlation:.2f}"}
    return found, (finding("compare-registered", **values),)


def place_mm(lesion: Mapping[str, Any]) -> NDArray[np.float64]:
    """Return the position of a lesion in a result, LPS mm: its centroid, else its seed."""
    return swap_ras_lps(lesion.get("center_ras_mm") or lesion["seed_ras_mm"])


def lesion_changes(
    results: Sequence[Mapping[str, Any]], registration: Registration | None, years: float | None
) -> list[dict[str, Any]]:
    """Return the paired lesions of two results, as in the comparison file.

    Parameters
    ----------
    results : content of both ``result.json``
    registration : of their scans; without an accepted one, the common shift of the arteries is used
    years : between the scans, or None
    """
    before, after = (scored_lesions(result) for result in results)
    if registration is not None and registration.problem is None:
        laid = [registration.to_first(place_mm(one)) for one in after]
    else:
        shift = common_shift(before, after)
        laid = [place_mm(one) - shift for one in after]
    pairs = match_lesions(
        [(one["territory"], list(place_mm(one))) for one in before],
        [(one["territory"], list(place)) for one, place in zip(after, laid, strict=True)],
    )
    rows = [
        _row(None if a is None else before[a], None if b is None else after[b], apart, years) for a, b, apart in pairs
    ]
    order = list(territories())
    return sorted(rows, key=lambda row: order.index(row["territory"]) if row["territory"] else len(order))


def _row(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None, apart_mm: float | None, years: float | None
) -> dict[str, Any]:
    # The scan was read, so a missing lesion scored 0.
    of = {one["territory"] for one in (before, after) if one}
    changes: dict[str, Any] = {
        measure: asdict(change_of(measure, before[measure] if before else 0.0, after[measure] if after else 0.0, years))
        for measure in MEASURES
    }
    return {
        "territory": of.pop() if len(of) == 1 else None,
        "status": "both" if before and after else "gone" if before else "new",
        "baseline_id": before["id"] if before else None,
        "followup_id": after["id"] if after else None,
        "baseline_ras_mm": _ras(before),
        "followup_ras_mm": _ras(after),
        "apart_mm": apart_mm,
        **changes,
    }


def _ras(lesion: Mapping[str, Any] | None) -> list[float] | None:
    return None if lesion is None else as_ras(place_mm(lesion))


def registration_mapping(registration: Registration | None) -> dict[str, Any] | None:
    """Return a registration as in the comparison file."""
    if registration is None:
        return None
    return {
        "matrix_ras": (RAS_LPS @ registration.matrix @ RAS_LPS).tolist(),
        "correlation": registration.correlation,
        "overlap": registration.overlap,
        "turned_degrees": registration.turned_degrees,
        "used": registration.problem is None,
    }


def lesion_rows(comparison: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row per lesion with the keys of :data:`LESION_CHANGE_COLUMNS`."""
    ids = {"baseline_study": comparison["baseline"]["id"], "followup_study": comparison["followup"]["id"]}
    rows = []
    for one in comparison["lesions"]:
        row = {**ids, **{key: one[key] for key in ("territory", "status", "baseline_id", "followup_id", "apart_mm")}}
        for measure in MEASURES:
            for key in PARTS:
                row[f"{measure}_{key}"] = one[measure][key]
        rows.append(row)
    return rows


def scored_lesions(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the scored lesions of a result."""
    return [lesion for lesion in result["calcium"]["lesions"] if has_score(lesion) and lesion["agatston"]]


def _in_both(first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]) -> set[str]:
    return ({one["territory"] for one in first} & {one["territory"] for one in second}) - {None}


def common_shift(first: Sequence[Mapping[str, Any]], second: Sequence[Mapping[str, Any]]) -> NDArray[np.float64]:
    """Return the shift of the second scan's lesions, LPS mm: the median over the territories in both."""
    moved = []
    for code in _in_both(first, second):
        centers = [
            np.mean([place_mm(one) for one in lesions if one["territory"] == code], axis=0)
            for lesions in (first, second)
        ]
        moved.append(centers[1] - centers[0])
    return np.median(moved, axis=0) if moved else np.zeros(3)


def _carina_shift(images: Sequence[CTImage]) -> NDArray[np.float64]:
    """Return the shift of the carina, LPS mm; 0 where a scan has none."""
    places = []
    for image in images:
        airways = find_airways(image)
        if airways is None:
            return np.zeros(3)
        places.append(np.asarray(image.geometry.to_lps(np.asarray(airways.carina_zyx)[::-1])))
    return np.asarray(places[1] - places[0])
