"""Heart labels of a segmentation, and distances from them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from CACBoneAxisLib.imaging.findings import Finding, finding, refusal
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.imaging.labelschemes import by_numbers

CHAMBERS = ("LA", "LV", "RA", "RV")
# Numberings with heart labels.
SCHEMES = ("totalsegmentator", "totalsegmentator-v1", "heartchambers")
BONE_WORDS = ("vertebra", "ribs", "sternum", "scapula", "clavic", "costal", "humerus", "bone", "sacrum")
# Grid of surfaces for distances: accurate to mm, computed within a second.
SURFACE_STEP_MM = 1.5


@dataclass(frozen=True, eq=False)
class HeartLabels:
    """Heart, aorta and bone labels of a segmentation.

    Parameters
    ----------
    labels : unsigned integers (z, y, x), on the CT's grid
    parts : label numbers by structure: ``heart``, ``LA``, ``LV``, ``RA``, ``RV``, ``aorta``, ``bone``
    name : of the file
    """

    labels: NDArray[np.integer]
    parts: Mapping[str, tuple[int, ...]]
    name: str

    def at(self, zyx: NDArray[np.integer]) -> str | None:
        """Return the structure at a voxel (z, y, x), None without one."""
        number = int(self.labels[tuple(zyx)])
        return next((part for part, numbers in self.parts.items() if number in numbers), None)

    @cached_property
    def has_chambers(self) -> bool:
        """Whether all four chambers are labelled."""
        return all(chamber in self.parts for chamber in CHAMBERS)

    def near_heart(self, geometry: ImageGeometry, step: int, margin_mm: float) -> NDArray[np.bool_]:
        """Return the region within a distance of the heart, rows and columns every ``step`` pixels."""
        numbers = [n for part in ("heart", *CHAMBERS) for n in self.parts.get(part, ())]
        heart = np.isin(self.labels[:, ::step, ::step], numbers)
        dx, dy, dz = geometry.spacing_mm
        return np.asarray(
            ndimage.distance_transform_edt(~heart, sampling=(dz, dy * step, dx * step)) <= margin_mm
            if heart.any()
            else heart
        )

    def descending_aorta(self, geometry: ImageGeometry) -> NDArray[np.float64] | None:
        """Return centre (y, x) in pixels and radius in mm of the descending aorta per slice; None without one.

        In each slice it is the most posterior component of the labelled aorta.
        """
        if "aorta" not in self.parts:
            return None
        dx, dy, _ = geometry.spacing_mm
        found = []
        for z, plane in enumerate(self.labels):
            pieces, count = ndimage.label(np.isin(plane, self.parts["aorta"]))
            if count:
                centers = ndimage.center_of_mass(pieces > 0, pieces, range(1, count + 1))
                number = int(np.argmax([center[0] for center in centers]))
                area = np.count_nonzero(pieces == number + 1) * dx * dy
                found.append((z, *centers[number], np.sqrt(area / np.pi)))
        if not found:
            return None
        rows = np.asarray(found)
        slices = np.arange(self.labels.shape[0])
        return np.stack([np.interp(slices, rows[:, 0], rows[:, k]) for k in (1, 2, 3)], axis=1)

    def distances_mm(self, geometry: ImageGeometry, zyx: NDArray[np.integer]) -> dict[str, float]:
        """Return the distances of a voxel (z, y, x) from each chamber and the ascending aorta, mm; 0 inside."""
        point = np.asarray(zyx) * geometry.spacing_mm[::-1]
        return {part: float(tree.query(point)[0]) for part, tree in self._trees(geometry).items()}

    def _trees(self, geometry: ImageGeometry) -> dict[str, cKDTree]:
        if not self._kept:
            spacing = np.asarray(geometry.spacing_mm[::-1])
            step = max(1, round(SURFACE_STEP_MM / geometry.spacing_mm[0]))
            coarse = self.labels[:, ::step, ::step]
            for part in (*CHAMBERS, "aorta"):
                found = np.argwhere(np.isin(coarse, self.parts.get(part, ())))
                voxels: NDArray[np.integer] = found * (1, step, step)
                if part == "aorta" and len(voxels):
                    voxels = self._ascending(geometry, voxels)
                if len(voxels):
                    self._kept[part] = cKDTree(voxels * spacing)
        return self._kept

    @cached_property
    def _kept(self) -> dict[str, cKDTree]:
        return {}

    def _ascending(self, geometry: ImageGeometry, voxels: NDArray[np.integer]) -> NDArray[np.integer]:
        """Return the voxels of the aorta outside the descending aorta."""
        course = self.descending_aorta(geometry)
        if course is None:
            return voxels
        y, x, radius = course[voxels[:, 0]].T
        dx, dy, _ = geometry.spacing_mm
        return voxels[np.hypot((voxels[:, 1] - y) * dy, (voxels[:, 2] - x) * dx) > 1.5 * radius]


def heart_labels(labels: LabelImage, *, asked: bool) -> tuple[HeartLabels | None, tuple[Finding, ...]]:
    """Return the heart labels of a segmentation, with findings on how they were decided.

    Names decide where the file has any (``heart``, ``heart_atrium_left``, ``left ventricle``,
    ``aorta`` …); else the numbers, by the evidence of ``imaging/labelschemes.py``. A single unnamed label is not
    taken as the heart.

    Parameters
    ----------
    labels : on the CT's grid
    asked : whether the file was given as that of the heart; else it is one of vertebrae, which may have none

    Raises
    ------
    UnusableInputError
        ``heart-labels-none`` when a file given as that of the heart has none, ``heart-label-unnamed`` when it
        has one label without a name, ``heart-numbers-unclear``.
    """
    present = [int(n) for n in np.unique(labels.labels) if n]
    findings: tuple[Finding, ...] = ()
    names = labels.names
    if not names and len(present) == 1 and asked:
        raise refusal("heart-label-unnamed", file=labels.name)
    if not names and len(present) > 1:
        decision = by_numbers(labels, _is_heart, chosen=SCHEMES)
        if decision.scheme is not None:
            names = {n: decision.scheme.names[n] for n in present}
            values = {"numbering": decision.scheme.title, "evidence": decision.evidence}
            findings = (finding("heart-numbers-assumed", file=labels.name, **values),)
        elif asked and decision.fitting:
            raise refusal("heart-numbers-unclear", file=labels.name, fitting=" or ".join(decision.fitting))
    table = {n: part for n in present if (part := part_of((names or {}).get(n, ""))) is not None}
    parts: dict[str, tuple[int, ...]] = {}
    for number, part in table.items():
        parts[part] = (*parts.get(part, ()), number)
    if "heart" not in parts and not set(parts) & set(CHAMBERS):
        if asked:
            raise refusal("heart-labels-none", file=labels.name)
        return None, ()
    return HeartLabels(labels.labels, parts, labels.name), findings


def _is_heart(name: str) -> bool:
    return part_of(name) in ("heart", *CHAMBERS)


def is_heart_part(name: str) -> bool:
    """Return whether the name of a mask, without its suffix, is that of the heart or a neighbour."""
    return part_of(name) is not None


def part_of(name: str) -> str | None:
    """Return the structure named by a segment: a chamber, ``heart``, ``aorta`` or ``bone``; None for any other."""
    words = re.findall(r"[a-z]+", name.lower())
    side = "L" if "left" in words else "R" if "right" in words else None
    for word, chamber in (("atrium", "A"), ("ventricle", "V")):
        if word in words and side and "appendage" not in words:
            return side + chamber
    if "myocardium" in words:
        return "LV"
    if "aorta" in words:
        return "aorta"
    if {"heart", "cardiac", "pericardium"} & set(words) or {"atrial", "appendage"} <= set(words):
        return "heart"
    return "bone" if "rib" in words or any(word.startswith(BONE_WORDS) for word in words) else None
