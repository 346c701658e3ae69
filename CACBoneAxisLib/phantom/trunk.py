"""The body wall and the organs below the diaphragm."""

from __future__ import annotations

import numpy as np

from CACBoneAxisLib.phantom.canvas import Array, Bounds, Frame, Shape, Slab
from CACBoneAxisLib.phantom.parameters import TorsoParameters
from CACBoneAxisLib.phantom.shapes import Curve, Ellipsoid, Profile, Tubes, edge, frame_along
from CACBoneAxisLib.phantom.textures import Texture

HEIGHTS = (-140, -110, -50, 0, 60, 120, 170, 210, 240, 280)
BODY_HALF_WIDTH = Profile(HEIGHTS, (148, 150, 154, 158, 163, 167, 170, 173, 176, 172))
BODY_FRONT = Profile(HEIGHTS, (-100, -102, -110, -116, -121, -122, -116, -102, -86, -62))
BODY_BACK = Profile(HEIGHTS, (98, 102, 110, 116, 121, 124, 124, 120, 113, 100))
CAVITY_HALF_WIDTH = Profile(HEIGHTS, (116, 118, 126, 133, 138, 137, 129, 112, 92, 62))
CAVITY_FRONT = Profile(HEIGHTS, (-76, -78, -86, -93, -99, -100, -94, -76, -58, -36))
CAVITY_BACK = Profile(HEIGHTS, (66, 66, 72, 76, 81, 84, 82, 74, 60, 44))
SPINE_AXIS_P = Profile(HEIGHTS, (30, 33, 40, 45, 49, 50, 46, 39, 31, 17))

SKIN_HU, FAT_HU, MUSCLE_HU = 15.0, -104.0, 52.0
LIVER_HU, SPLEEN_HU, KIDNEY_HU, BOWEL_HU, STOMACH_HU = 58.0, 50.0, 34.0, 30.0, 36.0
WIDE = (-260.0, -200.0, -500.0), (260.0, 200.0, 500.0)
BODY_BOX = (-180.0, -126.0, -500.0), (180.0, 127.0, 500.0)
MUSCLE_BOX = (-158.0, -116.0, -500.0), (158.0, 110.0, 500.0)
CAVITY_BOX = (-142.0, -105.0, -500.0), (142.0, 88.0, 500.0)


def column(half_width: Profile, front: Profile, back: Profile, inset_mm: float, exponent: float = 2.4) -> Shape:
    """Return a trunk-like column whose cross-section is a superellipse; ``inset_mm`` moves its wall inwards.

    Near the wall the function changes by about 1 in a mm.
    """

    def shape(x: Array, y: Array, z: Array) -> Array:
        a = half_width(z) - inset_mm
        b = (back(z) - front(z)) / 2 - inset_mm
        middle = (back(z) + front(z)) / 2
        return (np.abs(x / a) ** exponent + np.abs((y - middle) / b) ** exponent - 1) * np.float32(45)

    return shape


def cavity(inset_mm: float) -> Shape:
    """Return the inside of the rib cage and of the abdominal wall."""
    return column(CAVITY_HALF_WIDTH, CAVITY_FRONT, CAVITY_BACK, inset_mm, 2.3)


def diaphragm_height(x: Array, y: Array) -> Array:
    """Return the S of the diaphragm's upper side, mm: two domes and the heart's bed between them."""
    right = 112 - 0.0115 * (x + 66) ** 2 - 0.0075 * (y + 22) ** 2
    left = 101 - 0.0115 * (x - 68) ** 2 - 0.0075 * (y + 20) ** 2
    middle = 96 - 0.006 * (x - 12) ** 2 - 0.0075 * (y + 45) ** 2
    k = 0.12
    return np.log(np.exp(k * right) + np.exp(k * left) + np.exp(k * middle)) / k


def below_diaphragm(depth_mm: float) -> Shape:
    """Return what lies at least ``depth_mm`` below the diaphragm's upper side."""

    def shape(x: Array, y: Array, z: Array) -> Array:
        return z - (diaphragm_height(x, y) - depth_mm)

    return shape


def both(*shapes: Shape) -> Shape:
    """Return the intersection of several shapes; each must change by about 1 in a mm near its surface."""

    def shape(x: Array, y: Array, z: Array) -> Array:
        f = shapes[0](x, y, z)
        for other in shapes[1:]:
            f = np.maximum(f, other(x, y, z))
        return f

    return shape


def _above(level_p_mm: float) -> Shape:
    """Return what lies in front of a fluid level in a patient on the back."""

    def shape(x: Array, y: Array, z: Array) -> Array:
        return y - level_p_mm + 0 * x

    return shape


class Trunk:
    """Skin, fat, muscle and the abdominal organs, ready to be painted slab by slab."""

    def __init__(self, parameters: TorsoParameters, frame: Frame, rng: np.random.Generator) -> None:
        self.frame = frame
        self.female = parameters.sex == "F"
        self.blood_hu = parameters.blood_hu
        self.strands = Texture(rng, (9.0, 1.6, 1.6), 1.5)
        self.gland = Texture(rng, (3.5, 3.0, 3.0), 1.5)
        self.ripple = Texture(rng, (2.0, 2.0, 2.0), 1.5)
        self.voxel_mm = parameters.spacing_mm
        gut = []
        for _ in range(70):
            x, z = rng.uniform(-108, 108), rng.uniform(-135, 0)
            y = rng.uniform(-74, 8 if abs(x) < 60 else 30)
            if (x / 118) ** 2 + ((y + 8) / 78) ** 2 > 1 or (x < -10 and z > -46):
                continue
            gut.append((Ellipsoid((x, y, z), tuple(rng.uniform(11, 23, 3))), y < -30 and rng.uniform() < 0.3))
        self.gut = gut
        kidney_axes = {side: frame_along((side * 0.28, 0.25, -1.0)) for side in (-1, 1)}
        self.kidneys = [Ellipsoid((s * 58, 44, -52 + 12 * s), (53, 27, 24), kidney_axes[s]) for s in (-1, 1)]
        hepatic = [
            Curve([(-27, 14, 92), (-52, 2, 78), (-84, -4, 60), (-108, -8, 40)]),
            Curve([(-27, 10, 92), (-46, -24, 76), (-60, -56, 52)]),
            Curve([(-24, 6, 92), (-10, -24, 80), (6, -46, 66)]),
            Curve([(-12, -16, 10), (-34, -18, 18), (-62, -6, 24), (-90, 6, 26)]),
        ]
        self.hepatic = Tubes.joined(
            [Tubes.along(c.point(np.linspace(0, 1, 12)), np.linspace(5, 2, 12)) for c in hepatic]
        )
        self.psoas = Tubes.joined(
            [
                Tubes.along(np.array([(s * 22, 44, 4), (s * 33, 41, -50), (s * 42, 32, -150)]), [4, 14, 25])
                for s in (-1, 1)
            ]
        )
        self.crura = Tubes.joined(
            [
                Tubes.along(
                    np.array([(s * 22, 14, 62), (s * 18, 16, 25), (s * 14, 16, -20), (s * 10, 18, -60)]), [2, 5, 6, 3]
                )
                for s in (-1, 1)
            ]
        )

    def _muscle(self, bounds: Bounds) -> Array:
        """Muscle with strands of fat along the patient."""
        strands = self.strands.on(self.frame, bounds)
        return np.float32(MUSCLE_HU) + 4 * strands - 60 * np.clip(strands - 1.2, 0, 1.2)

    def _fat(self, bounds: Bounds) -> Array:
        """Fat with faint septa."""
        return np.float32(FAT_HU) + 32 * np.clip(self.ripple.on(self.frame, bounds) - 1.6, 0, 1)

    def _breast(self, bounds: Bounds) -> Array:
        return np.float32(FAT_HU) + 125 * np.clip(self.gland.on(self.frame, bounds) - 0.25, 0, 1)

    def paint_wall(self, slab: Slab) -> None:
        """Paint skin, subcutaneous fat, breasts and the muscles of wall and back."""
        outline = column(BODY_HALF_WIDTH, BODY_FRONT, BODY_BACK, 0.0)
        inner = column(BODY_HALF_WIDTH, BODY_FRONT, BODY_BACK, 2.0)
        breasts = [Ellipsoid((s * 90, -66, 130), (66, 60, 64)) for s in (-1, 1)] if self.female else []
        for breast in breasts:
            slab.paint(*breast.box, breast, SKIN_HU)
        slab.paint(*BODY_BOX, outline, SKIN_HU, upright=True)
        slab.paint(*BODY_BOX, inner, self._fat, upright=True)
        for s, breast in zip((-1, 1), breasts, strict=False):
            slab.paint(*breast.box, breast.grown(-2.0), FAT_HU)
            gland = Ellipsoid((s * 94, -102, 126), (40, 17, 44))
            slab.paint(*gland.box, gland, self._breast)
        # The wall's muscles are thin in front and at the waist, thick under the shoulder blades.
        wall = Profile(HEIGHTS, (127, 129, 136, 143, 148, 148, 146, 151, 152, 146))
        front = Profile(HEIGHTS, (-88, -90, -98, -106, -112, -113, -108, -93, -76, -52))
        back = Profile(HEIGHTS, (84, 88, 95, 101, 104, 106, 107, 104, 99, 88))
        slab.paint(*MUSCLE_BOX, column(wall, front, back, 0.0, 2.5), self._muscle, upright=True)
        self._paint_planes(slab, wall, front, back)

    def _paint_planes(self, slab: Slab, wall: Profile, front: Profile, back: Profile) -> None:
        """Paint the fat between the muscles: a plane outside the ribs, another around the erector spinae."""

        def plane(x: Array, y: Array, z: Array) -> Array:
            a = (wall(z) + CAVITY_HALF_WIDTH(z) + 13) / 2
            f, b = (front(z) + CAVITY_FRONT(z) - 12) / 2, (back(z) + CAVITY_BACK(z) + 12) / 2
            ring = np.abs(x / a) ** 2.4 + np.abs((y - (f + b) / 2) / ((b - f) / 2)) ** 2.4 - 1
            return np.abs(ring) - np.float32(0.03) + np.float32(0.05) * (np.abs(x) < 62)

        slab.paint((-150, -110, 20), (150, 100, 260), plane, self._fat, upright=True)
        for s in (-1, 1):

            def erector(x: Array, y: Array, z: Array, s: int = s) -> Array:
                return ((x - s * 31) / 27) ** 2 + ((y - SPINE_AXIS_P(z) - 43) / 17) ** 2 - 1

            def around(x: Array, y: Array, z: Array, s: int = s) -> Array:
                return ((x - s * 31) / 28.5) ** 2 + ((y - SPINE_AXIS_P(z) - 43) / 18.5) ** 2 - 1

            box = (s * 31 - 30, 20, -200), (s * 31 + 30, 120, 300)
            slab.paint(*box, around, self._fat, upright=True)
            slab.paint(*box, erector, self._muscle, upright=True)

    def paint_abdomen(self, slab: Slab) -> None:
        """Paint the diaphragm, the fat below it and the organs in that fat."""
        box = (-145, -105, -200), (145, 95, 118)
        inside = cavity(1.0)
        slab.paint(*box, both(inside, below_diaphragm(0.0)), MUSCLE_HU - 4)
        fat_room = both(cavity(3.5), below_diaphragm(3.5))
        slab.paint(*box, fat_room, self._fat)
        for tubes, hu in ((self.psoas, MUSCLE_HU), (self.crura, MUSCLE_HU)):
            self._tubes(slab, tubes, hu)
        for kidney in self.kidneys:
            slab.paint(*kidney.box, kidney, KIDNEY_HU)
            x, y, z = kidney.center
            sinus = Ellipsoid((x - np.sign(x) * 11, y - 4, z), (26, 8, 12), kidney.axes)
            slab.paint(*sinus.box, sinus, FAT_HU + 12)
        spleen = Ellipsoid((100, 34, 52), (66, 32, 44), frame_along((0.15, 0.55, -0.8)))
        slab.paint(*spleen.box, both(spleen, cavity(3.0), below_diaphragm(2.5)), SPLEEN_HU)
        liver = Ellipsoid((-72, -8, 34), (88, 92, 92), frame_along((1.0, -0.25, 0.3)))
        left_lobe = Ellipsoid((4, -50, 52), (66, 36, 30), frame_along((1.0, 0.1, 0.12)))
        room = both(cavity(3.0), below_diaphragm(2.5))
        slab.paint(*left_lobe.box, both(left_lobe, room), LIVER_HU)
        slab.paint(*liver.box, both(liver, room), LIVER_HU)
        self._tubes(slab, self.hepatic, self.blood_hu + 3)
        gall = Ellipsoid((-38, -58, -18), (13, 15, 24))
        slab.paint(*gall.box, gall, 10.0)
        self._paint_stomach(slab, room)
        for loop, gas in self.gut:
            slab.paint(*loop.box, loop, BOWEL_HU)
            if gas:
                x, y, z = loop.radii
                bubble = Ellipsoid(loop.center, (x - 3.0, y - 3.0, z - 3.0))
                slab.paint(*bubble.box, both(bubble, _above(loop.center[1] + 2)), -960.0)

    def _paint_stomach(self, slab: Slab, room: Shape) -> None:
        stomach = Ellipsoid((66, -22, 52), (58, 50, 42), frame_along((0.25, -0.35, -1.0)))
        slab.paint(*stomach.box, both(stomach, room), BOWEL_HU + 10)
        lumen = stomach.grown(-4.0)
        slab.paint(*lumen.box, both(lumen, room), lambda b: np.float32(STOMACH_HU) + 9 * self.ripple.on(self.frame, b))

        slab.paint(*lumen.box, both(lumen, cavity(9.0), below_diaphragm(8.0), _above(-40.0)), -970.0)

    def _tubes(self, slab: Slab, tubes: Tubes, hu: float) -> None:
        found = tubes.distance(slab)
        if found is not None:
            slab.blend(found[0], edge(found[1], self.voxel_mm), hu)
