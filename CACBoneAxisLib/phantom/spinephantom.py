"""A digital spine phantom after the European Spine Phantom: three vertebral bodies of known HA density.

Its trabecular densities are those of the European Spine Phantom, 50, 100 and 200 mg
HA/cm3. Sizes, cortex and the pad with five HA rods behind it are our own design.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.image import CTImage, ImageSource
from CACBoneAxisLib.phantom.canvas import Array, block_mean
from CACBoneAxisLib.phantom.parameters import HU_PER_MG_HYDROXYAPATITE, TorsoParameters
from CACBoneAxisLib.phantom.render import LOWEST_HU, Noise, scan_frame, spread

# Level, VerSe number, trabecular density (mg HA/cm3), height of the middle (S, mm), from the head down.
VERTEBRAE = (("L1", 20, 50.0, 34.0), ("L2", 21, 100.0, 0.0), ("L3", 22, 200.0, -34.0))
HALF_WIDTH_MM, HALF_DEPTH_MM, HALF_HEIGHT_MM = 21.0, 16.0, 12.5
CORTEX_MM, CORTEX_MG_CM3 = 1.2, 450.0
WATER_HU, PAD_HU, AIR_HU = 0.0, -60.0, -1000.0
BODY_HALF_WIDTH_MM, BODY_HALF_DEPTH_MM, BODY_CENTER_P_MM = 90.0, 70.0, -20.0
ROD_MG_CM3 = (0.0, 50.0, 100.0, 150.0, 200.0)
ROD_RADIUS_MM, ROD_SPACING_MM, ROD_P_MM = 7.0, 30.0, 68.0
PAD_HALF_WIDTH_MM, PAD_HALF_THICKNESS_MM = 84.0, 13.0
SAMPLES = (3, 3, 3)
SLAB_SLICES = 8
DEFAULT = TorsoParameters(
    field_of_view_mm=(200.0, 200.0), field_center_mm=(0.0, -4.0), z_range_mm=(-60.0, 60.0), slice_increment_mm=1.5
)


@dataclass(frozen=True, eq=False)
class SpinePhantom:
    """A scan of the phantom: int16 HU, uint8 labels of the bodies with cortex (VerSe numbers), true densities."""

    image: CTImage
    vertebrae: NDArray[np.uint8]
    truth_mg_cm3: dict[str, float]


def make_spine_phantom(parameters: TorsoParameters = DEFAULT, **changes: Any) -> SpinePhantom:
    """Return a scan of the phantom; HU = 1.25 x HA everywhere but in plastic and air.

    Sampling, slice thickness, point spread, noise, rotation and seed are those of
    ``TorsoParameters``; patient fields have no effect. Every voxel is the
    mean of 3 x 3 x 3 samples.

    Parameters
    ----------
    parameters : TorsoParameters
    changes : fields of the parameters to change
    """
    parameters = replace(parameters, **changes)
    frame = scan_frame(parameters)
    geometry = frame.geometry
    noise = Noise(parameters, geometry) if parameters.noise_sd_hu > 0 else None
    scan = np.empty(geometry.shape, dtype=np.int16)
    labels = np.empty(geometry.shape, dtype=np.uint8)
    for z0 in range(0, geometry.shape[0], SLAB_SLICES):
        z1 = min(z0 + SLAB_SLICES, geometry.shape[0])
        bounds = ((z0, z1), (0, geometry.shape[1]), (0, geometry.shape[2]))
        fine, _ = _painted(frame.coordinates(bounds, SAMPLES))
        hu = spread(block_mean(fine, SAMPLES), parameters, geometry)
        for k in range(z0, z1, 2):
            for part, grain in enumerate(noise.pair(k // 2) if noise else ()):
                if k + part < z1:
                    hu[k + part - z0] += grain
        scan[z0:z1] = np.clip(np.rint(hu), LOWEST_HU, 3071)
        labels[z0:z1] = _painted(frame.coordinates(bounds))[1]
    acquisition = Acquisition(
        kvp=120.0, kernel="soft tissue", slice_thickness_mm=parameters.thickness_mm, contrast=False, modality="CT"
    )
    image = CTImage(scan, geometry, acquisition, ImageSource("digital spine phantom", "memory"))
    return SpinePhantom(image, labels, {level: density for level, _, density, _ in VERTEBRAE})


def _painted(points: tuple[Array, Array, Array]) -> tuple[Array, NDArray[np.uint8]]:
    """Return HU and labels at points of the phantom (arrays that broadcast)."""
    x, y, z = points
    shape = np.broadcast_shapes(x.shape, y.shape, z.shape)
    hu = np.full(shape, AIR_HU, dtype=np.float32)
    labels = np.zeros(shape, dtype=np.uint8)
    water = (x / BODY_HALF_WIDTH_MM) ** 2 + ((y - BODY_CENTER_P_MM) / BODY_HALF_DEPTH_MM) ** 2 <= 1
    hu[np.broadcast_to(water, shape)] = WATER_HU
    pad = (np.abs(x) <= PAD_HALF_WIDTH_MM) & (np.abs(y - ROD_P_MM) <= PAD_HALF_THICKNESS_MM)
    hu[np.broadcast_to(pad, shape)] = PAD_HU
    for number, density in enumerate(ROD_MG_CM3):
        center = ROD_SPACING_MM * (number - (len(ROD_MG_CM3) - 1) / 2)
        rod = np.hypot(x - center, y - ROD_P_MM) <= ROD_RADIUS_MM
        hu[np.broadcast_to(rod, shape)] = density * HU_PER_MG_HYDROXYAPATITE
    for _, label, density, middle in VERTEBRAE:
        high = np.abs(z - middle)
        outer = (x / HALF_WIDTH_MM) ** 2 + (y / HALF_DEPTH_MM) ** 2 <= 1
        inner = (x / (HALF_WIDTH_MM - CORTEX_MM)) ** 2 + (y / (HALF_DEPTH_MM - CORTEX_MM)) ** 2 <= 1
        body = outer & (high <= HALF_HEIGHT_MM)
        core = inner & (high <= HALF_HEIGHT_MM - CORTEX_MM)
        hu[np.broadcast_to(body, shape)] = CORTEX_MG_CM3 * HU_PER_MG_HYDROXYAPATITE
        hu[np.broadcast_to(core, shape)] = density * HU_PER_MG_HYDROXYAPATITE
        labels[np.broadcast_to(body, shape)] = label
    return hu, labels
