"""Calcified plaques on the coronary arteries and in the wall of the aorta."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.geometry import as_point
from CACBoneAxisLib.phantom.canvas import Brush, Frame, Patch, block_mean
from CACBoneAxisLib.phantom.heart import AORTA_HIGH, AORTA_LOW, AORTA_RADIUS_MM, arteries
from CACBoneAxisLib.phantom.parameters import Calcification, TorsoParameters
from CACBoneAxisLib.phantom.shapes import Ellipsoid, frame_along

PLAQUE_MARGIN_MM = 1.6
OVERSAMPLING = (6, 6, 6)


@dataclass(frozen=True, eq=False)
class Lesion:
    """A placed calcification: name, centre and ellipsoid in patient mm."""

    name: str
    calcification: Calcification
    ellipsoid: Ellipsoid


def place(calcification: Calcification, name: str, scale: float = 1.0) -> Lesion:
    """Place a calcification on its vessel; its size does not scale with the patient.

    Raises
    ------
    UnusableInputError
        When the territory is unknown, or position, size or density are implausible.
    """
    c = calcification
    sizes = (c.diameter_mm, c.diameter_mm if c.length_mm is None else c.length_mm)
    if not 0 <= c.position <= 1 or min(sizes) <= 0 or c.hydroxyapatite_mg_cm3 < 0:
        raise refusal("torso-calcification", name=name)
    if c.territory in arteries():
        curve = arteries()[c.territory]
        center, along = curve.point(c.position), curve.tangent(c.position)
    elif c.territory in AORTA_RADIUS_MM:
        curve = AORTA_LOW if c.territory == "AA" else AORTA_HIGH
        along = curve.tangent(c.position)
        _, side, up = (np.asarray(v) for v in frame_along(along, (0.0, -1.0, 0.0)))
        angle = np.radians(c.angle_degrees)
        radius = np.interp(c.position, (0, 1), AORTA_RADIUS_MM[c.territory])
        center = curve.point(c.position) + radius * (np.cos(angle) * up + np.sin(angle) * side)
    else:
        raise refusal("torso-calcification", name=name)
    across, half = sizes[0] / 2 / scale, sizes[1] / 2 / scale
    shape = Ellipsoid(as_point(center), (half, across, across), frame_along(along))
    return Lesion(name, calcification, shape)


def lesions(parameters: TorsoParameters) -> tuple[Lesion, ...]:
    """Return all placed calcifications, named by territory and number (``LAD-1``)."""
    counts: dict[str, int] = {}
    made = []
    for c in (*parameters.calcifications, *parameters.aortic_calcifications):
        counts[c.territory] = counts.get(c.territory, 0) + 1
        made.append(place(c, f"{c.territory}-{counts[c.territory]}", parameters.body_scale))
    return tuple(made)


def paint_lesion(lesion: Lesion, parameters: TorsoParameters, frame: Frame) -> list[Patch]:
    """Return the soft plaque (at blood's HU) around a calcification, and the HU that its calcium adds.

    Hard-edged samples, 6 x 6 x 6 to a voxel, so the sum of the added HU times the voxel volume
    is the contrast times the volume to about a percent at any sampling.
    """
    plaque = lesion.ellipsoid.grown(PLAQUE_MARGIN_MM)
    bounds = frame.bounds(np.asarray(plaque.box[0]), np.asarray(plaque.box[1]))
    if bounds is None:
        return []
    brush = Brush(frame, bounds, (2, 2, 2))
    brush.fill(plaque(brush.x, brush.y, brush.z), parameters.blood_hu)
    inside = lesion.ellipsoid(*frame.coordinates(bounds, OVERSAMPLING)) < 0
    size = tuple((b - a) * n for (a, b), n in zip(bounds, OVERSAMPLING, strict=True))
    share = block_mean(np.broadcast_to(inside, size).astype(np.float32), OVERSAMPLING)
    return [brush.patch(), Patch(bounds, share * np.float32(lesion.calcification.contrast_hu), 1.0)]
