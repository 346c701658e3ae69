"""Heart region: from lungs, airways and descending aorta, or from a segmentation of the heart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.calcium.heartlabels import HeartLabels
from CACBoneAxisLib.imaging.airways import Airways
from CACBoneAxisLib.imaging.aorta import Disc
from CACBoneAxisLib.imaging.image import CTImage

GRID_MM = 3.0
LUNG_HU = -500.0
SMALLEST_LUNG_MM2 = 400.0
# Air cut by the border of the image counts as lung where it is denser than air outside a patient.
LUNG_DENSER_THAN_HU = -950.0
# Without a carina: the aortic arch is at the top of the discs of the descending aorta, the carina about this
# much lower. Discs that reach the top of the scan (within their search step) leave the arch above it.
BELOW_ARCH_MM, AT_TOP_MM = 25.0, 12.0
SMOOTH_MM = 8.0
# Margin around a segmented heart, whose border runs inside the fat that holds the arteries.
HEART_MARGIN_MM = 12.0


@dataclass(frozen=True, eq=False)
class HeartRegion:
    """Region in which the heart and its arteries lie.

    Parameters
    ----------
    inside : bool array (slices, rows, columns), rows and columns every ``step`` pixels
    airway : the same, for positions in or beside an airway
    step : pixels between samples
    aorta : centre (y, x) in pixels and radius in mm of the descending aorta in every slice, array (slices, 3)
    found_by : ``lungs`` or ``segmentation``
    top : upper end of the region: ``carina``; without one ``aortic arch``, or ``scan`` when the scan begins
        below the arch; ``segmentation``
    carina_zyx : voxel indices of the carina, None where it was not found
    labels : the segmentation, None without one
    """

    inside: NDArray[np.bool_]
    airway: NDArray[np.bool_]
    step: int
    aorta: NDArray[np.float64]
    found_by: str = "lungs"
    top: str = "aortic arch"
    carina_zyx: tuple[float, float, float] | None = None
    labels: HeartLabels | None = None

    def holds(self, zyx: NDArray[np.floating]) -> bool:
        """Return whether a voxel (z, y, x) lies in the region and not beside an airway."""
        return self.is_inside(zyx) and not self.is_airway(zyx)

    def is_inside(self, zyx: NDArray[np.floating]) -> bool:
        """Return whether a voxel (z, y, x) lies in the region."""
        return bool(self.inside[self._place(zyx)])

    def is_airway(self, zyx: NDArray[np.floating]) -> bool:
        """Return whether a voxel (z, y, x) lies in or beside an airway."""
        return bool(self.airway[self._place(zyx)])

    def _place(self, zyx: NDArray[np.floating]) -> tuple[int, int, int]:
        z, y, x = (int(v) for v in zyx)
        return z, min(y // self.step, self.inside.shape[1] - 1), min(x // self.step, self.inside.shape[2] - 1)


def heart_region(
    image: CTImage, discs: Sequence[Disc], airways: Airways | None = None, labels: HeartLabels | None = None
) -> HeartRegion | None:
    """Return the region of the heart and its arteries.

    Without a segmentation: the space between the lungs, in front of the descending aorta and
    below the carina. A position lies between the lungs when lung lies to its right and left in the
    same row, which ends the region at the diaphragm. With one: the labelled heart and a margin of
    12 mm.

    Parameters
    ----------
    image : CT in axial order
    discs : the descending aorta as :func:`CACBoneAxisLib.imaging.aorta.find_blood` found it; not used where
        the segmentation has an aorta
    airways : as :func:`CACBoneAxisLib.imaging.airways.find_airways` found them; None where it found none
    labels : the segmentation, on the image's grid

    Returns
    -------
    HeartRegion
        None where there is neither an aorta nor a segmentation that has one.
    """
    dx, dy, dz = image.geometry.spacing_mm
    aorta = labels.descending_aorta(image.geometry) if labels is not None else None
    if aorta is None:
        aorta = _course(discs, image.hu.shape[0], dz)
    if aorta is None:
        return None
    step = max(1, round(GRID_MM / dx))
    beside = [_between_lungs(image.hu[z, ::step, ::step], dx * dy * step * step) for z in range(image.hu.shape[0])]
    airway = np.stack([small for _, small in beside])
    if airways is not None:
        airway |= _on_grid(airways, step, airway.shape)
    airway = ndimage.binary_dilation(airway, ndimage.generate_binary_structure(2, 1)[None], iterations=2)
    carina = None if airways is None else airways.carina_zyx
    if labels is not None:
        near = labels.near_heart(image.geometry, step, HEART_MARGIN_MM)
        return HeartRegion(near, airway, step, aorta, "segmentation", "segmentation", carina, labels)
    top, word = float(image.hu.shape[0]), "scan"
    if airways is not None:
        top, word = airways.carina_slice, "carina"
    elif (image.hu.shape[0] - 1 - discs[-1].z) * dz > AT_TOP_MM:
        top, word = discs[-1].z - BELOW_ARCH_MM / dz, "aortic arch"
    rows = np.arange(airway.shape[1])[None, :, None] * step
    inside = np.stack([between for between, _ in beside]) & (rows < aorta[:, None, None, 0])
    inside[np.arange(inside.shape[0]) > top] = False
    return HeartRegion(inside, airway, step, aorta, "lungs", word, carina)


def _course(discs: Sequence[Disc], slices: int, dz: float) -> NDArray[np.float64] | None:
    """Interpolate centre and radius of the descending aorta to every slice; None without a disc."""
    if not discs:
        return None
    course = np.stack(
        [
            np.interp(np.arange(slices), [d.z for d in discs], [value(d) for d in discs])
            for value in (lambda d: d.y, lambda d: d.x, lambda d: d.radius_mm)
        ],
        axis=1,
    )
    # A single disc errs by a few mm; the vessel bends slowly.
    course[:, :2] = ndimage.gaussian_filter1d(course[:, :2], SMOOTH_MM / dz, axis=0, mode="nearest")
    return course


def _on_grid(airways: Airways, step: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Resample the airway lumen to another grid step."""
    found = np.zeros(shape, dtype=bool)
    z, y, x = np.nonzero(airways.lumen)
    y, x = (np.minimum(v * airways.step // step, size - 1) for v, size in zip((y, x), shape[1:], strict=True))
    found[z, y, x] = True
    return found


def _between_lungs(plane: NDArray, pixel_mm2: float) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the space between the lungs in a slice, and the air in it."""
    air = plane < LUNG_HU
    lung = _lung(plane, air, pixel_mm2)
    to_right = np.maximum.accumulate(lung, axis=1)
    to_left = np.maximum.accumulate(lung[:, ::-1], axis=1)[:, ::-1]
    between = np.asarray(to_right & to_left & ~lung)
    return between, air & between


def _lung(plane: NDArray, air: NDArray[np.bool_], pixel_mm2: float) -> NDArray[np.bool_]:
    """Return the large components of air in a slice that are not outside the patient."""
    labels, count = ndimage.label(air)
    large = np.bincount(labels.ravel(), minlength=count + 1) * pixel_mm2 >= SMALLEST_LUNG_MM2
    large[0] = False
    edge = np.unique(np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]]))
    for number in edge[edge > 0]:
        # The field of view of a heart scan cuts the lungs.
        large[number] = large[number] and np.median(plane[labels == number]) > LUNG_DENSER_THAN_HU
    return np.asarray(large[labels])
