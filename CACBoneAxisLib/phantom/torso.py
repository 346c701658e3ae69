"""The digital torso: a synthetic chest CT with known calcium and bone density."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.geometry import ImageGeometry, as_point
from CACBoneAxisLib.imaging.image import CTImage, ImageSource
from CACBoneAxisLib.imaging.markups import Box, ControlPoint, PointList
from CACBoneAxisLib.imaging.regions import Region
from CACBoneAxisLib.phantom.canvas import Frame
from CACBoneAxisLib.phantom.couch import ROD_RADIUS_MM, rods
from CACBoneAxisLib.phantom.lesions import Lesion, lesions
from CACBoneAxisLib.phantom.parameters import (
    BETA_CT,
    BETA_REF,
    HU_PER_MG_HYDROXYAPATITE,
    SIGMA_CT,
    SIGMA_REF,
    TorsoParameters,
    calibration,
    trabecular_hu,
)
from CACBoneAxisLib.phantom.render import render, scan_frame
from CACBoneAxisLib.phantom.spine import CORTEX_MM, REGION_LEVELS, body_labels, region, vertebrae

TRUTH_SCHEMA = "cacboneaxis/torso/1"
SEED_LIST_NAME = "calcium"


@dataclass(frozen=True, eq=False)
class Torso:
    """A scan of the torso with its ground truth.

    Parameters
    ----------
    parameters : TorsoParameters
    image : CTImage, int16 HU (z, y, x), axial
    seeds : one point per calcification in the image, on its brightest voxel, named ``LAD-1``
    regions : boxes of the elliptic cylinders recommended in T12, L1 and L2, where fully inside the image
    vertebrae : uint8 (z, y, x), vertebral bodies in VerSe numbers (T1 8 ... T12 19, L1 20, L2 21, L3 22)
    truth : JSON mapping; see ``docs/torso.md``
    """

    parameters: TorsoParameters
    image: CTImage
    seeds: PointList
    regions: tuple[Box, ...]
    vertebrae: NDArray[np.uint8]
    truth: dict[str, Any]


def make_torso(parameters: TorsoParameters | None = None) -> Torso:
    """Make the digital torso; equal parameters give identical voxels.

    Raises
    ------
    UnusableInputError
        When a parameter or a calcification is implausible.
    """
    parameters = TorsoParameters() if parameters is None else parameters
    _check(parameters)
    frame = scan_frame(parameters)
    hu = render(parameters, frame)
    acquisition = Acquisition(
        kvp=120.0,
        kernel="soft tissue",
        slice_thickness_mm=parameters.thickness_mm,
        contrast=False,
        ecg_gated=True,
        manufacturer="CACBoneAxis digital torso",
        modality="CT",
        sex=parameters.sex,
        age_years=parameters.age_years,
    )
    image = CTImage(hu, frame.geometry, acquisition, ImageSource("digital torso", "memory"))
    placed = lesions(parameters)
    seeds = _seeds(placed, hu, frame)
    return Torso(
        parameters,
        image,
        seeds,
        _regions(frame),
        body_labels(frame.geometry, frame),
        _truth(parameters, frame, placed, seeds),
    )


def _check(p: TorsoParameters) -> None:
    sizes = (p.spacing_mm, p.slice_increment_mm, p.thickness_mm, *p.field_of_view_mm, p.body_scale)
    if not all(np.isfinite(v) and v > 0 for v in sizes):
        raise refusal("torso-parameters", what="spacings, field of view and body scale must be positive")
    if not p.z_range_mm[1] - p.z_range_mm[0] >= p.slice_increment_mm:
        raise refusal("torso-parameters", what="the range along the patient must hold at least one slice")
    if not (p.noise_sd_hu >= 0 and p.point_spread_fwhm_mm >= 0):
        raise refusal("torso-parameters", what="noise and point spread must not be negative")
    pairs = ({"L", "R"}, {"P", "A"}, {"S", "I"})
    if len(p.storage_axes) != 3 or not all(len(pair & set(p.storage_axes)) == 1 for pair in pairs):
        raise refusal("torso-parameters", what="storage axes must be three letters such as LPS or PIR")


def _in_image(point_mm: NDArray[np.floating], geometry: ImageGeometry) -> bool:
    index = geometry.to_index(point_mm)
    return bool(np.all(index >= -0.5) and np.all(index < np.asarray(geometry.shape[::-1]) - 0.5))


def _seeds(placed: Iterable[Lesion], hu: NDArray[np.int16], frame: Frame) -> PointList:
    points = []
    for lesion in placed:
        if not _in_image(frame.to_scan(np.asarray(lesion.ellipsoid.center)), frame.geometry):
            continue
        bounds = frame.bounds(np.asarray(lesion.ellipsoid.box[0]), np.asarray(lesion.ellipsoid.box[1]), 0.0)
        if bounds is None:
            continue
        block = hu[tuple(slice(*b) for b in bounds)].astype(np.float32)
        near = np.broadcast_to(lesion.ellipsoid(*frame.coordinates(bounds)), block.shape)
        # The voxel nearest the centre counts even if the lesion is smaller than a voxel.
        chosen = np.unravel_index(
            np.argmax(np.where(near < max(0.0, float(near.min())) + 1e-6, block, -np.inf)), block.shape
        )
        zyx = np.asarray(chosen) + [b[0] for b in bounds]
        points.append(ControlPoint(lesion.name, as_point(frame.geometry.to_lps(zyx[::-1]))))
    return PointList(SEED_LIST_NAME, tuple(points))


def _regions(frame: Frame) -> tuple[Box, ...]:
    boxes = []
    for vertebra in vertebrae():
        if vertebra.level in REGION_LEVELS:
            box = region(vertebra, frame)
            found = Region(box.center_mm, box.size_mm, box.axes).voxels(frame.geometry)
            if found.total > 0 and found.within == found.total:
                boxes.append(box)
    return tuple(sorted(boxes, key=lambda box: -box.center_mm[2]))


def _truth(p: TorsoParameters, frame: Frame, placed: Iterable[Lesion], seeds: PointList) -> dict[str, Any]:
    seed_of = {point.label: list(point.position_mm) for point in seeds.points}
    found: list[dict[str, Any]] = []
    for lesion in placed:
        c = lesion.calcification
        center = frame.to_scan(np.asarray(lesion.ellipsoid.center))
        found.append(
            {
                "name": lesion.name,
                "territory": c.territory,
                "center_lps_mm": list(as_point(center)),
                "axis_lps": list(as_point(frame.rotation @ np.asarray(lesion.ellipsoid.axes)[0])),
                "diameter_mm": c.diameter_mm,
                "length_mm": c.diameter_mm if c.length_mm is None else c.length_mm,
                "hydroxyapatite_mg_cm3": c.hydroxyapatite_mg_cm3,
                "contrast_hu": c.contrast_hu,
                "background_hu": p.blood_hu,
                "volume_mm3": c.volume_mm3,
                "mass_mg": c.mass_mg,
                "in_image": lesion.name in seed_of,
                "seed_lps_mm": seed_of.get(lesion.name),
            }
        )
    territories: dict[str, dict[str, float]] = {}
    for row in found:
        if row["in_image"]:
            total = territories.setdefault(row["territory"], {"lesions": 0, "volume_mm3": 0.0, "mass_mg": 0.0})
            total["lesions"] += 1
            total["volume_mm3"] += row["volume_mm3"]
            total["mass_mg"] += row["mass_mg"]
    return {
        "schema": TRUTH_SCHEMA,
        "parameters": p.to_mapping(),
        "calcium": {
            "law": "HU = background + contrast, contrast = hu_per_mg_cm3 * hydroxyapatite density",
            "hu_per_mg_cm3": HU_PER_MG_HYDROXYAPATITE,
            "mass_factor_mg_per_mm3_per_hu": 0.001 / HU_PER_MG_HYDROXYAPATITE,
            "lesions": found,
            "territories": territories,
        },
        "bone": {
            "law": "trabecular HU = sigma_ct * BMD + beta_ct, BMD in mg K2HPO4/cm3",
            "sigma_ct": SIGMA_CT,
            "beta_ct": BETA_CT,
            "calibration": calibration(),
            "vertebrae": _vertebra_rows(p, frame),
        },
        "rods": {
            "law": "HU = sigma_ref * K2HPO4 + beta_ref + water",
            "sigma_ref": SIGMA_REF,
            "beta_ref": BETA_REF,
            "rods": _rod_rows(frame) if p.rods else [],
        },
        "tissue_hu": {"blood": p.blood_hu, "myocardium": p.myocardium_hu, "air": -1000.0},
    }


def _vertebra_rows(p: TorsoParameters, frame: Frame) -> list[dict[str, Any]]:
    rows = []
    half = np.array([0.0, 0.0, 1.0])
    for vertebra in vertebrae():
        ends = [vertebra.center_mm + s * vertebra.half_height_mm * vertebra.axes @ half for s in (-1, 1)]
        bmd = p.bmd(vertebra.level)
        across = 2 * 0.9
        core = (
            across * vertebra.half_width_mm - 2 * CORTEX_MM,
            across * vertebra.half_depth_mm - 2 * CORTEX_MM,
            2 * vertebra.half_height_mm - 2 * CORTEX_MM,
        )
        rows.append(
            {
                "level": vertebra.level,
                "label": vertebra.label,
                "center_lps_mm": list(as_point(frame.to_scan(vertebra.center_mm))),
                "axis_lps": list(as_point(frame.rotation @ vertebra.axes[:, 2])),
                "core_size_mm": [float(v * frame.scale) for v in core],
                "cortex_mm": CORTEX_MM * frame.scale,
                "bmd": {"value": bmd, "material": "K2HPO4", "units": "mg/cm3"},
                "hu": trabecular_hu(bmd),
                "in_image": all(_in_image(frame.to_scan(end), frame.geometry) for end in ends),
            }
        )
    return rows


def _rod_rows(frame: Frame) -> list[dict[str, Any]]:
    bottom = frame.geometry.origin_mm[2] / frame.scale
    middle = bottom + frame.geometry.slice_increment_mm * (frame.geometry.shape[0] - 1) / 2 / frame.scale
    return [
        {
            "name": rod.name,
            "center_lps_mm": list(as_point(frame.to_scan(np.array([*rod.center_mm, middle])))),
            "axis_lps": list(as_point(frame.rotation[:, 2])),
            "radius_mm": ROD_RADIUS_MM * frame.scale,
            "k2hpo4_mg_cm3": rod.k2hpo4_mg_cm3,
            "water_mg_cm3": rod.water_mg_cm3,
            "hu": rod.hu,
        }
        for rod in rods()
    ]
