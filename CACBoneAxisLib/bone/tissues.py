"""Sample the patient's own air, fat, blood and muscle, found in the scan or marked by the reader.

air
    Outside the body: -1100 to -850 HU, a centimetre from skin and couch.
fat
    Below the skin: -150 to -40 HU at a depth of 4 to 30 mm, in components that survive an erosion of
    2 mm.
muscle
    Beside the posterior arches: 20 to 60 mm to the left and right of the vertebrae and 10 to 65 mm
    behind the centres of their bodies, homogeneous soft tissue of -20 to 110 HU.
blood
    In the aorta (``imaging/aorta.py``).

The sample is the median. A median outside its window (``data/attenuation.json``) is another tissue,
holds contrast agent, or comes from a scan with wrong HU.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import ndimage

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.aorta import BloodPool
from CACBoneAxisLib.imaging.findings import Finding, finding
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.markups import Box
from CACBoneAxisLib.imaging.regions import Region

TISSUES = ("air", "fat", "blood", "muscle")
FEWEST_VOXELS = 50
# Slice distance around the vertebrae and voxel size that suffice for medians.
SLICES, GRID_MM, REACH_MM = 9, 1.6, 40.0
BODY_HU = -300.0
AIR_HU, FAT_HU, MUSCLE_HU = (-1100.0, -850.0), (-150.0, -40.0), (-20.0, 110.0)
SKIN_MM, AIR_MM = (4.0, 30.0), 10.0
MUSCLE_ASIDE_MM, MUSCLE_BEHIND_MM = (20.0, 60.0), (10.0, 65.0)


@dataclass(frozen=True)
class TissueSample:
    """Median HU of a tissue, robust standard deviation, and number of voxels."""

    name: str
    hu: float
    sd_hu: float
    voxels: int
    where: str

    def to_mapping(self) -> dict[str, Any]:
        """Return the sample as in the result file."""
        return asdict(self)


def tissue_name(box: Box) -> str | None:
    """Return the tissue that a region is named for, None for any other region."""
    name = box.name.strip().lower()
    return name if name in TISSUES else None


def tissue_samples(
    image: CTImage, places_mm: Sequence[ArrayLike], blood: BloodPool | None, boxes: Sequence[Box] = ()
) -> tuple[dict[str, TissueSample], tuple[Finding, ...]]:
    """Return the tissue samples by name, and the findings on missing or refused ones.

    Parameters
    ----------
    image : CT
    places_mm : centres of the vertebrae, LPS
    blood : of the aorta
    boxes : regions of the reader, named by tissue; they override samples found in the scan
    """
    found: dict[str, TissueSample] = {}
    for box in boxes:
        name = tissue_name(box)
        if name is None:
            continue
        mask = Region(box.center_mm, box.size_mm, box.axes).voxels(image.geometry).mask
        if mask is not None and mask.count >= FEWEST_VOXELS:
            found[name] = _sample(name, mask.values(image.hu), "region")
    if blood is not None and "blood" not in found:
        found["blood"] = TissueSample("blood", blood.hu, blood.noise_hu, blood.voxels, blood.where)
    if places_mm and not {"air", "fat", "muscle"} <= found.keys():
        for name, values in _search(image, np.asarray(places_mm, dtype=float)).items():
            if name not in found and values.size >= FEWEST_VOXELS:
                found[name] = _sample(name, values, "found")
    findings = []
    windows = {row["name"]: row["window_hu"] for row in load_table("attenuation")["tissues"]}
    for name in TISSUES:
        if name not in found:
            findings.append(finding("tissue-missing", tissue=name))
        elif not windows[name][0] <= found[name].hu <= windows[name][1]:
            low, high = windows[name]
            hu = f"{found[name].hu:.0f}"
            findings.append(finding("tissue-window", tissue=name, hu=hu, low=f"{low:g}", high=f"{high:g}"))
    return found, tuple(findings)


def _sample(name: str, values: NDArray[np.generic], where: str) -> TissueSample:
    numbers = values.astype(float)
    middle = float(np.median(numbers))
    return TissueSample(name, middle, 1.4826 * float(np.median(np.abs(numbers - middle))), int(numbers.size), where)


def _search(image: CTImage, places_mm: NDArray[np.floating]) -> Mapping[str, NDArray[np.floating]]:
    """Return HU of air, fat and muscle in slices around the vertebrae."""
    geometry = image.geometry
    index = geometry.to_index(places_mm)
    reach = REACH_MM / geometry.slice_increment_mm
    low = max(0, int(np.floor(index[:, 2].min() - reach)))
    high = min(geometry.shape[0] - 1, int(np.ceil(index[:, 2].max() + reach)))
    values: dict[str, list[NDArray[np.floating]]] = {"air": [], "fat": [], "muscle": []}
    step = max(1, round(GRID_MM / geometry.spacing_mm[0]))
    spacing = geometry.spacing_mm[1] * step, geometry.spacing_mm[0] * step
    for k in np.unique(np.linspace(low, high, SLICES).round().astype(int)):
        whole = np.asarray(image.hu[k], dtype=np.float32)
        rows, columns = (n // step * step for n in whole.shape)
        # Blocks are averaged, except padding.
        blocks = whole[:rows, :columns].reshape(rows // step, step, columns // step, step)
        plane, lowest = blocks.mean(axis=(1, 3)), blocks.min(axis=(1, 3))
        body = _body(plane)
        if body is None:
            continue
        outside = ndimage.distance_transform_edt(~body, sampling=spacing)
        inside = ndimage.distance_transform_edt(np.pad(body, 1), sampling=spacing)[1:-1, 1:-1]
        plain = (plane > AIR_HU[0]) & (plane < AIR_HU[1]) & (lowest > AIR_HU[0]) & (outside > AIR_MM)
        values["air"].append(plane[_kept(plain, 4)])
        fat = (plane > FAT_HU[0]) & (plane < FAT_HU[1]) & (inside > SKIN_MM[0]) & (inside < SKIN_MM[1])
        values["fat"].append(plane[_kept(fat, 1)])
        nearest = places_mm[np.argmin(np.abs(index[:, 2] - k))]
        x, y, _ = geometry.to_index(nearest)
        aside = np.abs((np.arange(plane.shape[1]) + 0.5) * step - 0.5 - x) * geometry.spacing_mm[0]
        behind = ((np.arange(plane.shape[0]) + 0.5) * step - 0.5 - y) * geometry.spacing_mm[1]
        beside = ((aside >= MUSCLE_ASIDE_MM[0]) & (aside <= MUSCLE_ASIDE_MM[1]))[None, :] & (
            (behind >= MUSCLE_BEHIND_MM[0]) & (behind <= MUSCLE_BEHIND_MM[1])
        )[:, None]
        smooth = ndimage.uniform_filter(plane, 3)
        muscle = beside & (smooth > MUSCLE_HU[0]) & (smooth < MUSCLE_HU[1])
        values["muscle"].append(plane[_kept(muscle, 2)])
    return {name: np.concatenate(parts) if parts else np.empty(0) for name, parts in values.items()}


def _body(plane: NDArray[np.floating]) -> NDArray[np.bool_] | None:
    """Return the patient in a slice: the largest component of tissue, filled."""
    components, count = ndimage.label(ndimage.binary_opening(plane > BODY_HU, iterations=2))
    if not count:
        return None
    largest = components == int(np.argmax(np.bincount(components.ravel())[1:])) + 1
    return np.asarray(ndimage.binary_fill_holes(largest))


def _kept(mask: NDArray[np.bool_], iterations: int) -> NDArray[np.bool_]:
    return np.asarray(ndimage.binary_erosion(mask, iterations=iterations))
