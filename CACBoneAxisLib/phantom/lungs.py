"""Lungs with branching vessels, airways and fissures."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from CACBoneAxisLib.phantom.canvas import Array, Bounds, Frame, Slab
from CACBoneAxisLib.phantom.parameters import TorsoParameters
from CACBoneAxisLib.phantom.shapes import Curve, Tubes, edge
from CACBoneAxisLib.phantom.textures import Texture
from CACBoneAxisLib.phantom.trunk import (
    CAVITY_BACK,
    CAVITY_BOX,
    CAVITY_FRONT,
    CAVITY_HALF_WIDTH,
    below_diaphragm,
    both,
    cavity,
    diaphragm_height,
)

TWIGS, TWIG_RADIUS_MM = 480, 0.72
PARENCHYMA_HU, VESSEL_HU, WALL_HU, AIR_HU = -868.0, 35.0, -10.0, -985.0
HILUM = {-1: np.array([-40.0, 8.0, 182.0]), 1: np.array([44.0, 14.0, 180.0])}

TRACHEA = Curve([(0, 2, 300), (0, 6, 270), (0, 10, 240), (0, 13, 207)])
RIGHT_BRONCHUS = Curve([(0, 13, 209), (-12, 15, 200), (-27, 15, 190), (-40, 13, 178), (-46, 16, 165)])
LEFT_BRONCHUS = Curve([(0, 13, 209), (12, 16, 202), (30, 18, 192), (46, 17, 183), (52, 22, 168)])


def _apex(x: Array, y: Array, z: Array) -> Array:
    """The two domes of the lungs under the first ribs."""
    up = np.maximum(z - 196, 0)
    ramp = np.minimum(up / 45, 1)
    return (ramp * (((np.abs(x) - 46) / 62) ** 2 + ((y - 8) / 62) ** 2) + (up / 74) ** 2 - 1) * 33


LUNGS = both(cavity(0.0), _apex)


@lru_cache(maxsize=8)
def _tree(seed: int, side: int, number: int) -> Tubes:
    """Grow a tree that fills a lung, joining random points to a nearby twig on a short path from the hilum.

    Branch radii follow Murray's law: cubes of the radii add up at a fork.
    """
    rng = np.random.default_rng([seed, side + 1, number])
    root = HILUM[side] + [0.0, 2.0 * number, -12.0 * number]
    targets: list[tuple[float, float, float]] = []
    while len(targets) < TWIGS:
        z = rng.uniform(10, 258)
        x, y = side * rng.uniform(20, 134), rng.uniform(-95, 80)
        a, f, b = float(CAVITY_HALF_WIDTH(z)) - 4, float(CAVITY_FRONT(z)) + 4, float(CAVITY_BACK(z)) - 4
        in_column = abs(x / a) ** 2.3 + abs((y - (f + b) / 2) / ((b - f) / 2)) ** 2.3 < 1
        if in_column and z > float(diaphragm_height(np.array(x), np.array(y))) + 4:
            targets.append((x, y, z))
    # Distant points come first and form trunks, from which the others branch.
    far = np.linalg.norm(np.array(targets) - root, axis=1) * rng.uniform(0.6, 1.4, len(targets))
    places, parents = [root], [-1]
    for target in np.array(targets)[np.argsort(-far)]:
        known = np.array(places)
        at = int(np.argmin(np.linalg.norm(known - target, axis=1) + 0.45 * np.linalg.norm(known - root, axis=1)))
        start = places[at]
        way = target - start
        count = max(1, round(float(np.linalg.norm(way)) / 9.0))
        for k in range(1, count + 1):
            places.append(start + way * k / count + rng.normal(0, 0.8, 3))
            parents.append(at)
            at = len(places) - 1
    flow = np.zeros(len(places))
    flow[np.setdiff1d(np.arange(len(places)), parents)] = 1
    for i in range(len(places) - 1, 0, -1):
        flow[parents[i]] += flow[i]
    radius = TWIG_RADIUS_MM * np.maximum(flow, 1) ** (1 / 3)
    child = np.arange(1, len(places))
    points = np.array(places)
    return Tubes(points[np.array(parents)[child]], points[child], radius[child], radius[child] * 0.92)


class Lungs:
    """Both lungs, ready to be painted slab by slab."""

    def __init__(self, parameters: TorsoParameters, frame: Frame, rng: np.random.Generator) -> None:
        self.frame = frame
        self.voxel_mm = parameters.spacing_mm
        self.mottle = Texture(rng, (1.4, 1.2, 1.2), 1.0)
        self.patches = Texture(rng, (9.0, 9.0, 9.0), 4.0)
        trees = [_tree(parameters.seed, s, k) for s in (-1, 1) for k in (0, 1)]
        self.vessels = Tubes.joined(trees)
        airways = []
        for s, main in ((-1, RIGHT_BRONCHUS), (1, LEFT_BRONCHUS)):
            end = main.point(1.0)
            for k, way in enumerate(((22, -26, 26), (40, -20, -4), (30, 26, -44), (16, -8, -46), (26, 34, -8))):
                target = end + np.array([s * way[0], way[1], way[2]])
                middle = (end + target) / 2 + rng.normal(0, 3, 3)
                path = Curve([main.point(0.8), end, middle, target]) if k else Curve([main.point(0.55), middle, target])
                airways.append(Tubes.along(path.point(np.linspace(0, 1, 14)), np.linspace(4.4, 1.3, 14)))
        self.airways = Tubes.joined(airways)

    def _fill(self, bounds: Bounds) -> Array:
        """HU of lung: denser in dependent parts, finely textured."""
        _, y, _ = self.frame.coordinates(bounds)
        base = np.float32(PARENCHYMA_HU) + np.float32(0.34) * y
        return base + 16 * self.mottle.on(self.frame, bounds) + 9 * self.patches.on(self.frame, bounds)

    def paint(self, slab: Slab) -> None:
        """Paint the pleural cavity as lung, the vessels, airways and fissures within it."""
        slab.paint(*CAVITY_BOX, cavity(-1.5), -60.0, upright=True)
        found = slab.cover((-145, -110, -100), (145, 95, 272), both(LUNGS, below_diaphragm_not))
        if found is None:
            return
        bounds, opacity = found
        lung = Slab(self.frame, *bounds[0])
        lung.blend(bounds, np.float32(1.0), self._fill)  # type: ignore[arg-type]
        self._fissures(lung)
        tubes = self.vessels.distance(lung, 1.5)
        if tubes is not None:
            lung.blend(tubes[0], edge(tubes[1], self.voxel_mm), VESSEL_HU)
        tubes = self.airways.distance(lung, 2.5)
        if tubes is not None:
            lung.blend(tubes[0], edge(tubes[1] - 1.1, self.voxel_mm), WALL_HU)
            lung.blend(tubes[0], edge(tubes[1], self.voxel_mm), AIR_HU)
        slab.blend(bounds, opacity, lambda b: lung.hu[lung.index(b)])

    @staticmethod
    def _fissures(lung: Slab) -> None:
        def oblique(x: Array, y: Array, z: Array) -> Array:
            sheet = z - 168 - 0.95 * (y - 0.0) + 0.0022 * (np.abs(x) - 80) ** 2
            return np.abs(sheet) - 1.1

        def horizontal(x: Array, y: Array, z: Array) -> Array:
            sheet = z - 152 + 0.18 * (y + 40) - 0.001 * (x + 90) ** 2
            return np.maximum(np.abs(sheet) - 0.9, y + 20)

        lung.paint(*CAVITY_BOX, oblique, -790.0)
        lung.paint((-145, -110, 100), (-20, 0, 190), horizontal, -800.0)


def below_diaphragm_not(x: Array, y: Array, z: Array) -> Array:
    """The space above the diaphragm."""
    return -below_diaphragm(0.0)(x, y, z)
