"""The error of bone density by two energies, by the patient's own tissues, and from one point, as tables.

    python Testing/bench/bone_errors_more.py

Two energies: the digital spine phantom, whose hydroxyapatite adds what the table says at each
energy, with noise of its own in both volumes. Tissues: whole digital torsos. Points: the torso's
spine, each region protocol placed from a point beside the middle of each body. What is printed
stands in docs/bone.md.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.bone.dualenergy import hydroxyapatite_hu
from CACBoneAxisLib.bone.protocol import BoneProtocol, RegionProtocol
from CACBoneAxisLib.bone.regionplacement import region_protocols
from CACBoneAxisLib.bone.vertebrae import measure_vertebrae
from CACBoneAxisLib.bone.vertebraregion import VertebraRegion
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.labels import LabelImage
from CACBoneAxisLib.phantom import TorsoParameters, make_torso
from CACBoneAxisLib.phantom.parameters import HU_PER_MG_HYDROXYAPATITE
from CACBoneAxisLib.phantom.parameters import calibration as torso_law
from CACBoneAxisLib.phantom.spinephantom import make_spine_phantom
from CACBoneAxisLib.study import Settings, StudyInputs, analyze

PAIRS = ((70.0, 140.0), (50.0, 100.0))
OFF_MM = (4.0, -3.0, 3.0)
REPORTED_HU = 150.0


def line(cells: list[str]) -> None:
    """Print a row of a Markdown table."""
    sys.stdout.write("| " + " | ".join(cells) + " |\n")


def head(cells: list[str]) -> None:
    """Print the first rows of a Markdown table."""
    line(cells)
    line(["---"] * len(cells))


def at_energy(kev: float, noise_hu: float, seed: int, increment: float) -> CTImage:
    """Return the spine phantom at an energy: hydroxyapatite scaled, noise its own."""
    plain = make_spine_phantom(noise_sd_hu=0.0, slice_increment_mm=increment).image
    noisy = make_spine_phantom(noise_sd_hu=noise_hu, slice_increment_mm=increment, seed=seed).image
    bone = plain.hu.astype(float)
    scaled = np.where(bone > 0, bone * hydroxyapatite_hu(kev) / (100 * HU_PER_MG_HYDROXYAPATITE), bone)
    return replace(plain, hu=np.rint(scaled + noisy.hu - plain.hu).astype(np.int16))


def two_energies() -> None:
    """Print errors at 50, 100 and 200 mg HA/cm3."""
    names = list(region_protocols())
    head(["two energies", *names])
    for pair in PAIRS:
        for increment, noise in ((1.5, 14.0), (1.5, 30.0), (3.0, 30.0)):
            first, second = (at_energy(kev, noise, 11 + n, increment) for n, kev in enumerate(pair))
            made = make_spine_phantom(noise_sd_hu=0.0, slice_increment_mm=increment)
            cells = []
            for name in names:
                protocol = BoneProtocol(
                    region=RegionProtocol(protocol=name), calibration=Calibration("dual-energy", energies_kev=pair)
                )
                labels = LabelImage(made.vertebrae, first.geometry)
                result = measure_vertebrae(first, labels=labels, protocol=protocol, kvp=120.0, second=second)
                found = {v.level: v.interpretation.bmd for v in result.vertebrae}
                errors = [found[level].value_mg_cm3 - true for level, true in made.truth_mg_cm3.items()]  # type: ignore[union-attr]
                cells.append(" / ".join(f"{e:+.1f}" for e in errors))
            line([f"{pair[0]:g} and {pair[1]:g} keV, {increment:g} mm, {noise:g} HU", *cells])
    sys.stdout.write("\n")


def tissues() -> None:
    """Print what the tissues of whole torsos make of 150 HU, whose truth is 120 mg HA/cm3."""
    head(["tissues", "150 HU become", "stated uncertainty", "off"])
    settings = Settings.from_mapping({"bone": {"calibration": {"kind": "tissue"}}})
    for increment, noise, scale in (
        (3.0, 14.0, 1.0),
        (5.0, 14.0, 1.0),
        (5.0, 30.0, 1.0),
        (5.0, 14.0, 0.88),
        (5.0, 14.0, 1.1),
    ):
        torso = make_torso(
            TorsoParameters(
                spacing_mm=1.4, slice_increment_mm=increment, noise_sd_hu=noise, body_scale=scale, rods=False
            )
        )
        bone = analyze(StudyInputs(torso.image, regions=torso.regions, settings=settings)).bone
        scan = bone.tissue
        words = f"{increment:g} mm, {noise:g} HU, size {scale:g}"
        if scan is None or scan.calibration is None:
            line([words, "refused", "", ""])
            continue
        bmd, spread = scan.calibration.bmd_mg_cm3(REPORTED_HU), scan.uncertainty_mg_cm3(REPORTED_HU)
        off = bmd - REPORTED_HU / HU_PER_MG_HYDROXYAPATITE
        line([words, f"{bmd:.0f}", f"{spread:.0f}", f"{off:+.0f}"])
    sys.stdout.write("\n")


def points() -> None:
    """Print errors of each region protocol placed from a point, in T12, L1 and L2 where they lie whole."""
    names = list(region_protocols())
    head(["from a point, T12 / L1", *names])
    for increment in (1.0, 1.5, 3.0, 5.0):
        torso = make_torso(TorsoParameters.spine(slice_increment_mm=increment, z_range_mm=(-84.0, 48.0), rods=False))
        rows = {row["level"]: row for row in torso.truth["bone"]["vertebrae"]}
        given = [
            VertebraRegion(
                level,
                point_mm=tuple(float(v) for v in np.add(rows[level]["center_lps_mm"], OFF_MM)),  # type: ignore[arg-type]
            )
            for level in ("T12", "L1")
        ]
        cells = []
        for name in names:
            protocol = BoneProtocol(region=RegionProtocol(protocol=name), calibration=Calibration(**torso_law()))
            result = measure_vertebrae(torso.image, given, protocol=protocol, kvp=120.0)
            found = {v.level: v.interpretation.bmd for v in result.vertebrae}
            errors = [
                None if found[level] is None else found[level].value_mg_cm3 - torso.parameters.bmd(level)  # type: ignore[union-attr]
                for level in ("T12", "L1")
            ]
            cells.append(" / ".join("none" if e is None else f"{e:+.1f}" for e in errors))
        line([f"{increment:g} mm", *cells])


if __name__ == "__main__":
    two_energies()
    tissues()
    points()
