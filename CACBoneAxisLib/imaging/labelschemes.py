"""Identify the numbering scheme of a labelmap without names, by evidence.

A number is a claim: 22 is L1 in TotalSegmentator 1, the prostate in version 2 and L3 in VerSe. A
scheme of ``data/label_schemes.json`` fits if it has every number in the file, its vertebrae follow
each other from head to feet at plausible distances, its lungs contain air and its bones are bone.
If several fit, the lower end of the lungs decides where possible; then the file name, with a warning
that it is the only evidence; otherwise none is chosen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.coverage import level_shift
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.labels import LabelImage

SPINE_NAME = re.compile(r"(?:vertebrae_)?([CTLS])(\d{1,2})")
FIRST = {"C": -7, "T": 0, "L": 12, "S": 17}
# Distance between centres of neighbouring vertebrae, mm: from C1, from T1 and from T10 on. Much wider than the
# 15, 20 to 28 and 28 to 40 mm of adults, because a vertebra may be crushed or a label half missing.
STEPS_MM = ((-7, 8.0, 32.0), (0, 10.0, 38.0), (9, 14.0, 60.0))
SOLID = (
    "spleen",
    "kidney",
    "liver",
    "pancreas",
    "adrenal",
    "heart",
    "aorta",
    "prostate",
    "thyroid",
    "urinary",
    "gallb",
)
LUNG_BELOW_HU, BONE_ABOVE_HU = -300.0, -50.0
BONES = ("vertebrae", "rib", "sternum", "scapula", "clavicula", "humerus", "hip", "femur", "sacrum", "skull")
# The lower end of the lungs locates levels to within one or two; schemes differ by seven or more.
NEAR_LEVELS, FAR_LEVELS = 2.5, 3.5
LOOKED_AT = 100_000


@dataclass(frozen=True)
class Scheme:
    """A numbering scheme: settings key, title, and names by number."""

    key: str
    title: str
    names: Mapping[int, str]


@dataclass(frozen=True)
class Look:
    """Centre of a label (LPS, mm) and its median HU; None without an image."""

    middle_mm: NDArray[np.float64]
    median_hu: float | None = None


@dataclass(frozen=True)
class Decision:
    """The chosen scheme, or None, with the evidence or what is missing in words.

    ``alone`` where a name, or the lack of an alternative, is the only evidence; ``fitting`` are the titles of
    all schemes that fit.
    """

    scheme: Scheme | None
    evidence: str
    alone: bool = False
    fitting: tuple[str, ...] = ()


@cache
def schemes() -> dict[str, Scheme]:
    """Return the known numbering schemes by key."""
    rows = load_table("label_schemes")["schemes"]
    return {
        key: Scheme(key, row["title"], {int(n): name for n, name in row["names"].items()}) for key, row in rows.items()
    }


def spine_order(name: str) -> float | None:
    """Return a vertebra's position along the spine (T1 is 1, L1 is 13); None for other names."""
    match = SPINE_NAME.fullmatch(name)
    if match is None:
        return None
    letter, number = match[1], int(match[2])
    return FIRST[letter] + number - (0.5 if (letter, number) == ("T", 13) else 0.0)


def label_looks(labels: LabelImage, image: CTImage | None = None) -> dict[int, Look]:
    """Return centre and median HU of every label; the image is on the labels' grid."""
    found = {}
    for number, box in enumerate(ndimage.find_objects(labels.labels), start=1):
        if box is None:
            continue
        sides = [s.stop - s.start for s in box]
        step = max(1, ceil((np.prod(sides) / LOOKED_AT) ** (1 / 3)))
        while True:
            place = tuple(slice(s.start, s.stop, step) for s in box)
            inside = labels.labels[place] == number
            if inside.any() or step == 1:
                break
            step = max(1, step // 2)
        middle = np.argwhere(inside).mean(axis=0) * step + [s.start for s in box]
        hu = None if image is None else float(np.median(image.hu[place][inside]))
        found[number] = Look(labels.geometry.to_lps(middle[::-1]), hu)
    return found


def spine_fault(middles_mm: Mapping[str, NDArray[np.float64]]) -> str | None:
    """Describe how named vertebrae contradict anatomical order or spacing; None where they do not."""
    placed = sorted((order, name) for name in middles_mm if (order := spine_order(name)) is not None)
    for (upper_order, upper), (lower_order, lower) in pairwise(placed):
        first, second = middles_mm[upper], middles_mm[lower]
        names = [name.removeprefix("vertebrae_") for name in (upper, lower)]
        if first[2] <= second[2]:
            return f"{names[0]} would lie below {names[1]}"
        apart = float(np.linalg.norm(first - second))
        least, most = _limits(upper_order, lower_order)
        if not least <= apart <= most:
            return f"{names[0]} and {names[1]} would be {apart:.0f} mm apart"
    return None


def _limits(upper: float, lower: float) -> tuple[float, float]:
    least = most = 0.0
    for order in np.arange(upper, lower):
        _, low, high = next(row for row in reversed(STEPS_MM) if order >= row[0])
        part = min(1.0, lower - order)
        least, most = least + low * part, most + high * part
    return least, most


def spine_evidence(middles_mm: Mapping[str, NDArray[np.float64]]) -> str:
    """Describe that the vertebrae are in order; empty for fewer than two."""
    placed = sorted((order, name) for name in middles_mm if (order := spine_order(name)) is not None)
    if len(placed) < 2:
        return ""
    steps = [
        float(np.linalg.norm(middles_mm[a] - middles_mm[b])) / (lower - upper)
        for (upper, a), (lower, b) in pairwise(placed)
    ]
    first, last = (placed[n][1].removeprefix("vertebrae_") for n in (0, -1))
    return f"{first} to {last} follow each other from the head down, {min(steps):.0f} to {max(steps):.0f} mm a level"


def by_numbers(
    labels: LabelImage,
    sought: Callable[[str], bool],
    image: CTImage | None = None,
    chosen: Sequence[str] | None = None,
) -> Decision:
    """Decide which scheme a labelmap's numbers belong to.

    Parameters
    ----------
    labels : without names, on the image's grid where there is an image
    sought : whether a name is what the file was given for; a scheme without any is ruled out
    image : CT; None to use positions only
    chosen : keys of the candidate schemes; None for all
    """
    looks = label_looks(labels, image)
    known = [one for key, one in schemes().items() if chosen is None or key in chosen]
    candidates = [one for one in known if any(sought(one.names.get(n, "")) for n in looks)]
    faults = {one.title: _fault(one, looks) for one in candidates}
    fits = [one for one in candidates if faults[one.title] is None]
    if not fits:
        reasons = "; ".join(f"as {title}'s {fault}" for title, fault in faults.items())
        return Decision(None, reasons)
    titles = tuple(one.title for one in fits)
    if len(fits) == 1:
        words = _evidence(fits[0], looks)
        return Decision(fits[0], words or "no other known numbering fits", not words, titles)
    if image is not None:
        shifts = [level_shift(image, _levels(one, looks)) for one in fits]
        near = [one for one, by in zip(fits, shifts, strict=True) if by is not None and abs(by) <= NEAR_LEVELS]
        far = [by for by in shifts if by is not None and abs(by) >= FAR_LEVELS]
        if len(near) == 1 and len(far) == len(fits) - 1:
            words = _evidence(near[0], looks)
            return Decision(
                near[0], ", and ".join(w for w in (words, "the lungs end where they should") if w), False, titles
            )
    claimed = next((one for one in fits if one.key == labels.hint), None)
    if claimed is not None:
        return Decision(claimed, "the file's name", True, titles)
    return Decision(None, "", False, titles)


def _levels(scheme: Scheme, looks: Mapping[int, Look]) -> dict[float, float]:
    """Return the height (S, mm) of every vertebra by its position along the spine."""
    named = {spine_order(scheme.names.get(n, "")): look.middle_mm[2] for n, look in looks.items()}
    return {order: float(z) for order, z in named.items() if order is not None}


def _fault(scheme: Scheme, looks: Mapping[int, Look]) -> str | None:
    """Describe what contradicts a scheme; None where nothing does."""
    unknown = [n for n in looks if n not in scheme.names]
    if unknown:
        return f"{unknown[0]} means nothing"
    for number, look in looks.items():
        name = scheme.names[number]
        if look.median_hu is None:
            continue
        if name.startswith("lung") and look.median_hu > LUNG_BELOW_HU:
            return f"{number} is lung, and holds {look.median_hu:.0f} HU"
        bone = spine_order(name) is not None or name.startswith(BONES)
        if bone and look.median_hu < BONE_ABOVE_HU:
            return f"{number} is bone ({name}), and holds {look.median_hu:.0f} HU"
        if name.startswith(SOLID) and look.median_hu < LUNG_BELOW_HU:
            return f"{number} is {name}, and holds {look.median_hu:.0f} HU"
    return spine_fault({scheme.names[n]: look.middle_mm for n, look in looks.items()})


def _evidence(scheme: Scheme, looks: Mapping[int, Look]) -> str:
    said = [spine_evidence({scheme.names[n]: look.middle_mm for n, look in looks.items()})]
    if any(scheme.names[n].startswith("lung") and look.median_hu is not None for n, look in looks.items()):
        said.append("its lungs hold air")
    return ", and ".join(words for words in said if words)
