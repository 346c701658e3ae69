"""Small images and a scorer of a few lines to compare with."""

from __future__ import annotations

import numpy as np

from CACBoneAxisLib.calcium.seeds import Seed
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage

SOFT_TISSUE_HU = 40


def make_image(shape: tuple[int, int, int], spacing_mm: tuple[float, float, float] = (0.5, 0.5, 3.0)) -> CTImage:
    """Return soft tissue everywhere, with voxel [0, 0, 0] at the origin."""
    hu = np.full(shape, SOFT_TISSUE_HU, dtype=np.int16)
    return CTImage(hu, ImageGeometry(shape, spacing_mm, (0.0, 0.0, 0.0)))


def seed_at(image: CTImage, zyx: tuple[int, int, int], name: str = "LAD-1", **decision: object) -> Seed:
    """Return a seed at the centre of a voxel."""
    left, posterior, superior = image.geometry.to_lps(zyx[::-1])
    territory = name.split("-")[0]
    return Seed(name, territory, (float(left), float(posterior), float(superior)), **decision)  # type: ignore[arg-type]


def neighbours(voxel: tuple[int, int, int], reach: int, planar: bool) -> list[tuple[int, int, int]]:
    steps = [
        (dz, dy, dx)
        for dz in ((0,) if planar else (-1, 0, 1))
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
        if 0 < abs(dz) + abs(dy) + abs(dx) <= reach
    ]
    return [(voxel[0] + dz, voxel[1] + dy, voxel[2] + dx) for dz, dy, dx in steps]


def flood(voxels: set[tuple[int, int, int]], start: tuple[int, int, int], reach: int, planar: bool = False) -> set:
    """Return what is connected to a voxel, one step at a time."""
    found, edge = {start}, [start]
    while edge:
        for other in neighbours(edge.pop(), reach, planar):
            if other in voxels and other not in found:
                found.add(other)
                edge.append(other)
    return found


def brute_force_agatston(
    hu: np.ndarray,
    spacing_mm: tuple[float, float, float],
    start: tuple[int, int, int],
    *,
    planar_reach: int = 2,
    minimum_area_mm2: float = 1.0,
    increment_mm: float | None = None,
) -> float:
    """Score the lesion at a voxel, by the words of the definition and nothing else."""
    candidates = {tuple(int(i) for i in v) for v in np.argwhere(hu >= 130)}
    lesion = flood(candidates, start, 3)
    score = 0.0
    while lesion:
        region = flood(lesion, min(lesion), planar_reach, planar=True) & lesion
        lesion -= region
        area = len(region) * spacing_mm[0] * spacing_mm[1]
        peak = max(hu[v] for v in region)
        if area >= minimum_area_mm2:
            score += area * (1 if peak < 200 else 2 if peak < 300 else 3 if peak < 400 else 4)
    return score * (increment_mm or spacing_mm[2]) / 3
