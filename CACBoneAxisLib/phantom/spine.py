"""Vertebrae with cortex, trabecular core and posterior elements, and the discs between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.phantom.canvas import Array, Bounds, Brush, Frame, Patch, coverage
from CACBoneAxisLib.phantom.parameters import TorsoParameters, trabecular_hu
from CACBoneAxisLib.phantom.shapes import Tubes, edge
from CACBoneAxisLib.phantom.textures import Texture
from CACBoneAxisLib.phantom.trunk import SPINE_AXIS_P

# level, VerSe label, lower edge of the body's disc (S mm), pitch, disc, half width, half depth (mm)
_ROWS = (
    ("L4", 23, -142.5, 36.5, 10.0, 25.0, 17.6), ("L3", 22, -106.0, 36.5, 9.5, 24.0, 17.2),
    ("L2", 21, -69.5, 35.5, 9.0, 22.8, 16.8), ("L1", 20, -34.0, 34.0, 8.5, 21.6, 16.3),
    ("T12", 19, 0.0, 31.0, 6.5, 20.6, 15.8), ("T11", 18, 31.0, 29.0, 5.5, 19.4, 15.4),
    ("T10", 17, 60.0, 27.0, 5.0, 18.2, 15.2), ("T9", 16, 87.0, 25.5, 4.5, 17.2, 15.0),
    ("T8", 15, 112.5, 24.5, 4.2, 16.4, 14.8), ("T7", 14, 137.0, 23.5, 4.0, 15.8, 14.4),
    ("T6", 13, 160.5, 23.0, 4.0, 15.2, 13.9), ("T5", 12, 183.5, 22.5, 4.0, 14.7, 13.2),
    ("T4", 11, 206.0, 22.0, 4.0, 14.4, 12.4), ("T3", 10, 228.0, 21.0, 4.0, 14.4, 11.6),
    ("T2", 9, 249.0, 20.0, 4.0, 15.0, 11.0), ("T1", 8, 269.0, 19.0, 4.0, 15.8, 10.6),
)  # fmt: skip
CORTEX_MM, CORTEX_HU, POSTERIOR_CORTEX_HU, DISC_HU, CANAL_HU = 1.2, 560.0, 640.0, 78.0, 24.0
TRABECULAR_SD_HU = 26.0
FINE = (3, 1, 1)
REGION_LEVELS = ("T12", "L1", "L2")


@dataclass(frozen=True)
class Vertebra:
    """A vertebra of the torso: its body in its own frame (x left, y back, z along the spine), patient mm."""

    level: str
    label: int
    center_mm: NDArray[np.float64]
    axes: NDArray[np.float64]
    half_width_mm: float
    half_depth_mm: float
    half_height_mm: float
    disc_mm: float

    @property
    def lumbar(self) -> bool:
        """Whether it is a lumbar vertebra."""
        return self.level.startswith("L")

    def local(self, x: Array, y: Array, z: Array) -> tuple[Array, Array, Array]:
        """Return points of the patient in the vertebra's frame, mm."""
        d = [p - np.float32(c) for p, c in zip((x, y, z), self.center_mm, strict=True)]
        a = self.axes.astype(np.float32)
        u, v, w = (a[0, i] * d[0] + a[1, i] * d[1] + a[2, i] * d[2] for i in range(3))
        return u, v, w

    def radial(self, u: Array, v: Array, waist: Array | float) -> Array:
        """Distance from the side wall of the body, mm, negative inside; flattened towards the canal."""
        rx, ry = self.half_width_mm * waist, self.half_depth_mm * waist
        bent = v + 0.16 * self.half_depth_mm * np.maximum(0, 1 - (u / (0.75 * self.half_width_mm)) ** 2) * (v > 0)
        k0 = np.sqrt((u / rx) ** 2 + (bent / ry) ** 2) + 1e-6
        k1 = np.sqrt((u / rx**2) ** 2 + (bent / ry**2) ** 2) + 1e-6 / ry
        return k0 * (k0 - 1) / k1

    def body(self, u: Array, v: Array, w: Array) -> Array:
        """Distance from the surface of the body, mm (rounded rims, waist, endplates hollowed a little)."""
        waist = 0.90 + 0.10 * np.minimum((w / self.half_height_mm) ** 2, 1.2)
        hollow = 1.1 * np.maximum(0, 1 - (u / self.half_width_mm) ** 2 - (v / self.half_depth_mm) ** 2)
        side, end = self.radial(u, v, waist), np.abs(w) - self.half_height_mm + hollow
        r = 2.0
        corner = np.sqrt(np.maximum(side + r, 0) ** 2 + np.maximum(end + r, 0) ** 2)
        return np.minimum(np.maximum(side, end), -r) * (np.maximum(side, end) < -r) + (
            (corner - r) * (np.maximum(side, end) >= -r)
        )

    def posterior(self) -> Tubes:
        """Return pedicles, laminae, facets and processes as tubes in patient mm."""
        ry, h = self.half_depth_mm, self.half_height_mm
        arch = ry + 17.0 if self.lumbar else ry + 14.5
        drop = -4.0 if self.lumbar else -12.0
        pieces = [
            ((0.62 * self.half_width_mm, 0.75 * ry, 0.42 * h), (12.0, ry + 8.5, 0.36 * h), 4.4),
            ((12.5, ry + 8.5, 0.30 * h), (3.5, arch + 1, -0.45 * h), 3.1),
            ((12.5, ry + 8.5, 0.05 * h), (5.5, arch - 1, -0.75 * h), 3.0),
            ((0.0, arch + 2, -0.45 * h), (0.0, arch + (22 if self.lumbar else 21), -0.5 * h + drop), 3.0),
            ((0.0, arch + 2, -0.75 * h), (0.0, arch + (20 if self.lumbar else 17), -0.85 * h + drop), 3.0),
            ((13.5, ry + 9.5, 0.7 * h), (14.5, ry + 12.0, -1.1 * h), 4.0),
        ]
        if self.lumbar:
            pieces.append(((14.0, ry + 8, 0.30 * h), (38.0, ry + 10, 0.25 * h), 2.9))
        elif self.level in ("T11", "T12"):
            pieces.append(((14.0, ry + 9, 0.30 * h), (22.0, ry + 14, 0.25 * h), 4.0))
        else:
            pieces.append(((13.0, ry + 9, 0.30 * h), (30.0, ry + 17, 0.45 * h), 4.2))
        mirror = np.array([[-1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
        starts, ends = (
            np.concatenate([np.array(piece[k]) * mirror for piece in pieces]) @ self.axes.T + self.center_mm
            for k in (0, 1)
        )
        radii = np.repeat([piece[2] for piece in pieces], 2)
        return Tubes(starts, ends, radii, radii)


def vertebrae() -> tuple[Vertebra, ...]:
    """Return the vertebrae from L4 to T1, each tilted along the spine's curve in the sagittal plane."""
    made = []
    for level, label, low, pitch, disc, half_width, half_depth in _ROWS:
        z = low + disc / 2 + (pitch - disc / 2) / 2
        slope = float(SPINE_AXIS_P(z + 12.0) - SPINE_AXIS_P(z - 12.0)) / 24.0
        along = np.array([0.0, slope, 1.0]) / np.hypot(1.0, slope)
        axes = np.stack([[1.0, 0.0, 0.0], np.cross(along, [1.0, 0.0, 0.0]), along], axis=1)
        center = np.array([0.0, float(SPINE_AXIS_P(z)), z])
        made.append(Vertebra(level, label, center, axes, half_width, half_depth, (pitch - disc) / 2, disc))
    return tuple(made)


def _bounds(vertebra: Vertebra, frame: Frame) -> Bounds | None:
    """Return the block around the body and the disc below it."""
    reach = np.array([vertebra.half_width_mm, 18.5, vertebra.half_height_mm + vertebra.disc_mm + 5.0]) + 2.0
    return frame.bounds(vertebra.center_mm - reach, vertebra.center_mm + reach)


def paint_posterior(vertebra: Vertebra, parameters: TorsoParameters, frame: Frame) -> Patch | None:
    """Return canal and posterior elements of a vertebra, painted on a finer grid."""
    ry, h = vertebra.half_depth_mm, vertebra.half_height_mm
    reach = 43.0 if vertebra.lumbar else 36.0
    low = vertebra.center_mm - [reach, -0.5 * ry, 2.2 * h + (8 if vertebra.lumbar else 14)]
    bounds = frame.bounds(low, vertebra.center_mm + np.array([reach, ry + 46.0, 1.3 * h + 8.0]))
    if bounds is None:
        return None
    brush = Brush(frame, bounds, FINE)
    u, v, w = vertebra.local(brush.x, brush.y, brush.z)
    ends = (np.abs(w) - (h + vertebra.disc_mm)) / 8
    for width, depth, hu in ((12.0, 9.0, -40.0), (9.0, 7.6, CANAL_HU)):
        brush.fill(np.maximum((u / width) ** 2 + ((v - ry - 8.0) / depth) ** 2 - 1, ends), hu)
    distance = vertebra.posterior().within(frame, bounds, 2.5, FINE)
    for inset, hu in ((0.0, POSTERIOR_CORTEX_HU), (1.3, trabecular_hu(parameters.bmd(vertebra.level)) + 90.0)):
        brush.blend(edge(distance + inset, parameters.spacing_mm), hu)
    return brush.patch()


def paint_body(vertebra: Vertebra, parameters: TorsoParameters, frame: Frame, texture: Texture) -> Patch | None:
    """Return a vertebral body with the disc below it, painted on a finer grid.

    The trabecular texture is shifted so that its mean over the core is exactly zero:
    the core's mean HU is that of its density.
    """
    bounds = _bounds(vertebra, frame)
    if bounds is None:
        return None
    brush = Brush(frame, bounds, FINE)
    u, v, w = np.broadcast_arrays(*vertebra.local(brush.x, brush.y, brush.z))
    lower = w + vertebra.half_height_mm + vertebra.disc_mm / 2
    brush.fill(np.maximum(vertebra.radial(u, v, 1.02), np.abs(lower) - vertebra.disc_mm / 2 - 0.5), DISC_HU)
    body = vertebra.body(u, v, w)
    brush.fill(body, CORTEX_HU)
    core = coverage(body + np.float32(CORTEX_MM))
    inside = core > 0
    pattern = np.zeros_like(core)
    if np.any(inside):
        x, y, z = (np.broadcast_to(c, core.shape)[inside] for c in (brush.x, brush.y, brush.z))
        values = texture.at(x, y, z)
        pattern[inside] = values - np.average(values, weights=core[inside])
    brush.blend(core, trabecular_hu(parameters.bmd(vertebra.level)) + np.float32(TRABECULAR_SD_HU) * pattern)
    return brush.patch()


def region(vertebra: Vertebra, frame: Frame) -> Box:
    """Return the box of the elliptic cylinder recommended for a vertebra's trabecular core, in the scan (LPS, mm).

    It ends at least 3 mm from the inner side of the cortex at the side walls and 5 mm
    from the endplates, out of reach of slice thickness and point spread.
    """
    center = vertebra.center_mm - 0.06 * vertebra.half_depth_mm * vertebra.axes[:, 1]
    sizes = (1.36 * vertebra.half_width_mm, 1.16 * vertebra.half_depth_mm, vertebra.half_height_mm)
    axes = frame.rotation @ vertebra.axes
    return Box(
        vertebra.level,
        tuple(float(c) for c in frame.to_scan(center)),  # type: ignore[arg-type]
        tuple(float(s * frame.scale) for s in sizes),  # type: ignore[arg-type]
        tuple((float(a), float(b), float(c)) for a, b, c in axes),
        vertebra.level,
        '{"shape": "elliptic-cylinder"}',
    )


def body_labels(geometry: ImageGeometry, frame: Frame) -> NDArray[np.uint8]:
    """Return the vertebral bodies, cortex included, as VerSe labels (T1 8 ... T12 19, L1 20 ...), shape (z, y, x)."""
    labels = np.zeros(geometry.shape, dtype=np.uint8)
    for vertebra in vertebrae():
        bounds = _bounds(vertebra, frame)
        if bounds is None:
            continue
        inside = vertebra.body(*vertebra.local(*frame.coordinates(bounds))) < 0
        block = labels[tuple(slice(*b) for b in bounds)]
        block[np.broadcast_to(inside, block.shape)] = vertebra.label
    return labels
