"""Ribs, costal cartilage, sternum, clavicles and shoulder blades."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.phantom.canvas import Array, Frame, Shape, Slab
from CACBoneAxisLib.phantom.parameters import TorsoParameters
from CACBoneAxisLib.phantom.shapes import Curve, Ellipsoid, Tubes, edge, frame_along
from CACBoneAxisLib.phantom.spine import vertebrae
from CACBoneAxisLib.phantom.trunk import CAVITY_BACK, CAVITY_FRONT, CAVITY_HALF_WIDTH

CORTEX_HU, MARROW_HU, CARTILAGE_HU, STERNUM_MARROW_HU = 720.0, 170.0, 95.0, 120.0
# How far each rib falls from spine to front end, mm, and how far round it goes, degrees from the spine.
_DROP_MM = (28, 44, 60, 70, 78, 84, 88, 90, 88, 80, 58, 36)
_REACH_DEGREES = (128, 138, 142, 144, 142, 138, 134, 128, 120, 112, 92, 66)


def _rib_point(side: int, angle: float, z: float) -> NDArray[np.float64]:
    """Point outside the pleura at an angle round the trunk (0 at the back)."""
    a = float(CAVITY_HALF_WIDTH(z)) + 4.5
    front, back = float(CAVITY_FRONT(z)) - 4.5, float(CAVITY_BACK(z)) + 4.5
    s, c = np.sin(angle), np.cos(angle)
    e = 2 / 2.3
    y = (front + back) / 2 + (back - front) / 2 * np.sign(c) * abs(c) ** e
    return np.array([side * a * s**e, y, z])


class Cage:
    """The bones of the chest wall, ready to be painted slab by slab."""

    def __init__(self, parameters: TorsoParameters, frame: Frame, rng: np.random.Generator) -> None:
        self.voxel_mm = parameters.spacing_mm
        spine = {v.level: v for v in vertebrae()}
        ribs, cartilages = [], []
        for number in range(1, 13):
            v = spine[f"T{number}"]
            top = v.center_mm[2] + 0.6 * v.half_height_mm
            for side in (-1, 1):
                w, d, h = v.half_width_mm, v.half_depth_mm, v.half_height_mm
                head = v.center_mm + np.array([side * (w + 2), 0.7 * d, 0.6 * h])
                neck = v.center_mm + np.array([side * (w + 15), d + 11, 0.5 * h])
                reach = np.radians(_REACH_DEGREES[number - 1])
                path = [head, neck]
                for t in np.linspace(0.0, 1.0, 12):
                    angle = np.radians(34) + t * (reach - np.radians(34))
                    z = top - 4 - (_DROP_MM[number - 1] - 4) * t**1.1
                    path.append(_rib_point(side, angle, z))
                curve = Curve(path)
                thick = 2.6 if number > 10 else 3.3
                ribs.append(Tubes.along(curve.point(np.linspace(0, 1, 34)), thick, flat=0.56))
                if number <= 10:
                    cartilages.append(self._cartilage(number, side, path[-1]))
        self.ribs = Tubes.joined(ribs)
        self.cartilages = Tubes.joined(cartilages)
        self.clavicles = Tubes.joined(
            [
                Tubes.along(np.array([(s * 17, -58, 250), (s * 45, -58, 262), (s * 90, -30, 276)]), [9, 6.5, 6])
                for s in (-1, 1)
            ]
        )
        self.blades = [
            Ellipsoid((s * 106, 74, 214), (46, 3.4, 62), frame_along((s * 0.82, -0.5, 0.0))) for s in (-1, 1)
        ]
        self.spines = Tubes.joined(
            [
                Tubes.along(np.array([(s * 76, 102, 236), (s * 106, 90, 250), (s * 142, 58, 264)]), [3.5, 5, 7])
                for s in (-1, 1)
            ]
        )

    @staticmethod
    def _cartilage(number: int, side: int, start: NDArray) -> Tubes:
        z_sternum = (244, 222, 190, 165, 142, 124, 112, 102, 92, 84)[number - 1]
        x_end = side * (20.0 if number <= 2 else 15.0 if number <= 7 else 34.0 + 9 * (number - 8))
        end = np.array([x_end, sternum_axis(z_sternum) + (0.0 if number <= 7 else 2.0), z_sternum])
        middle = (start + end) / 2 + np.array([side * 5.0, -5.0, -5.0 if number > 3 else 0.0])
        return Tubes.along(Curve([start, middle, end]).point(np.linspace(0, 1, 10)), 3.6, flat=0.7)

    def paint(self, slab: Slab) -> None:
        """Paint cartilage, ribs, sternum, clavicles and shoulder blades."""
        found = self.cartilages.distance(slab)
        if found is not None:
            slab.blend(found[0], edge(found[1], self.voxel_mm), CARTILAGE_HU + 40)
            slab.blend(found[0], edge(found[1] + 1.2, self.voxel_mm), CARTILAGE_HU)
        for tubes, shell in ((self.ribs, 1.1), (self.clavicles, 1.6), (self.spines, 1.2)):
            found = tubes.distance(slab)
            if found is not None:
                slab.blend(found[0], edge(found[1], self.voxel_mm), CORTEX_HU)
                slab.blend(found[0], edge(found[1] + shell, self.voxel_mm), MARROW_HU)
        for blade in self.blades:
            slab.paint(*blade.box, blade, CORTEX_HU)
            inner = blade.grown(-1.2)
            slab.paint(*inner.box, inner, MARROW_HU)
        for inset, hu in ((0.0, CORTEX_HU - 150), (1.1, STERNUM_MARROW_HU)):
            slab.paint((-36, -125, 84), (36, -40, 250), _sternum(inset), hu)


def sternum_axis(z: float) -> float:
    """Return the P of the middle of the sternum at a height, mm."""
    return float(CAVITY_FRONT(z)) - 8.0


def _sternum(inset: float) -> Shape:
    def shape(x: Array, y: Array, z: Array) -> Array:
        width = np.interp(z, (84, 96, 118, 150, 188, 193, 198, 225, 247), (5, 8, 19, 18, 15, 13, 22, 29, 24))
        middle = CAVITY_FRONT(z) - np.float32(8.0)
        a, b = width.astype(np.float32) - inset, np.float32(5.8 - inset)
        across = (((x / a) ** 4 + ((y - middle) / b) ** 4) ** np.float32(0.25) - 1) * b
        gap = np.float32(1.6) - np.abs(z - np.float32(193.5))
        return np.maximum(across, np.maximum(np.abs(z - 167) - 80 + inset, gap + inset))

    return shape
