"""Find parts of a region denser or lighter than its trabecular bone, with their likely cause.

parting
    Mean and median more than ``parting_hu`` apart, towards the dense or the light side.
focus
    A component of more than 100 mm3 of voxels 150 HU off the median. A dense one that reaches the end
    of the region along its axis is called endplate, adjacent sclerosis or fracture; one above 700 HU
    cement or calcification; any other bone island or sclerosis. A light one below -300 HU is gas, with
    a mean below -20 HU fat, as in a haemangioma; any other fluid. Only a reader can tell.
vein
    Behind the middle, where the basivertebral vein enters at mid-height, the region is 30 HU lighter
    than elsewhere, and by more than five standard errors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from CACBoneAxisLib.bone.protocol import RegionProtocol
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.masks import Mask

# Noise of 50 HU puts one voxel in 700 this far off the median, never ten connected ones.
FOCUS_HU, FOCUS_MM3, FOCUS_VOXELS = 150.0, 100.0, 10
CEMENT_HU, GAS_HU, FAT_HU = 700.0, -300.0, -20.0
# A focus in the outer part of the half length lies at the end of the region.
END_PART = 0.75
VEIN_HALF_WIDTH_MM, VEIN_HALF_HEIGHT_MM, VEIN_BEHIND = 6.0, 3.5, 0.45
VEIN_HU, VEIN_NOISES, VEIN_VOXELS = 30.0, 5.0, 20


def foci_findings(
    level: str,
    median: float,
    hu: NDArray[np.generic],
    geometry: ImageGeometry,
    mask: Mask,
    protocol: RegionProtocol,
    axes: NDArray[np.floating] | None,
) -> list[Finding]:
    """Return the findings about dense and light parts of a region.

    Parameters
    ----------
    level : as it is called in the sentences
    median : of the region, HU
    hu : array (z, y, x)
    geometry, mask : of the region
    protocol : RegionProtocol
    axes : (3, 3), columns are the region's x, y and z in LPS; the image's where None
    """
    values = mask.values(hu).astype(float)
    apart = float(values.mean()) - median
    findings = []
    if abs(apart) > protocol.parting_hu:
        code = "region-dense-part" if apart > 0 else "region-light-part"
        findings.append(finding(code, level=level, apart=f"{abs(apart):.0f}"))
    local = _local(geometry, mask, axes)
    block = hu[mask.slices].astype(float)
    for sign, code in ((1, "region-dense-focus"), (-1, "region-light-focus")):
        components, count = ndimage.label(mask.voxels & (sign * (block - median) > FOCUS_HU))
        if not count:
            continue
        sizes = np.bincount(components.ravel())[1:]
        largest = int(sizes.max())
        if largest * geometry.voxel_volume_mm3 <= FOCUS_MM3 or largest < FOCUS_VOXELS:
            continue
        picked = components[mask.voxels] == int(sizes.argmax()) + 1
        cause = _dense(values[picked], local[picked], local) if sign > 0 else _light(values[picked])
        volume = f"{largest * geometry.voxel_volume_mm3:.0f}"
        extreme = f"{sign * (sign * values[picked]).max():.0f}"
        findings.append(finding(code, level=level, volume=volume, extreme=extreme, cause=cause))
    lighter = _vein(values, local)
    if lighter is not None:
        findings.append(finding("region-vein", level=level, apart=f"{lighter:.0f}"))
    return findings


def _local(geometry: ImageGeometry, mask: Mask, axes: NDArray[np.floating] | None) -> NDArray[np.floating]:
    """Return the voxels in the frame of the region, mm from its centre, shape (n, 3)."""
    points = geometry.to_lps(mask.indices()[:, ::-1])
    frame = np.eye(3) if axes is None else np.asarray(axes)
    local = points @ frame
    return np.asarray(local - (local.min(axis=0) + local.max(axis=0)) / 2)


def _dense(values: NDArray[np.floating], places: NDArray[np.floating], all_places: NDArray[np.floating]) -> str:
    if values.max() > CEMENT_HU:
        return "cement, calcification or a dense bone island"
    half = np.abs(all_places[:, 2]).max()
    if half > 0 and np.abs(places[:, 2]).max() >= END_PART * half:
        return "an endplate, sclerosis beside it, or a fracture"
    return "a bone island or sclerosis"


def _light(values: NDArray[np.floating]) -> str:
    if values.min() < GAS_HU:
        return "gas"
    return "fat, as in a haemangioma" if values.mean() < FAT_HU else "fluid, or a vein"


def _vein(values: NDArray[np.floating], local: NDArray[np.floating]) -> float | None:
    """Return the deficit at the basivertebral vein, HU, None where it is not significant."""
    behind = local[:, 1] > VEIN_BEHIND * local[:, 1].max()
    there = behind & (np.abs(local[:, 0]) <= VEIN_HALF_WIDTH_MM) & (np.abs(local[:, 2]) <= VEIN_HALF_HEIGHT_MM)
    # Compared with bone at the same depth, so that a gradient from front to back cancels.
    rest = behind & ~there
    if min(np.count_nonzero(there), np.count_nonzero(rest)) < VEIN_VOXELS:
        return None
    lighter = float(values[rest].mean() - values[there].mean())
    noise = float(values.std()) / np.sqrt(np.count_nonzero(there))
    return lighter if lighter > VEIN_HU and lighter > VEIN_NOISES * noise else None
