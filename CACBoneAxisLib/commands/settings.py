"""Options of the command line that set settings of a study."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from CACBoneAxisLib.bone.numbering import NUMBERINGS
from CACBoneAxisLib.bone.phantoms import phantoms
from CACBoneAxisLib.bone.references import load_t_score_references
from CACBoneAxisLib.dicomout.storedreading import read_reading
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.jsontext import parse_json
from CACBoneAxisLib.study import Settings
from CACBoneAxisLib.study.calibration import calibration_from
from CACBoneAxisLib.study.settings import merge, read_settings

ARTERIES = ("lm", "lad", "lcx", "rca")

# Options that set one setting: flag, dotted name, type, help.
SETTING_OPTIONS: tuple[tuple[str, str, type, str], ...] = (
    ("--age", "patient.age_years", float, "patient's age in years"),
    ("--sex", "patient.sex", str, "F or M"),
    ("--ethnicity", "patient.ethnicity", str, "as the reference tables name it"),
    ("--bmi", "patient.bmi_kg_m2", float, "body mass index, kg/m2"),
    ("--cholesterol", "patient.total_cholesterol_mg_dl", float, "total cholesterol, mg/dL"),
    ("--hdl", "patient.hdl_mg_dl", float, "HDL cholesterol, mg/dL"),
    ("--systolic", "patient.systolic_mmhg", float, "systolic blood pressure, mmHg"),
    ("--kvp", "acquisition.kvp", float, "tube voltage, where the file does not say"),
    ("--kernel", "acquisition.kernel", str, "reconstruction kernel, where the file does not say"),
    ("--mass-factor", "calcium.mass_factor_mg_per_mm3_per_hu", float, "calcium mass calibration, mg/mm3/HU"),
    ("--threshold", "calcium.threshold_hu", float, "calcium threshold, HU (130)"),
    ("--region-shape", "bone.region.shape", str, "what fills a region's box: box, ellipsoid, elliptic-cylinder"),
    (
        "--region-protocol",
        "bone.region.protocol",
        str,
        "region in a vertebra that was labelled or found, such as qct-ellipse",
    ),
    ("--erosion", "bone.region.erosion_mm", float, "how far inside a vertebra's labelmap the region begins, mm"),
    (
        "--vertebrae-labels",
        "bone.numbering",
        str,
        f"whose numbers the labelmap of vertebrae has: {', '.join(NUMBERINGS[1:])} (by names and evidence)",
    ),
    ("--slope", "bone.calibration.slope", float, "linear calibration: mg/cm3 per HU"),
    ("--intercept", "bone.calibration.intercept", float, "linear calibration: mg/cm3 at 0 HU"),
    ("--material", "bone.calibration.material", str, "linear calibration: HA or K2HPO4"),
    ("--t-score-reference", "bone.t_score_reference", str, "reference population for the T-score"),
    ("--z-score-reference", "bone.z_score_reference", str, "reference population for the Z-score: mesa-2013"),
)
# Options answered with yes or no: flag, dotted name, help.
YES_NO_OPTIONS: tuple[tuple[str, str, str], ...] = (
    ("--contrast", "acquisition.contrast", "whether contrast agent was given"),
    ("--gated", "acquisition.ecg_gated", "whether the scan was ECG-gated"),
    ("--diabetes", "patient.diabetes", "whether the patient has diabetes"),
    ("--smoker", "patient.smoker", "whether the patient smokes"),
    ("--lipid-medication", "patient.lipid_medication", "whether lipids are treated"),
    ("--pressure-medication", "patient.pressure_medication", "whether blood pressure is treated"),
    ("--family-history", "patient.family_history", "whether there was a heart attack in the family"),
)


def add_setting_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that set settings of a study."""
    for flag, _, kind, words in SETTING_OPTIONS:
        parser.add_argument(flag, type=kind, help=words, metavar=kind.__name__.upper())
    for flag, _, words in YES_NO_OPTIONS:
        parser.add_argument(flag, choices=("yes", "no"), help=words)
    parser.add_argument(
        "--protocol", metavar="NAME", help="scoring protocol: a name, or a JSON or TOML file of your own"
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--suggest", action="store_true", help="list candidates without a seed; not scored")
    group.add_argument("--accept-suggestions", action="store_true", help="score them as well, unread")
    parser.add_argument(
        "--visual",
        nargs=4,
        type=int,
        metavar=("LM", "LAD", "LCX", "RCA"),
        help="calcium by eye in each artery: 0 absent, 1 under a third of its length, 2 to two thirds, 3 more",
    )
    parser.add_argument("--phantom", metavar="NAME", help=f"phantom in the scan: {', '.join(phantoms())}")
    parser.add_argument(
        "--tissue-calibration", action="store_true", help="BMD by the patient's own tissues: research only"
    )
    parser.add_argument(
        "--second-image", metavar="IMAGE", help="the same scan at another energy, for BMD by dual energy"
    )
    parser.add_argument(
        "--energies", nargs=2, type=float, metavar=("KEV", "KEV"), help="keV of the image and of the second image"
    )
    parser.add_argument("--calibration", metavar="FILE", help="file of cacboneaxis calibrate")
    parser.add_argument("--site-references", metavar="FILE", help="the site's own T-score references, JSON")
    parser.add_argument("--estimates", nargs="+", metavar="NAME", help="published equations to print beside the BMD")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any setting, for example calcium.minimum_area_mm2=0.5",
    )


def settings_of(arguments: argparse.Namespace) -> Settings:
    """Merge the settings of the reading, the settings file and the command line, later ones overruling."""
    stated: dict[str, Any] = dict(read_reading(arguments.reading).settings) if arguments.reading else {}
    if arguments.protocol:
        # A protocol brings its own defaults.
        stated.pop("calcium", None)
    if arguments.settings:
        stated = merge(stated, read_settings(arguments.settings))
    if arguments.protocol:
        stated = merge(stated, {"calcium": _protocol(arguments.protocol)})
    options: list[tuple[str, Any]] = [(name, _option(arguments, flag)) for flag, name, _, _ in SETTING_OPTIONS]
    answers = {"yes": True, "no": False, None: None}
    options += [(name, answers[_option(arguments, flag)]) for flag, name, _ in YES_NO_OPTIONS]
    if arguments.suggest or arguments.accept_suggestions:
        options.append(("calcium.suggestions", "list" if arguments.suggest else "accept"))
    options += [(f"visual.{artery}", n) for artery, n in zip(ARTERIES, arguments.visual or (None,) * 4, strict=True)]
    if arguments.slope is not None or arguments.intercept is not None:
        options.append(("bone.calibration.kind", "linear"))
    if arguments.phantom is not None:
        options += [("bone.calibration.kind", "phantom"), ("bone.calibration.phantom", arguments.phantom)]
    if arguments.tissue_calibration:
        options.append(("bone.calibration.kind", "tissue"))
    if arguments.second_image is not None:
        options.append(("bone.calibration.kind", "dual-energy"))
        options.append(("bone.calibration.energies_kev", arguments.energies))
    if arguments.calibration is not None:
        options.insert(0, ("bone.calibration", calibration_from(read_settings(arguments.calibration))))
    if arguments.estimates is not None:
        options.append(("bone.estimates", arguments.estimates))
    if arguments.site_references is not None:
        rows = [asdict(row) for row in load_t_score_references(arguments.site_references)]
        options.append(("bone.site_references", rows))
    return Settings.from_mapping(with_options(stated, options, arguments.set))


def with_options(stated: dict[str, Any], options: list[tuple[str, Any]], words: Sequence[str]) -> dict[str, Any]:
    """Overrule settings by options with dotted names, then by NAME=VALUE words."""
    for text in words:
        name, sign, value = text.partition("=")
        if not sign:
            raise refusal("settings-invalid", problem=f"--set takes NAME=VALUE, not {text}")
        try:
            options.append((name.strip(), parse_json(value)))
        except ValueError:
            options.append((name.strip(), value))
    for name, value in options:
        if value is not None:
            nested: Any = value
            for part in reversed(name.split(".")):
                nested = {part: nested}
            stated = merge(stated, nested)
    return stated


def _option(arguments: argparse.Namespace, flag: str) -> Any:
    return getattr(arguments, flag.lstrip("-").replace("-", "_"))


def _protocol(name: str) -> dict[str, Any]:
    """Return the calcium settings of ``--protocol``: a name, or a file with the fields of a protocol."""
    if not name.lower().endswith((".json", ".toml")):
        return {"protocol": name}
    content = read_settings(name)
    fields = content.get("calcium", content)
    if not isinstance(fields, dict):
        raise refusal("settings-invalid", problem=f"{Path(name).name} does not hold the fields of a protocol")
    return fields
