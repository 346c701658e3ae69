"""A small CT with known calcium and vertebrae, and the result mapping that goes with it.

The numbers are worked out here by the plainest means (one region per slice and
lesion), so that report code can be tested without the code that scores.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from CACBoneAxisLib.imaging.findings import finding
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage, ImageSource
from CACBoneAxisLib.imaging.masks import Mask

CORONARY = ("LM", "LAD", "LCX", "RCA")
CITATION = "Agatston 1990, J Am Coll Cardiol 15:827"


@dataclass(frozen=True)
class Example:
    image: CTImage
    calcium_masks: dict[int, Mask]
    bone_masks: dict[str, Mask]
    result: dict[str, Any]


def f(code: str, **values: Any) -> dict[str, str]:
    item = finding(code, **values)
    return {"code": item.code, "severity": item.severity, "message": item.message}


def score(image: CTImage, mask: Mask) -> tuple[list[dict[str, Any]], float]:
    """One region per slice: area times weight of the peak, increment over 3 mm."""
    slices = []
    geometry = image.geometry
    for z in range(mask.voxels.shape[0]):
        inside = mask.voxels[z]
        if not inside.any():
            continue
        index = mask.offset[0] + z
        peak = int(image.hu[index][mask.slices[1:]][inside].max())
        area = float(inside.sum() * geometry.pixel_area_mm2)
        weight = int(np.searchsorted([200, 300, 400], peak, side="right")) + 1
        agatston = area * weight * geometry.slice_increment_mm / 3
        position = float(geometry.to_lps([0, 0, index])[2])
        regions = [{"area_mm2": area, "peak_hu": peak, "weight": weight}]
        slices.append({"index": index, "position_mm": position, "regions": regions, "agatston": agatston})
    return slices, sum(entry["agatston"] for entry in slices)


def lesion(image: CTImage, mask: Mask, number: int, territory: str | None, status: str = "scored") -> dict[str, Any]:
    slices, agatston = score(image, mask)
    values = mask.values(image.hu)
    scored = status == "scored"
    x, y, z = image.geometry.to_lps(mask.indices()[0][::-1])
    return {
        "id": number,
        "territory": territory,
        "seeds": [f"{territory}-1"] if territory else ["LAD-9", "LCX-9"],
        "status": status,
        "in_total": scored and territory in CORONARY,
        "reason": None if scored else "stent",
        "seed_ras_mm": [-float(x), -float(y), float(z)],
        "agatston": agatston if scored else None,
        "volume_mm3": mask.count * image.geometry.voxel_volume_mm3 if scored else None,
        "mass_mg": None,
        "peak_hu": int(values.max()),
        "mean_hu": float(values.mean()),
        "voxels": mask.count,
        "slices": slices if scored else [],
    }


def vertebra(image: CTImage, mask: Mask, level: str) -> dict[str, Any]:
    values = mask.values(image.hu).astype(float)
    bmd = 0.75397275 * values.mean() + 6.33441013
    kind, label = "low-bone-mass", "low bone mass (80 to 120 mg/cm3)"
    if bmd > 120:
        kind, label = "normal", "normal (above 120 mg/cm3)"
    elif bmd < 80:
        kind, label = "osteoporosis", "osteoporosis range (below 80 mg/cm3)"
    x, y, z = image.geometry.to_lps(mask.indices().mean(axis=0)[::-1])
    thresholds = [
        (160, "at or below: 90 % sensitive for DXA osteoporosis"),
        (110, "at or below: more than 90 % specific for DXA osteoporosis"),
    ]
    return {
        "level": level,
        "source": "roi",
        "region": {
            "shape": "elliptic-cylinder",
            "center_ras_mm": [-float(x), -float(y), float(z)],
            "size_mm": [20.0, 16.0, 10.0],
            "axes_ras": [[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]],
        },
        "mean_hu": float(values.mean()),
        "median_hu": float(np.median(values)),
        "sd_hu": float(values.std()),
        "p10_hu": float(np.percentile(values, 10)),
        "p90_hu": float(np.percentile(values, 90)),
        "voxels": mask.count,
        "volume_mm3": mask.count * image.geometry.voxel_volume_mm3,
        "bmd": {"value": float(bmd), "material": "K2HPO4", "units": "mg/cm3"},
        "acr_class": {"class": kind, "label": label, "source": "ACR-SPR-SSR", "note": None},
        "t_score": None,
        "z_score": None,
        "estimates": [],
        "heights": None,
        "hu_thresholds": [
            {
                "name": f"Pickhardt {limit}",
                "threshold_hu": limit,
                "below": bool(values.mean() < limit),
                "meaning": meaning,
                "source": "Pickhardt 2013, Ann Intern Med 158:588",
            }
            for limit, meaning in thresholds
        ]
        if level == "L1"
        else [],
        "status": "measured",
        "findings": [f("thoracic-class", level=level)] if level.startswith("T") else [],
    }


def build_result(
    image: CTImage, lesions: list[tuple[str | None, str, Mask]], vertebrae: dict[str, Mask]
) -> tuple[dict[str, Any], dict[int, Mask]]:
    """Return the result mapping and the masks by lesion number."""
    masks = {number: mask for number, (_, _, mask) in enumerate(lesions, start=1)}
    entries = [lesion(image, mask, n, t, s) for n, (t, s, mask) in enumerate(lesions, start=1)]
    territories = {}
    for code in ("LM", "LAD", "LCX", "RCA", "AV", "MV", "AA", "DA"):
        mine = [e for e in entries if e["territory"] == code and e["status"] == "scored"]
        sums = {key: float(sum(e[key] for e in mine)) for key in ("agatston", "volume_mm3")}
        territories[code] = {**sums, "mass_mg": None, "lesions": len(mine)}
    coronary = [territories[code] for code in ("LM", "LAD", "LCX", "RCA")]
    total = {key: sum(t[key] for t in coronary) for key in ("agatston", "volume_mm3", "lesions")}
    total |= {"mass_mg": None, "arteries": sum(t["agatston"] > 0 for t in coronary)}
    group = int(np.searchsorted([1, 100, 300], total["agatston"], side="right"))
    names = [("0", "none"), ("1-10", "minimal"), ("11-100", "mild"), ("101-400", "moderate"), (">400", "severe")]
    name = names[int(np.searchsorted([0, 10, 100, 400], total["agatston"]))]
    measured = [vertebra(image, mask, level) for level, mask in vertebrae.items()]
    lumbar = [v for v in measured if v["level"].startswith("L")] or measured
    summary = deepcopy(lumbar[0]) if lumbar else {"bmd": None, "mean_hu": None}
    keys = ("mean_hu", "bmd", "acr_class", "t_score", "z_score", "hu_thresholds")
    summary = {**{key: summary.get(key) for key in keys}, "estimates": []}
    levels = [v["level"] for v in lumbar]
    summary |= {"levels": levels, "label": "mean of " + " and ".join(levels) if levels else "no level"}
    summary["findings"] = [f("one-lumbar-level", level=levels[0])] if len(levels) == 1 else []
    size = list(image.hu.shape[::-1])
    calcium_findings = [f("contrast-unknown"), f("gating-unknown"), f("increment-not-3", increment=5, reference=3)]
    result = {
        "schema": "cacboneaxis/result/2",
        "study": {
            "id": "chest-001",
            "image": {
                "name": image.source.name,
                "format": image.source.format,
                "size": size,
                "spacing_mm": list(image.geometry.spacing_mm),
                "slice_increment_mm": image.geometry.slice_increment_mm,
            },
            "acquisition": {
                "kvp": None,
                "kernel": None,
                "slice_thickness_mm": None,
                "contrast": None,
                "ecg_gated": None,
                "manufacturer": None,
                "model": None,
                "modality": None,
                "image_type": None,
            },
            "patient": {"age_years": 63.0, "sex": "M", "ethnicity": None},
        },
        "suitability": {
            "calcium": {"verdict": "opportunistic", "findings": calcium_findings},
            "bone": {"verdict": "opportunistic", "findings": [f("contrast-unknown")]},
        },
        "calcium": {
            "protocol": {
                "protocol": "agatston-1990",
                "threshold_hu": 130.0,
                "weight_thresholds_hu": [130.0, 200.0, 300.0, 400.0],
                "minimum_area_mm2": 1.0,
                "in_plane_connectivity": 8,
                "growth_connectivity": 26,
                "reference_increment_mm": 3.0,
                "mass_factor_mg_per_mm3_per_hu": None,
                "volume": "voxels",
                "citation": CITATION,
            },
            "lesions": entries,
            "territories": territories,
            "total": total,
            "categories": {
                "standard": {
                    "scheme": "Agatston 0 / 1-10 / 11-100 / 101-400 / >400",
                    "category": name[0],
                    "label": name[1],
                    "source": "Five classes in common use (Rumberger 1999, Mayo Clin Proc 74:243)",
                },
                "cac-drs": {
                    "scheme": "CAC-DRS",
                    "category": f"A{group}/N{total['arteries']}",
                    "label": ["none", "1-99", "100-299", "300 or more"][group],
                    "source": "Hecht 2018, J Cardiovasc Comput Tomogr 12:185",
                },
            },
            "findings": [f("mass-unavailable"), f("lesion-excluded", seed="LCX-1", reason="stent")],
        },
        "bone": {
            "calibration": {
                "kind": "linear",
                "slope": 0.75397275,
                "intercept": 6.33441013,
                "material": "K2HPO4",
                "kvp": 120.0,
                "source": "Mindways phantom, 2024-03-01",
            },
            "protocol": {"shape": "elliptic-cylinder", "erosion_mm": 4.0, "t_score_reference": None},
            "vertebrae": measured,
            "summary": summary,
            "findings": [f("no-t-score-reference")],
        },
        "provenance": {
            "software": "CACBoneAxis",
            "version": "0.1.0",
            "settings": {"calcium": {"protocol": "agatston-1990"}, "bone": {"calibration": {"kind": "linear"}}},
            "inputs": [{"role": "image", "name": image.source.name, "sha256": "aa2b94ee" * 8}],
            "started": "2026-11-01T12:00:00+00:00",
            "seconds": 3.25,
        },
    }
    # What a result file can hold is what the report is given.
    return json.loads(json.dumps(result)), masks


def ball(shape: tuple[int, int, int], center: tuple[float, float, float], radius: tuple[float, float, float]) -> Mask:
    grid = np.indices(shape).reshape(3, -1).T
    inside = (((grid - center) / np.asarray(radius)) ** 2).sum(axis=1) <= 1
    return Mask.from_indices(grid[inside])


@pytest.fixture(scope="session")
def built() -> Example:
    """A torso of 24 slices of 5 mm with four lesions, one excluded, aortic wall calcium, T12 and L1."""
    shape = (24, 96, 112)
    noise = np.random.default_rng(7).normal(0, 12, shape)
    hu = np.full(shape, -1000.0)
    _, y, x = np.indices(shape)
    body = ((y - 48) / 44) ** 2 + ((x - 56) / 52) ** 2 <= 1
    hu[body] = 40
    hu[(((y - 46) / 26) ** 2 + ((x - 28) / 18) ** 2 <= 1) | (((y - 46) / 26) ** 2 + ((x - 84) / 18) ** 2 <= 1)] = -850
    spots = {
        ("LM", "scored"): ((8, 40, 60), (0.9, 1.6, 1.6), 280),
        ("LAD", "scored"): ((8, 34, 66), (1.5, 2.2, 4.0), 720),
        ("LCX", "excluded"): ((9, 44, 70), (1.0, 2.0, 2.0), 900),
        ("RCA", "scored"): ((10, 36, 46), (1.0, 1.2, 1.2), 190),
        ("DA", "scored"): ((10, 60, 66), (1.6, 1.2, 4.0), 500),
    }
    lesions: list[tuple[str | None, str, Mask]] = []
    for (territory, status), (center, radius, value) in spots.items():
        mask = ball(shape, center, radius)
        hu[mask.slices][mask.voxels] = value
        lesions.append((territory, status, mask))
    vertebrae = {}
    for level, center, value in (("T12", 13.5, 150), ("L1", 18.5, 118)):
        cortex = ball(shape, (center, 72, 56), (2.6, 12, 15))
        hu[cortex.slices][cortex.voxels] = 420
        mask = ball(shape, (center, 72, 56), (1.6, 8, 11))
        hu[mask.slices][mask.voxels] = value
        vertebrae[level] = mask
    hu += noise * body
    for _, _, mask in lesions:
        block = hu[mask.slices]
        block[mask.voxels] = np.maximum(block[mask.voxels], 131)
    geometry = ImageGeometry(shape, (1.25, 1.25, 5.0), (-70.0, -160.5, -310.25))
    image = CTImage(np.rint(hu).astype(np.int16), geometry, source=ImageSource("torso.nrrd", "NRRD"))
    result, masks = build_result(image, lesions, vertebrae)
    return Example(image, masks, vertebrae, result)


@pytest.fixture
def example(built: Example) -> Example:
    """The example with a result and masks that a test may change."""
    return Example(built.image, dict(built.calcium_masks), dict(built.bone_masks), deepcopy(built.result))
