"""Score the voxels of a lesion: Agatston, volume, mass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from CACBoneAxisLib.calcium.isotropic import isotropic_volume_mm3
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.masks import Mask

# A region of exactly the smallest area counts; products of spacings differ from it in the last digit.
AREA_SLACK_MM2 = 1e-9


@dataclass(frozen=True)
class RegionScore:
    """A connected region of a lesion in one slice that reaches the smallest area."""

    area_mm2: float
    peak_hu: float
    weight: int


@dataclass(frozen=True)
class SliceScore:
    """A lesion in one slice; ``index`` counts from the feet, ``position_mm`` is the slice's S coordinate."""

    index: int
    position_mm: float
    regions: tuple[RegionScore, ...]
    agatston: float


@dataclass(frozen=True)
class LesionScore:
    """Measures of a lesion, over the regions that reach the smallest size.

    With a separate threshold for the volume, ``volume_mm3``, ``mass_mg``, ``mean_hu`` and ``voxels``
    are those at that threshold. Where no region reaches the smallest size, ``peak_hu`` and ``mean_hu``
    are None and the rest 0; ``mass_mg`` is None without a calibration factor.
    """

    agatston: float
    volume_mm3: float
    mass_mg: float | None
    peak_hu: float | None
    mean_hu: float | None
    voxels: int
    slices: tuple[SliceScore, ...]

    @property
    def area_mm2(self) -> float:
        """Area of the counted regions, summed over slices."""
        return sum(region.area_mm2 for one in self.slices for region in one.regions)

    @property
    def weighted_area_mm2(self) -> float:
        """Area times weight, summed over slices: the score before the increment."""
        return sum(region.area_mm2 * region.weight for one in self.slices for region in one.regions)


def weight_of(peak_hu: float, protocol: CalciumProtocol) -> int:
    """Return the density weight of a region: the number of weight thresholds that its peak reaches.

    Examples
    --------
    >>> [weight_of(peak, CalciumProtocol()) for peak in (129, 130, 199, 200, 400)]
    [0, 1, 1, 2, 4]
    """
    return sum(peak_hu >= threshold for threshold in protocol.weight_thresholds_hu)


def score_lesion(
    image: CTImage, mask: Mask, protocol: CalciumProtocol, volume_mask: Mask | None = None
) -> tuple[LesionScore, Mask]:
    """Score the voxels of one lesion.

    Agatston 1990: area (mm2) times weight of every connected region of a slice, summed, times slice
    increment / reference increment. Volume is voxels times voxel volume, or interpolated to cubes; mass
    is calibration factor x volume of the voxels x mean HU.

    Parameters
    ----------
    image : CT in axial order
    mask : voxels of the lesion at the protocol's threshold
    protocol : to score by
    volume_mask : its voxels at the protocol's volume threshold, where that differs

    Returns
    -------
    score, counted
        The measures, and the voxels of the regions that reach the smallest area in their slice.

    Examples
    --------
    4 x 4 pixels of 0.5 mm at 250 HU in a slice of 3 mm: 4 mm2 x weight 2.

    >>> from CACBoneAxisLib.imaging.geometry import ImageGeometry
    >>> hu = np.full((3, 8, 8), 40)
    >>> hu[1, 2:6, 2:6] = 250
    >>> image = CTImage(hu, ImageGeometry(hu.shape, (0.5, 0.5, 3.0), (0.0, 0.0, 0.0)))
    >>> score, _ = score_lesion(image, Mask.from_indices(np.argwhere(hu >= 130)), CalciumProtocol())
    >>> score.agatston, score.volume_mm3
    (8.0, 12.0)
    """
    geometry = image.geometry
    in_plane = np.zeros((3, 3, 3), dtype=bool)
    in_plane[1] = ndimage.generate_binary_structure(2, 1 if protocol.in_plane_connectivity == 4 else 2)
    labels, count = ndimage.label(mask.voxels, in_plane)
    pixels = np.bincount(labels.ravel(), minlength=count + 1)
    areas = pixels * geometry.pixel_area_mm2
    counts = (areas >= protocol.minimum_area_mm2 - AREA_SLACK_MM2) & (pixels >= protocol.minimum_pixels)
    counts[0] = False
    counted = Mask(mask.offset, counts[labels])

    peaks = ndimage.maximum(image.hu[mask.slices], labels, np.arange(count + 1))
    correction = geometry.slice_increment_mm / protocol.reference_increment_mm
    by_slice: dict[int, list[RegionScore]] = {}
    for number, place in enumerate(ndimage.find_objects(labels), start=1):
        if counts[number]:
            peak = float(peaks[number])
            region = RegionScore(float(areas[number]), peak, weight_of(peak, protocol))
            by_slice.setdefault(mask.offset[0] + place[0].start, []).append(region)
    middle = [(geometry.shape[2] - 1) / 2, (geometry.shape[1] - 1) / 2]
    slices = tuple(
        SliceScore(
            z,
            float(geometry.to_lps([*middle, z])[2]),
            tuple(regions),
            sum(r.area_mm2 * r.weight for r in regions) * correction,
        )
        for z, regions in sorted(by_slice.items())
    )
    measured = volume_mask if volume_mask is not None and counted.count else counted
    values = measured.values(image.hu).astype(np.float64)
    volume = values.size * geometry.voxel_volume_mm3
    mean = float(values.sum() / values.size) if values.size else None
    level = protocol.threshold_hu if protocol.volume_threshold_hu is None else protocol.volume_threshold_hu
    factor = protocol.mass_factor_mg_per_mm3_per_hu
    score = LesionScore(
        agatston=float(sum(s.agatston for s in slices)),
        volume_mm3=volume if protocol.volume == "voxels" else isotropic_volume_mm3(image, measured, level),
        mass_mg=None if factor is None else factor * volume * (mean or 0.0),
        peak_hu=float(values.max()) if values.size else None,
        mean_hu=mean,
        voxels=int(values.size),
        slices=slices,
    )
    return score, counted
