"""Compare two results of a patient: changes, verdicts of published rules, and obstacles to comparing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from CACBoneAxisLib import __version__
from CACBoneAxisLib.bone.followup import bone_comparison
from CACBoneAxisLib.calcium.change import MEASURES, change_of, verdicts
from CACBoneAxisLib.calcium.territories import territories
from CACBoneAxisLib.imaging.findings import Finding, finding, refusal
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.report.bonecomparison import BONE_CHANGE_COLUMNS, bone_change_rows
from CACBoneAxisLib.report.comparison import comparison_figures, comparison_page
from CACBoneAxisLib.report.html import write_page
from CACBoneAxisLib.report.numbers import stored
from CACBoneAxisLib.report.tables import write_csv
from CACBoneAxisLib.study.destination import Destination, OutputKind, write_json
from CACBoneAxisLib.study.lesionchange import (
    LESION_CHANGE_COLUMNS,
    lay_over,
    lesion_changes,
    lesion_rows,
    registration_mapping,
)
from CACBoneAxisLib.study.output import RESULT_FILE
from CACBoneAxisLib.study.upgrade import parse_result

CHANGE_COLUMNS: dict[str, str] = {
    "baseline_id": "the earlier study",
    "followup_id": "the later study",
    "what": "artery or structure, or total",
    "measure": "agatston or volume_mm3",
    "baseline": "value at the earlier scan",
    "followup": "value at the later scan",
    "absolute": "difference",
    "percent": "of the baseline; empty from 0",
    "per_year": "difference a year, where the years are known",
    "percent_per_year": "percent a year",
    "root": "difference of the square roots",
}
# Facts that both scans should share; increments may differ by rounding in the files.
SCAN_FIELDS = (
    ("kvp", "tube voltage, kVp"),
    ("kernel", "kernel"),
    ("manufacturer", "manufacturer"),
    ("model", "scanner"),
)
INCREMENT_TOLERANCE_MM = 0.05
COMPARISON_SCHEMA = "cacboneaxis/comparison/1"


def _identities(scan: Mapping[str, Any], role: str) -> list[str | None]:
    """Return the hashes that identify a compared scan: of its image and, all that version 0.1.0 says, its result."""
    hashes = [scan.get(name) for name in ("image_sha256", "sha256")]
    return [f"{role} {sha256}" for sha256 in hashes if sha256] or [None]


COMPARISON = OutputKind(
    "comparison.json",
    (COMPARISON_SCHEMA,),
    frozenset({"comparison.json", "change.csv", "lesion_change.csv", "bone_change.csv", "report.html"}),
    lambda comparison: [_identities(comparison[scan], scan)[0] for scan in ("baseline", "followup")],
)
NOT_RULES = ("citation", "mass_factor_mg_per_mm3_per_hu")


def read_result(path: str | Path) -> tuple[dict[str, Any], str]:
    """Return the content of a result and its SHA-256; the path is a result's folder or its ``result.json``.

    Raises
    ------
    UnusableInputError
        When it is missing, not a result of this software, or damaged.
    """
    path = Path(path)
    file = path / RESULT_FILE if path.is_dir() else path
    try:
        raw = file.read_bytes()
    except OSError:
        raise refusal("compare-unreadable", file=path.name) from None
    return parse_result(raw, path.name), hashlib.sha256(raw).hexdigest()


def compare(
    baseline: Mapping[str, Any],
    followup: Mapping[str, Any],
    years: float | None = None,
    sha256: Sequence[str] = ("", ""),
    bone_cv_percent: float | None = None,
    images: Sequence[CTImage] = (),
    progress: Callable[[str, float], None] | None = None,
) -> dict[str, Any]:
    """Return the content of the comparison file of two results.

    Parameters
    ----------
    baseline, followup : content of both ``result.json``
    years : between the scans, more than 0; None where not known: nothing is annualised
    sha256 : of both files
    bone_cv_percent : the site's precision of BMD; the published one where None
    images : both CTs, to register them; without, lesions are paired by the common shift of the arteries
    progress : called with the current step and the fraction done

    Raises
    ------
    UnusableInputError
        When ``years`` is not more than 0, the precision is implausible, or an image is
        not the one that its result was made of, by size and spacing.
    """
    _check_images((baseline, followup), images)
    if bone_cv_percent is not None and not 0 < bone_cv_percent <= 50:
        raise refusal("settings-invalid", problem=f"the CV of BMD must be from 0 to 50 %, not {bone_cv_percent:g}")
    if years is not None and not 0 < years <= 120:
        raise refusal("compare-years", years=f"{years:g}")
    parts = {"total": (baseline["calcium"]["total"], followup["calcium"]["total"])}
    for code in territories():
        parts[code] = baseline["calcium"]["territories"][code], followup["calcium"]["territories"][code]
    changes = {
        what: {measure: change_of(measure, before[measure], after[measure], years) for measure in MEASURES}
        for what, (before, after) in parts.items()
    }
    settings = [result["provenance"].get("settings") or {} for result in (baseline, followup)]
    bmi = next((b for s in settings if (b := (s.get("patient") or {}).get("bmi_kg_m2")) is not None), None)
    both = baseline, followup
    registration, remarks = lay_over(both, images, progress) if images else (None, ())
    findings = (*differences(baseline, followup), *remarks)
    result: dict[str, Any] = stored(
        {
            "schema": COMPARISON_SCHEMA,
            "baseline": _scan_mapping(baseline, sha256[0]),
            "followup": _scan_mapping(followup, sha256[1]),
            "years": years,
            "changes": {w: {m: asdict(c) for m, c in by.items()} for w, by in changes.items()},
            "registration": registration_mapping(registration),
            "lesions": lesion_changes(both, registration, years),
            "verdicts": [asdict(v) for v in verdicts(changes["total"], bmi)],
            "bone": bone_comparison(baseline, followup, years, bone_cv_percent),
            "findings": [asdict(f) for f in findings],
            "provenance": {"software": "CACBoneAxis", "version": __version__},
        }
    )
    return result


def differences(baseline: Mapping[str, Any], followup: Mapping[str, Any]) -> tuple[Finding, ...]:
    """Return the obstacles to comparing two results: protocol, voltage, increment, kernel, scanner, patient."""
    found = []
    for name, result in (("baseline", baseline), ("follow-up", followup)):
        if result["calcium"]["total"]["agatston"] is None:
            found.append(finding("compare-no-score", which=name))
        if result["suitability"]["calcium"]["verdict"] == "opportunistic":
            found.append(finding("compare-opportunistic", which=name))
    rules = [{k: v for k, v in r["calcium"]["protocol"].items() if k not in NOT_RULES} for r in (baseline, followup)]
    for key in sorted({*rules[0], *rules[1]}):
        before, after = rules[0].get(key), rules[1].get(key)
        if before != after:
            found.append(_differs(f"calcium.{key}", before, after))
    scans = [result["study"]["acquisition"] for result in (baseline, followup)]
    unknown = []
    for key, name in SCAN_FIELDS:
        before, after = scans[0].get(key), scans[1].get(key)
        if before is None or after is None:
            unknown.append(name)
        elif before != after:
            found.append(_differs(name, before, after))
    increments = [result["study"]["image"]["slice_increment_mm"] for result in (baseline, followup)]
    if abs(increments[0] - increments[1]) > INCREMENT_TOLERANCE_MM:
        found.append(_differs("slice increment, mm", *increments))
    patients = [result["study"]["patient"] for result in (baseline, followup)]
    sexes = {p["sex"] for p in patients} - {None}
    if len(sexes) > 1:
        found.append(finding("compare-patient", why="the sex differs"))
    ages = [p["age_years"] for p in patients]
    if None not in ages and ages[1] < ages[0]:
        found.append(finding("compare-patient", why="the patient is younger at the follow-up"))
    if unknown:
        found.append(finding("compare-unknown", what=", ".join(unknown)))
    return tuple(found)


def _differs(what: str, before: Any, after: Any) -> Finding:
    return finding("compare-differs", what=what, baseline=_word(before), followup=_word(after))


def _word(value: Any) -> str:
    if isinstance(value, list):
        return "/".join(_word(item) for item in value)
    return "not set" if value is None else f"{value:g}" if isinstance(value, int | float) else str(value)


def _scan_mapping(result: Mapping[str, Any], sha256: str) -> dict[str, Any]:
    images = [file["sha256"] for file in result["provenance"].get("inputs", ()) if file["role"] == "image"]
    return {"id": result["study"]["id"], "sha256": sha256 or None, "image_sha256": next(iter(images), None) or None}


def _check_images(results: Sequence[Mapping[str, Any]], images: Sequence[CTImage]) -> None:
    for image, result in zip(images, results, strict=False):
        known = result["study"]["image"]
        spacing = [float(f"{s:.10g}") for s in image.geometry.spacing_mm]
        if list(image.geometry.shape[::-1]) != known["size"] or spacing != known["spacing_mm"]:
            raise refusal("compare-image", file=image.source.name, study=result["study"]["id"])


def write_comparison(
    comparison: Mapping[str, Any], folder: str | Path | Destination, images: Sequence[CTImage] = ()
) -> Path:
    """Write ``comparison.json``, the tables and the page into a folder atomically; return the page.

    With both images, those that were compared, the page shows the largest lesion of each
    artery in both scans. Raises as :func:`~CACBoneAxisLib.study.output.write_study` does.
    """

    def fill(unfinished: Path) -> None:
        write_json(unfinished / COMPARISON.main, comparison)
        write_csv(unfinished / "change.csv", CHANGE_COLUMNS, change_rows(comparison))
        write_csv(unfinished / "bone_change.csv", BONE_CHANGE_COLUMNS, bone_change_rows(comparison))
        write_csv(unfinished / "lesion_change.csv", LESION_CHANGE_COLUMNS, lesion_rows(comparison))
        figures = comparison_figures(comparison, (images[0], images[1])) if images else []
        write_page(unfinished / "report.html", comparison_page(comparison, figures))

    destination = folder if isinstance(folder, Destination) else Destination(Path(folder), COMPARISON)
    study = [identity for scan in ("baseline", "followup") for identity in _identities(comparison[scan], scan)]
    return destination.write(fill, study) / "report.html"


def change_rows(comparison: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row per artery and measure with the keys of :data:`CHANGE_COLUMNS`."""
    ids = {"baseline_id": comparison["baseline"]["id"], "followup_id": comparison["followup"]["id"]}
    return [{**ids, "what": what, **change} for what, by in comparison["changes"].items() for change in by.values()]
