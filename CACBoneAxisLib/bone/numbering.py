"""Map labels to vertebral levels, with the evidence for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.bone.levels import levels, parse_level
from CACBoneAxisLib.imaging.findings import Finding, finding, refusal
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.labelfiles import FILE_NAME
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.labelschemes import (
    Look,
    by_numbers,
    label_looks,
    schemes,
    spine_evidence,
    spine_fault,
    spine_order,
)

AUTO = "auto"
# Names of vertebra numbering schemes in settings and on the command line.
NUMBERINGS = (AUTO, "totalsegmentator", "totalsegmentator-v1", "verse", "totalspineseg")
STATED = "the numbering that was stated"


def level_numbers(
    labels: LabelImage, numbering: str | Mapping[int, str] = AUTO, image: CTImage | None = None
) -> tuple[dict[str, int], tuple[Finding, ...]]:
    """Map label numbers to levels and say how that was decided.

    A stated numbering (scheme or mapping) takes precedence over names, and names over evidence
    (``imaging/labelschemes.py``). Whatever the source, the levels must follow each other from
    the head down at plausible distances.

    Parameters
    ----------
    labels : LabelImage
    numbering : as in ``BoneProtocol``
    image : CT on the labels' grid; None to use positions only

    Returns
    -------
    number by level, from T1 to L5 : only levels whose number occurs
    findings : of the file too

    Raises
    ------
    UnusableInputError
        ``labels-none`` when no label is a level, ``region-duplicate`` when two are the same,
        ``numbering-unclear`` when the numbers may be of several schemes or of none,
        ``labels-order`` when the levels contradict their order, ``level-claims`` when a label's name and code do.
    """
    labels = with_names(labels, numbering, image)
    looks = label_looks(labels)
    table = _levels_of(labels, numbering)
    found: dict[str, int] = {}
    for code in levels():
        numbers = [n for n in looks if table.get(n) == code]
        if len(numbers) > 1:
            raise refusal("region-duplicate", level=code)
        if numbers:
            found[code] = numbers[0]
    if not found:
        raise refusal("labels-none", file=labels.name)
    middles = {code: looks[n].middle_mm for code, n in found.items()}
    told = labels.named_by if isinstance(numbering, str) else STATED
    fault = spine_fault(_spine(labels, looks) | middles)
    if fault is not None:
        raise refusal("labels-order", file=labels.name, fault=fault, told=told or "the names of its labels")
    said = [_of_file(one, labels.name) for one in labels.findings]
    if told and not any(f.code in ("numbering-assumed", "numbering-alone") for f in said):
        evidence = spine_evidence(middles)
        if evidence:
            said.append(finding("levels-named", file=labels.name, told=told, evidence=evidence))
        elif told == FILE_NAME:
            said.append(finding("levels-named-alone", file=labels.name, told=told))
    return found, tuple(said)


def with_names(
    labels: LabelImage, numbering: str | Mapping[int, str] = AUTO, image: CTImage | None = None
) -> LabelImage:
    """Name the labels by a stated numbering, or by evidence where they have no names.

    Raises
    ------
    UnusableInputError
        ``numbering-unclear`` when the evidence is short.
    """
    if not isinstance(numbering, str) or (numbering == AUTO and labels.names):
        return labels
    present = [int(n) for n in np.flatnonzero(np.bincount(labels.labels.ravel())) if n]
    if numbering != AUTO:
        scheme = schemes()[numbering]
        names = {n: scheme.names[n] for n in present if n in scheme.names}
        return replace(labels, names=names, named_by=f"{STATED} ({scheme.title})")
    decision = by_numbers(labels, _is_vertebra, image, NUMBERINGS[1:])
    scheme = decision.scheme or schemes()["totalsegmentator"]
    if decision.scheme is None and not decision.fitting and not decision.evidence:
        raise refusal("labels-none", file=labels.name)
    if decision.scheme is None:
        why = f"they may be those of {' or '.join(decision.fitting)}" if decision.fitting else decision.evidence
        raise refusal("numbering-unclear", file=labels.name, why=why, schemes=", ".join(NUMBERINGS[1:]))
    code = "numbering-alone" if decision.alone else "numbering-assumed"
    said = finding(code, file=labels.name, numbering=scheme.title, evidence=decision.evidence)
    names = {n: scheme.names[n] for n in present}
    return replace(labels, names=names, named_by=f"its numbers, as {scheme.title}'s", findings=(*labels.findings, said))


def is_level(name: str) -> bool:
    """Return whether a mask's name (without suffix) is a vertebral level."""
    return parse_level(name) is not None


def _is_vertebra(name: str) -> bool:
    return spine_order(name) is not None


def _levels_of(labels: LabelImage, numbering: str | Mapping[int, str]) -> dict[int, str]:
    if not isinstance(numbering, str):
        return dict(numbering)
    by_code = {level.snomed: code for code, level in levels().items() if level.snomed}
    table = {}
    for number in {*(labels.names or {}), *labels.codes}:
        named = parse_level((labels.names or {}).get(number, ""))
        coded = {by_code[code] for code in labels.codes.get(number, ()) if code in by_code}
        if len(coded) > 1 or (named and coded and coded != {named}):
            raise refusal("level-claims", file=labels.name, place=number)
        level = named or next(iter(coded), None)
        if level:
            table[number] = level
    return table


def _spine(labels: LabelImage, looks: Mapping[int, Look]) -> dict[str, NDArray[np.float64]]:
    """Return the centres of all labels named as vertebrae, including cervical ones."""
    names = labels.names or {}
    return {
        names[n].removeprefix("vertebrae_"): look.middle_mm
        for n, look in looks.items()
        if n in names and spine_order(names[n]) is not None and parse_level(names[n]) is None
    }


def _of_file(one: Finding, name: str) -> Finding:
    """Prefix a label file's finding so that its sentence says what it is about."""
    general = ("orientation-assumed", "reader-warning", "scale-zero", "segments-empty", "masks-overlap")
    return finding("labels-file", file=name, said=one.message) if one.code in general else one
