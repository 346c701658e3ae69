"""Mediastinum: heart and its fat, great vessels, trachea and oesophagus."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.phantom.canvas import Array, Bounds, Frame, Slab
from CACBoneAxisLib.phantom.lungs import AIR_HU, LEFT_BRONCHUS, RIGHT_BRONCHUS, TRACHEA
from CACBoneAxisLib.phantom.parameters import TorsoParameters
from CACBoneAxisLib.phantom.shapes import Curve, Ellipsoid, Profile, Tubes, edge, frame_along
from CACBoneAxisLib.phantom.textures import Texture
from CACBoneAxisLib.phantom.trunk import SPINE_AXIS_P, both, cavity

# Where the arteries run, roughly; from the second point on they are laid on the heart's surface, in its fat.
_GUIDES = {
    "LM": ((19, -26, 166), (25, -24, 166), (31, -25, 165), (36, -28, 164)),
    "LAD": ((36, -28, 164), (44, -44, 160), (48, -62, 151), (48, -78, 137), (58, -88, 120), (72, -88, 104)),
    "LCX": ((36, -28, 164), (47, -18, 160), (59, -11, 151), (66, -4, 138), (64, 4, 123), (52, 8, 110)),
    "RCA": ((-8, -38, 163), (-14, -50, 160), (-20, -64, 150), (-22, -68, 134), (-20, -56, 112), (-8, -36, 101)),
}
AORTA_LOW = Curve([(6, -28, 160), (2, -34, 180), (-4, -36, 200), (-2, -30, 221), (6, -14, 235), (15, 6, 238)])
AORTA_HIGH = Curve(
    [
        *[(15, 6, 238), (22, 22, 230), (25, 30, 212), (26, 31, 180), (25, 33, 140), (21, 31, 100)],
        *[(15, 24, 60), (9, 19, 25), (5, 16, -10), (3, 10, -60), (2, 4, -115), (2, 0, -150)],
    ]
)
AORTA_RADIUS_MM = {"AA": (16.0, 13.5), "DA": (13.0, 10.0)}

LV_AXES = frame_along((0.66, -0.52, -0.54))
CHAMBERS = {
    "RA": Ellipsoid((-26, -36, 134), (25, 29, 35)),
    "LA": Ellipsoid((9, -3, 154), (37, 20, 25)),
    "RV": Ellipsoid((16, -64, 124), (46, 25, 33), frame_along((0.8, -0.2, -0.5))),
    "LV": Ellipsoid((42, -38, 126), (54, 35, 37), LV_AXES),
}
RVOT = np.array([(16, -66, 138), (19, -62, 158), (22, -54, 174), (24, -40, 187)], float)
ARTERY_DEPTH_MM = 1.5
PERICARDIUM_HU, EPICARDIAL_FAT_HU, MEDIASTINAL_FAT_HU = 30.0, -98.0, -98.0


def epicardium(x: Array, y: Array, z: Array) -> Array:
    """Return the distance from the heart's chambers, mm, rounded over the grooves between them, where the fat lies."""
    s = np.float32(5.0)
    near = sum(np.exp(np.clip(-c.distance(x, y, z) / s, -20, 20)) for c in CHAMBERS.values())
    return -s * np.log(near)


@cache
def arteries() -> dict[str, Curve]:
    """Return the paths of the four coronary arteries, in the fat 3 mm off the chambers, patient mm."""
    found = {}
    for name, guide in _GUIDES.items():
        points = np.array(guide, dtype=np.float32)
        if name != "LM":
            moving = points[1:]
            for _ in range(25):
                gap = _epicardium_at(moving) - ARTERY_DEPTH_MM
                slope = np.stack([_epicardium_at(moving + e) - _epicardium_at(moving - e) for e in np.eye(3) / 2], -1)
                slope /= np.maximum(np.linalg.norm(slope, axis=-1, keepdims=True), 1e-6)
                moving -= (0.7 * gap[:, None] * slope).astype(np.float32)
        found[name] = Curve(points)
    return found


def _epicardium_at(points: NDArray[np.floating]) -> Array:
    x, y, z = np.asarray(points, dtype=np.float32).T
    return epicardium(x, y, z)


def _tube(points: list, radii: float | tuple, count: int = 14) -> Tubes:
    radius = np.interp(np.linspace(0, 1, count), np.linspace(0, 1, len(np.atleast_1d(radii))), np.atleast_1d(radii))
    return Tubes.along(Curve(points).point(np.linspace(0, 1, count)), radius)


class Mediastinum:
    """Heart, vessels and airways between the lungs, ready to be painted slab by slab."""

    def __init__(self, parameters: TorsoParameters, frame: Frame, rng: np.random.Generator) -> None:
        self.frame = frame
        self.voxel_mm = parameters.spacing_mm
        self.blood_hu, self.muscle_hu = parameters.blood_hu, parameters.myocardium_hu
        self.strands = Texture(rng, (2.5, 2.5, 2.5), 1.5)
        t = np.linspace(0, 1, 16)
        low = Tubes.along(AORTA_LOW.point(t), np.linspace(*AORTA_RADIUS_MM["AA"], 16))
        t = np.linspace(0, 1, 44)
        high = Tubes.along(AORTA_HIGH.point(t), np.linspace(*AORTA_RADIUS_MM["DA"], 44))
        self.aorta = Tubes.joined([low, high])
        self.pulmonary = Tubes.joined(
            [
                Tubes.along(RVOT, [17, 15, 14, 14]),
                _tube([(24, -40, 187), (33, -18, 191), (46, 4, 188), (54, 14, 180)], (13, 11, 8)),
                _tube([(22, -36, 188), (4, -14, 187), (-20, -8, 185), (-44, -2, 182)], (12, 11, 8)),
            ]
        )
        self.veins = Tubes.joined(
            [
                _tube([(-25, -20, 150), (-26, -22, 180), (-24, -24, 215), (-24, -26, 245)], (11, 10, 9)),
                _tube([(-24, -24, 245), (-10, -36, 252), (16, -40, 258), (36, -36, 268)], (7, 7)),
                _tube([(-24, -26, 242), (-32, -34, 258), (-42, -34, 274)], (7, 6)),
                _tube([(-24, -20, 112), (-26, -8, 98), (-27, 8, 85), (-26, 10, 40), (-23, 8, -20)], (13, 12, 12, 11)),
                _tube([(-23, 8, -20), (-21, 4, -70), (-19, 0, -130)], (11, 10)),
                _tube([(-22, 2, 160), (-40, 6, 166), (-58, 8, 172)], (8, 5)),
                _tube([(-20, 6, 150), (-36, 12, 146), (-54, 20, 138)], (8, 5)),
                _tube([(36, 2, 162), (50, 4, 170), (64, 2, 178)], (8, 5)),
                _tube([(34, 8, 150), (48, 16, 146), (62, 26, 136)], (8, 5)),
            ]
        )
        self.branches = Tubes.joined(
            [
                _tube([(-1, -26, 226), (-8, -22, 246), (-16, -16, 264), (-22, -12, 290)], (7, 6)),
                _tube([(7, -12, 234), (12, -8, 250), (18, -4, 268), (20, -4, 290)], (4.5, 4)),
                _tube([(14, 2, 236), (22, 6, 250), (30, 8, 266), (44, 8, 284)], (5, 5)),
            ]
        )
        airway = np.linspace(0, 1, 16)
        self.airways = Tubes.joined(
            [
                Tubes.along(TRACHEA.point(airway), 8.6),
                Tubes.along(RIGHT_BRONCHUS.point(airway), np.linspace(7.6, 4.6, 16)),
                Tubes.along(LEFT_BRONCHUS.point(airway), np.linspace(7.0, 4.6, 16)),
            ]
        )
        self.oesophagus = _tube(
            [(-3, 22, 290), (-1, 28, 240), (2, 28, 200), (3, 22, 160), (8, 18, 120), (18, 8, 88), (34, -8, 66)], 7.0, 40
        )
        self.azygos = _tube([(-12, 36, 190), (-9, 34, 120), (-7, 28, 40)], 3.5, 20)
        self.arteries = {
            k: Tubes.along(c.point(np.linspace(0, 1, 24)), np.linspace(2.1, 1.3, 24)) for k, c in arteries().items()
        }
        self.grooves = Tubes.joined([Tubes.along(c.point(np.linspace(0, 1, 16)), 4.6) for k, c in arteries().items()])
        nodes = rng.uniform((-26, -16, 196), (26, 20, 236), (7, 3))
        self.nodes = [Ellipsoid(tuple(p), tuple(rng.uniform(2.5, 5.5, 3))) for p in nodes]

    def paint(self, slab: Slab) -> None:
        """Paint everything between the lungs, except fat and calcium."""
        self._tubes(slab, self.oesophagus, 36.0)
        self._tubes(slab, self.oesophagus, -700.0, inset=5.6)
        self._tubes(slab, self.azygos, self.blood_hu)
        self._paint_heart(slab)
        for tubes in (self.pulmonary, self.veins, self.branches):
            self._tubes(slab, tubes, self.blood_hu)
        found = self.aorta.distance(slab)
        if found is not None:
            slab.blend(found[0], edge(found[1] - 1.0, self.voxel_mm), self.muscle_hu + 4)
            slab.blend(found[0], edge(found[1], self.voxel_mm), self.blood_hu)
        self._paint_arteries(slab)
        found = self.airways.distance(slab, 3.0)
        if found is not None:
            slab.blend(found[0], edge(found[1] - 1.4, self.voxel_mm), 20.0)
            slab.blend(found[0], edge(found[1], self.voxel_mm), AIR_HU)

    def _tubes(self, slab: Slab, tubes: Tubes, hu: float, inset: float = 0.0) -> None:
        found = tubes.distance(slab)
        if found is not None:
            slab.blend(found[0], edge(found[1] + inset, self.voxel_mm), hu)

    def paint_fat(self, slab: Slab) -> None:
        """Paint the fat between the lungs, with its lymph nodes, and the muscle beside the spine."""
        heights = (60, 90, 120, 150, 175, 195, 215, 235, 255, 290)
        right = Profile(heights, (-34, -34, -34, -34, -34, -31, -31, -33, -36, -40))
        left = Profile(heights, (38, 38, 38, 38, 38, 34, 33, 32, 34, 40))
        front = Profile(heights, (-110, -110, -110, -110, -110, -100, -86, -72, -56, -40))

        def middle(x: Array, y: Array, z: Array) -> Array:
            back = SPINE_AXIS_P(z)
            depth = np.clip((y - front(z)) / (back - front(z)), 0, 1)
            # Narrow where the lungs meet in front of the heart, wide at the hila, narrow again at the spine.
            waist = np.float32(0.1) + np.float32(0.9) * np.sin(np.pi * np.clip(depth, 0.04, 0.86) ** 0.9) ** 1.5
            a, b = right(z) * waist, left(z) * waist
            return np.maximum(np.abs(x - (a + b) / 2) - (b - a) / 2, y - back)

        slab.paint((-45, -112, 60), (50, 60, 290), both(middle, cavity(-1.0)), self._fat)
        for node in self.nodes:
            slab.paint(*node.box, node, 38.0)

        def beside(x: Array, y: Array, z: Array) -> Array:
            middle = SPINE_AXIS_P(z) + np.float32(28)
            return (x / 27) ** 2 + ((y - middle) / 30) ** 2 - 1

        slab.paint((-34, -20, -200), (34, 125, 300), beside, 34.0, upright=True)

    def _fat(self, bounds: Bounds) -> Array:
        return np.float32(MEDIASTINAL_FAT_HU) + 30 * np.clip(self.strands.on(self.frame, bounds) - 1.4, 0, 1.2)

    def _paint_heart(self, slab: Slab) -> None:
        """Paint pericardium, epicardial fat, walls and chambers, from outside in."""
        for layer, hu in ((7.5, PERICARDIUM_HU), (6.2, EPICARDIAL_FAT_HU)):

            def shape(x: Array, y: Array, z: Array, layer: float = layer) -> Array:
                return epicardium(x, y, z) - layer

            slab.paint((-70, -112, 75), (110, 32, 192), both(shape, cavity(2.0)), hu)
        for name, wall_mm in (("RA", 2.0), ("LA", 2.0), ("RV", 3.5), ("LV", 10.5)):
            chamber = CHAMBERS[name]
            slab.paint(*chamber.box, chamber, self.muscle_hu)
            lumen = chamber.grown(-wall_mm)
            slab.paint(*lumen.box, lumen, self.blood_hu)

    def _paint_arteries(self, slab: Slab) -> None:
        """Paint the fat of the grooves, then the arteries in it."""
        found = self.grooves.distance(slab)
        if found is not None:
            outside_root = self.aorta.distance(slab, 8.0)
            opacity = edge(found[1], self.voxel_mm)
            keep = Slab(self.frame, slab.z0, slab.z1)
            if outside_root is not None:
                keep.hu[...] = 1
                keep.blend(outside_root[0], edge(outside_root[1] - 0.5, self.voxel_mm), 0.0)
                opacity = opacity * keep.hu[keep.index(found[0])]
            slab.blend(found[0], opacity, EPICARDIAL_FAT_HU)
        for tubes in self.arteries.values():
            self._tubes(slab, tubes, self.blood_hu)
