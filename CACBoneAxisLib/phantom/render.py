"""Render parameters to HU: paint the layers, blur, add noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from CACBoneAxisLib.imaging.geometry import ImageGeometry, round_spacing
from CACBoneAxisLib.phantom.cage import Cage
from CACBoneAxisLib.phantom.canvas import Array, Frame, Patch, Slab
from CACBoneAxisLib.phantom.couch import paint_couch
from CACBoneAxisLib.phantom.heart import Mediastinum
from CACBoneAxisLib.phantom.lesions import lesions, paint_lesion
from CACBoneAxisLib.phantom.lungs import Lungs
from CACBoneAxisLib.phantom.parameters import TorsoParameters
from CACBoneAxisLib.phantom.spine import paint_body, paint_posterior, vertebrae
from CACBoneAxisLib.phantom.textures import Texture
from CACBoneAxisLib.phantom.trunk import Trunk

SLAB_SLICES = 8
LOWEST_HU = -1024
FWHM_PER_SIGMA = 2 * np.sqrt(2 * np.log(2))
# Pass band of the reconstruction: noise power is |f| exp(-(f / band)^2), as after
# filtered back-projection with a soft kernel.
NOISE_BAND_PER_MM = 0.32


def scan_frame(parameters: TorsoParameters) -> Frame:
    """Return the scan grid and the patient's pose in it."""
    sx, sz = round_spacing(parameters.spacing_mm), round_spacing(parameters.slice_increment_mm)
    columns, rows = (max(1, round(size / sx)) for size in parameters.field_of_view_mm)
    bottom, top = parameters.z_range_mm
    slices = max(1, round((top - bottom) / sz))
    cx, cy = parameters.field_center_mm
    origin = (cx - sx * (columns - 1) / 2, cy - sx * (rows - 1) / 2, bottom + sz / 2)
    geometry = ImageGeometry((slices, rows, columns), (sx, sx, sz), origin)
    turn = Rotation.from_euler("xyz", parameters.rotation_degrees, degrees=True).as_matrix()
    rotation = np.eye(3) if not any(parameters.rotation_degrees) else turn
    return Frame(geometry, parameters.thickness_mm, rotation, parameters.body_scale)


class Scanner:
    """A patient built once, painted a few slices at a time."""

    def __init__(self, parameters: TorsoParameters, frame: Frame) -> None:
        self.parameters, self.frame = parameters, frame
        rng = np.random.default_rng(parameters.seed)
        self.trunk = Trunk(parameters, frame, rng)
        self.lungs = Lungs(parameters, frame, rng)
        self.mediastinum = Mediastinum(parameters, frame, rng)
        self.cage = Cage(parameters, frame, rng)
        trabeculae = Texture(rng, (1.1, 0.8, 0.8), 0.8, high_pass=True)
        spine = vertebrae()
        made = [paint_posterior(v, parameters, frame) for v in spine]
        made += [paint_body(v, parameters, frame, trabeculae) for v in spine]
        self.bones = [patch for patch in made if patch is not None]
        self.calcium: list[Patch] = []
        for lesion in lesions(parameters):
            self.calcium += paint_lesion(lesion, parameters, frame)

    def slices(self, z0: int, z1: int) -> Array:
        """Return the patient's HU in slices ``z0`` to ``z1`` before point spread and noise, float32 (z, y, x)."""
        slab = Slab(self.frame, z0, z1)
        paint_couch(slab, self.parameters.rods)
        self.trunk.paint_wall(slab)
        self.lungs.paint(slab)
        self.mediastinum.paint_fat(slab)
        self.trunk.paint_abdomen(slab)
        self.mediastinum.paint(slab)
        self.cage.paint(slab)
        for patch in (*self.bones, *self.calcium):
            slab.compose(patch)
        return slab.hu


def spread(hu: Array, parameters: TorsoParameters, geometry: ImageGeometry) -> Array:
    """Return slices blurred in plane by the Gaussian point spread."""
    sigma = parameters.point_spread_fwhm_mm / FWHM_PER_SIGMA / geometry.spacing_mm[0]
    if sigma <= 0:
        return hu
    for axis in (1, 2):
        hu = gaussian_filter1d(hu, sigma, axis=axis, mode="nearest", truncate=4.0)
    return hu


class Noise:
    """Noise of given SD with filtered back-projection texture, independent per slice."""

    def __init__(self, parameters: TorsoParameters, geometry: ImageGeometry) -> None:
        self.seed, self.sd_hu = parameters.seed, parameters.noise_sd_hu
        _, ny, nx = geometry.shape
        self.size = (fft.next_fast_len(ny), fft.next_fast_len(nx))
        fy = fft.fftfreq(self.size[0], geometry.spacing_mm[1])[:, None]
        fx = fft.fftfreq(self.size[1], geometry.spacing_mm[0])[None, :]
        f = np.hypot(fy, fx)
        band = min(NOISE_BAND_PER_MM, 0.32 / geometry.spacing_mm[0])
        transfer = np.sqrt(f + 0.02) * np.exp(-0.5 * (f / band) ** 2)
        transfer[0, 0] = 0.0
        # White noise of unit SD leaves the filter with the RMS of the transfer function as SD.
        self.transfer = (transfer * (self.sd_hu / np.sqrt(np.mean(transfer**2)))).astype(np.float32)
        self.shape = (ny, nx)

    def pair(self, number: int) -> tuple[Array, Array]:
        """Return the noise of slices ``2 * number`` and ``2 * number + 1``, HU."""
        rng = np.random.default_rng([self.seed, number])
        white = rng.standard_normal((*self.size, 2), dtype=np.float32).view(np.complex64)[..., 0]
        both = fft.ifft2(fft.fft2(white, overwrite_x=True) * self.transfer, overwrite_x=True)
        ny, nx = self.shape
        return both.real[:ny, :nx], both.imag[:ny, :nx]


def render(parameters: TorsoParameters, frame: Frame) -> NDArray[np.int16]:
    """Return the scan, int16 HU (z, y, x), painted, blurred and noised a few slices at a time."""
    scanner = Scanner(parameters, frame)
    count = frame.geometry.shape[0]
    scan = np.empty(frame.geometry.shape, dtype=np.int16)
    noise = Noise(parameters, frame.geometry) if parameters.noise_sd_hu > 0 else None
    for z0 in range(0, count, SLAB_SLICES):
        z1 = min(z0 + SLAB_SLICES, count)
        hu = spread(scanner.slices(z0, z1), parameters, frame.geometry)
        for k in range(z0, z1, 2):
            for part, grain in enumerate(noise.pair(k // 2) if noise else ()):
                if k + part < z1:
                    hu[k + part - z0] += grain
        scan[z0:z1] = np.clip(np.rint(hu), LOWEST_HU, 3071)
    return scan
