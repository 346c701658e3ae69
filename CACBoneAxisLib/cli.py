"""The command line: ``cacboneaxis analyze`` and its fellow commands."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from time import perf_counter
from typing import Any

from CACBoneAxisLib import __version__
from CACBoneAxisLib.bone.phantoms import phantoms
from CACBoneAxisLib.bone.references import load_t_score_references
from CACBoneAxisLib.commands.batch import add_batch, add_make_manifest
from CACBoneAxisLib.commands.cohort import add_cohort
from CACBoneAxisLib.commands.inspect import add_inspect
from CACBoneAxisLib.commands.outputs import add_output_options, check_output_options, further_outputs
from CACBoneAxisLib.commands.qa import add_qa
from CACBoneAxisLib.dicomout.reading import read_reading
from CACBoneAxisLib.imaging.findings import UnusableInputError, refusal
from CACBoneAxisLib.imaging.reading import read_ct
from CACBoneAxisLib.report import terminal_summary
from CACBoneAxisLib.report.bonecomparison import bone_change_words
from CACBoneAxisLib.report.comparison import summary_words
from CACBoneAxisLib.study import Settings, StudyInputs, StudyResult, analyze
from CACBoneAxisLib.study.calibrating import calibration_from, write_calibration
from CACBoneAxisLib.study.comparing import compare, read_result, write_comparison
from CACBoneAxisLib.study.identity import without_identifiers
from CACBoneAxisLib.study.loading import StudyFiles, load_study
from CACBoneAxisLib.study.output import check_folder, write_study
from CACBoneAxisLib.study.settings import merge, read_settings

DONE, UNUSABLE, INTERRUPTED = 0, 2, 130

ARTERIES = ("lm", "lad", "lcx", "rca")
AfterAnalysis = Callable[[StudyResult, StudyInputs, Path], None]

# Options that say one setting: flag, dotted name, type, help.
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
    ("--slope", "bone.calibration.slope", float, "linear calibration: mg/cm3 per HU"),
    ("--intercept", "bone.calibration.intercept", float, "linear calibration: mg/cm3 at 0 HU"),
    ("--material", "bone.calibration.material", str, "linear calibration: HA or K2HPO4"),
    ("--t-score-reference", "bone.t_score_reference", str, "reference population for the T-score"),
    ("--z-score-reference", "bone.z_score_reference", str, "reference population for the Z-score: mesa-2013"),
)
# Options that are answered with yes or no: flag, dotted name, help.
YES_NO_OPTIONS: tuple[tuple[str, str, str], ...] = (
    ("--contrast", "acquisition.contrast", "whether contrast agent was given"),
    ("--gated", "acquisition.ecg_gated", "whether the scan was ECG-gated"),
    ("--diabetes", "patient.diabetes", "whether the patient has diabetes"),
    ("--smoker", "patient.smoker", "whether the patient smokes"),
    ("--lipid-medication", "patient.lipid_medication", "whether lipids are treated"),
    ("--pressure-medication", "patient.pressure_medication", "whether blood pressure is treated"),
    ("--family-history", "patient.family_history", "whether there was a heart attack in the family"),
)


class ProgressBar:
    """A bar on a terminal, or a line per step elsewhere, for what takes longer than a second."""

    def __init__(self, stream: Any, wait_seconds: float = 1.0) -> None:
        self._stream = stream
        self._start = perf_counter()
        self._wait = wait_seconds
        self._shown = ""

    def __call__(self, message: str, fraction: float, *, at_once: bool = False) -> None:
        """Show what is being done and the part of it that is done, 0 to 1; ``at_once`` when it is known to be long."""
        if not at_once and perf_counter() - self._start < self._wait:
            return
        if self._stream.isatty():
            full = round(24 * min(max(fraction, 0.0), 1.0))
            line = f"\r{message[:40]:40} [{'#' * full}{'.' * (24 - full)}] {fraction:4.0%}"
        elif message != self._shown:
            line = f"{message}\n"
        else:
            return
        self._shown = message
        self._stream.write(line)
        self._stream.flush()

    def close(self) -> None:
        """Clear the bar."""
        if self._shown and self._stream.isatty():
            self._stream.write("\r" + " " * 76 + "\r")
            self._stream.flush()


def main(argv: Sequence[str] | None = None, after_analysis: AfterAnalysis | None = None, qt: Any = None) -> int:
    """Run a command and return its exit code.

    Parameters
    ----------
    argv : the words after the program's name; those of the process by default
    after_analysis : called with result, inputs and the unfinished output folder, to add
        files of its own
    qt : Qt's classes as attributes, for the report as PDF; PySide6's where none are given

    Returns
    -------
    int
        0 done; 2 wrong use or unusable input, with one sentence on stderr and nothing
        written; 3 a batch in which some studies failed; 130 interrupted, nothing written,
        of a batch what was complete.
    """
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else UNUSABLE
    arguments.qt = qt
    bar = ProgressBar(sys.stderr)
    try:
        said = arguments.run(arguments, bar, after_analysis)
    except UnusableInputError as error:
        problem, code = str(error), UNUSABLE
    except OSError as error:
        problem, code = (
            f"{Path(error.filename).name + ': ' if error.filename else ''}{error.strerror or error}.",
            UNUSABLE,
        )
    except MemoryError:
        problem, code = "There is not enough memory for this image.", UNUSABLE
    except KeyboardInterrupt as stop:
        problem, code = str(stop) or "Interrupted; nothing was written.", INTERRUPTED
    else:
        bar.close()
        message, code = said if isinstance(said, tuple) else (said, DONE)
        sys.stdout.write(message + "\n")
        return int(code)
    bar.close()
    if not getattr(arguments, "identifiers", False):
        problem = without_identifiers(problem, _paths(arguments))
    sys.stderr.write(f"cacboneaxis: {problem}\n")
    return code


# Arguments that name files of a study, whose names may be a patient's.
FILE_ARGUMENTS = (
    *("image", "seeds", "rois", "vertebrae", "heart", "vertebra_points", "settings", "reading", "calibration"),
    *("second_image", "site_references", "baseline_image", "followup_image", "folder"),
)


def _paths(arguments: argparse.Namespace) -> dict[str, list[str]]:
    found = {name.replace("_", "-"): getattr(arguments, name, None) for name in FILE_ARGUMENTS}
    return {name: [given] if isinstance(given, str) else list(given) for name, given in found.items() if given}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cacboneaxis",
        description="Coronary calcium and vertebral bone density from one CT. Research use only.",
    )
    parser.add_argument("--version", action="version", version=f"CACBoneAxis {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    one = commands.add_parser("analyze", help="analyse one CT", description="Analyse one CT and write its result.")
    one.set_defaults(run=_analyze)
    one.add_argument("image", help="DICOM folder, NRRD or NIfTI file")
    one.add_argument("--seeds", nargs="+", metavar="FILE", help="markups point lists (.mrk.json); an empty list is a 0")
    one.add_argument("--rois", nargs="+", metavar="FILE", default=[], help="markups ROIs (.mrk.json), one per vertebra")
    one.add_argument(
        "--vertebra-points",
        nargs="+",
        metavar="FILE",
        default=[],
        help="markups point lists, a point in each vertebral body, labelled with its level: the region is placed there",
    )
    one.add_argument("--vertebrae", metavar="FILE", help="labelmap or .seg.nrrd of vertebrae")
    one.add_argument("--heart", metavar="FILE", help="labelmap or .seg.nrrd of the heart: where to look for candidates")
    one.add_argument("--settings", metavar="FILE", help="settings, JSON or TOML")
    one.add_argument("--reading", metavar="FILE", help="structured report of --dicom-out: its seeds, regions, settings")
    one.add_argument("--series", help="which CT series of the folder: its number in the list, or auto")
    one.add_argument("--id", help="what the study is called in the result; made of the image's hash by default")
    one.add_argument(
        "--identifiers",
        action="store_true",
        help="keep names of files, and patient and study as the DICOM header has them, in the outputs",
    )
    one.add_argument("--output", required=True, metavar="DIR", help="folder of the result")
    add_output_options(one)
    for flag, _, kind, words in SETTING_OPTIONS:
        one.add_argument(flag, type=kind, help=words, metavar=kind.__name__.upper())
    for flag, _, words in YES_NO_OPTIONS:
        one.add_argument(flag, choices=("yes", "no"), help=words)
    one.add_argument("--protocol", metavar="NAME", help="scoring protocol: a name, or a JSON or TOML file of your own")
    group = one.add_mutually_exclusive_group()
    group.add_argument("--suggest", action="store_true", help="list candidates that nobody pointed at; not scored")
    group.add_argument("--accept-suggestions", action="store_true", help="score them as well, unread")
    one.add_argument(
        "--visual",
        nargs=4,
        type=int,
        metavar=("LM", "LAD", "LCX", "RCA"),
        help="calcium by eye in each artery: 0 absent, 1 under a third of its length, 2 to two thirds, 3 more",
    )
    one.add_argument("--phantom", metavar="NAME", help=f"phantom in the scan: {', '.join(phantoms())}")
    one.add_argument(
        "--tissue-calibration", action="store_true", help="BMD by the patient's own tissues: research only"
    )
    one.add_argument("--second-image", metavar="IMAGE", help="the same scan at another energy, for BMD by dual energy")
    one.add_argument(
        "--energies", nargs=2, type=float, metavar=("KEV", "KEV"), help="keV of the image and of the second image"
    )
    one.add_argument("--calibration", metavar="FILE", help="file of cacboneaxis calibrate")
    one.add_argument("--site-references", metavar="FILE", help="the site's own T-score references, JSON")
    one.add_argument("--estimates", nargs="+", metavar="NAME", help="published equations to print beside the BMD")
    one.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="any setting, for example calcium.minimum_area_mm2=0.5",
    )

    two = commands.add_parser(
        "compare", help="compare two results of one patient", description="Compare two results and write what changed."
    )
    two.set_defaults(run=_compare)
    two.add_argument("baseline", help="folder of the earlier result, or its result.json")
    two.add_argument("followup", help="folder of the later result, or its result.json")
    two.add_argument("--years", type=float, help="years between the scans; without them nothing is annualised")
    two.add_argument("--bone-cv", type=float, metavar="PERCENT", help="the site's own precision of BMD, CV in per cent")
    two.add_argument("--baseline-image", metavar="IMAGE", help="CT of the earlier result, for pictures")
    two.add_argument("--followup-image", metavar="IMAGE", help="CT of the later result, for pictures")
    two.add_argument("--output", required=True, metavar="DIR", help="folder of the comparison")

    phantom = commands.add_parser(
        "calibrate",
        help="make a calibration file from a phantom scan",
        description="Measure a phantom scanned without a patient and write a calibration for scans of the same kind.",
    )
    phantom.set_defaults(run=_calibrate)
    phantom.add_argument("image", help="DICOM folder, NRRD or NIfTI file")
    phantom.add_argument("--phantom", required=True, metavar="NAME", help=", ".join(phantoms()))
    phantom.add_argument("--settings", metavar="FILE", help="settings: the certificate, what the file does not say")
    phantom.add_argument("--series", help="which CT series of the folder")
    phantom.add_argument("--date", metavar="YYYY-MM-DD", help="when the phantom was scanned")
    phantom.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="any setting")
    phantom.add_argument("--output", required=True, metavar="FILE", help="calibration file, JSON")

    show = commands.add_parser(
        "demo", help="analyse a digital torso", description="Make a digital torso and analyse it."
    )
    show.set_defaults(run=_demo)
    show.add_argument("--output", default="demo", metavar="DIR", help="folder of the torso and its result (demo)")
    add_batch(commands)
    add_make_manifest(commands)
    add_cohort(commands)
    add_qa(commands)
    add_inspect(commands)
    return parser


def _settings(arguments: argparse.Namespace) -> Settings:
    """Return the settings of the reading, overruled by those of the file and by what the command line says."""
    said: dict[str, Any] = dict(read_reading(arguments.reading).settings) if arguments.reading else {}
    if arguments.protocol:
        # A protocol has its own values for everything that is not said beside it.
        said.pop("calcium", None)
    if arguments.settings:
        said = merge(said, read_settings(arguments.settings))
    if arguments.protocol:
        said = merge(said, {"calcium": _protocol(arguments.protocol)})
    options: list[tuple[str, Any]] = [(name, _said(arguments, flag)) for flag, name, _, _ in SETTING_OPTIONS]
    answers = {"yes": True, "no": False, None: None}
    options += [(name, answers[_said(arguments, flag)]) for flag, name, _ in YES_NO_OPTIONS]
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
    return Settings.from_mapping(_with_options(said, options, arguments.set))


def _with_options(said: dict[str, Any], options: list[tuple[str, Any]], words: Sequence[str]) -> dict[str, Any]:
    """Return settings overruled by options of dotted names, and then by NAME=VALUE words."""
    for text in words:
        name, sign, value = text.partition("=")
        if not sign:
            raise refusal("settings-invalid", problem=f"--set takes NAME=VALUE, not {text}")
        try:
            options.append((name.strip(), json.loads(value)))
        except ValueError:
            options.append((name.strip(), value))
    for name, value in options:
        if value is not None:
            nested: Any = value
            for part in reversed(name.split(".")):
                nested = {part: nested}
            said = merge(said, nested)
    return said


def _said(arguments: argparse.Namespace, flag: str) -> Any:
    return getattr(arguments, flag.lstrip("-").replace("-", "_"))


def _qt(arguments: argparse.Namespace) -> Any:
    return getattr(arguments, "qt", None)


def _protocol(name: str) -> dict[str, Any]:
    """Return the calcium settings that ``--protocol`` stands for: a name, or a file with the fields of a protocol."""
    if not name.lower().endswith((".json", ".toml")):
        return {"protocol": name}
    content = read_settings(name)
    fields = content.get("calcium", content)
    if not isinstance(fields, dict):
        raise refusal("settings-invalid", problem=f"{Path(name).name} does not hold the fields of a protocol")
    return fields


def _analyze(arguments: argparse.Namespace, bar: ProgressBar, after_analysis: AfterAnalysis | None) -> str:
    folder = check_folder(arguments.output)
    check_output_options(arguments, _qt(arguments))
    settings = _settings(arguments)
    files = StudyFiles(
        arguments.image,
        arguments.seeds,
        arguments.rois,
        arguments.vertebrae,
        arguments.series,
        arguments.heart,
        arguments.reading,
        arguments.vertebra_points,
        arguments.second_image,
    )
    inputs = load_study(
        files, settings, arguments.id, progress=lambda m, f: bar(m, f * 0.5), named=arguments.identifiers
    )
    check_output_options(arguments, _qt(arguments), inputs.image)
    result = analyze(inputs, progress=lambda m, f: bar(m, 0.5 + f * 0.4))
    bar("Writing the report", 0.9)
    further = further_outputs(arguments, result, inputs, _qt(arguments))

    def extra(unfinished: Path) -> None:
        further(unfinished)
        if after_analysis is not None:
            after_analysis(result, inputs, unfinished)

    report = write_study(result, folder, extra)
    return f"{terminal_summary(result.to_dict())}\n\nReport: {report}"


def _compare(arguments: argparse.Namespace, bar: ProgressBar, after_analysis: AfterAnalysis | None) -> str:
    folder = check_folder(arguments.output)
    (baseline, first), (followup, second) = (read_result(p) for p in (arguments.baseline, arguments.followup))
    paths = (arguments.baseline_image, arguments.followup_image)
    images = [read_ct(path, progress=bar) for path in paths] if all(paths) else []
    comparison = compare(baseline, followup, arguments.years, (first, second), arguments.bone_cv, images, bar)
    report = write_comparison(comparison, folder, images)
    lines = [summary_words(comparison), *filter(None, [bone_change_words(comparison)])]
    lines += [f"{f['severity']}: {f['message']}" for f in comparison["findings"] if f["severity"] != "note"]
    return "\n".join([*lines, "", f"Report: {report}"])


def _calibrate(arguments: argparse.Namespace, bar: ProgressBar, after_analysis: AfterAnalysis | None) -> str:
    said = read_settings(arguments.settings) if arguments.settings else {}
    options = [("bone.calibration.kind", "phantom"), ("bone.calibration.phantom", arguments.phantom)]
    settings = Settings.from_mapping(_with_options(said, options, arguments.set))
    image = read_ct(arguments.image, series=arguments.series, progress=lambda m, f: bar(m, f * 0.8))
    bar("Measuring the rods", 0.8)
    return write_calibration(image, settings, arguments.date, Path(arguments.output))


def _demo(arguments: argparse.Namespace, bar: ProgressBar, after_analysis: AfterAnalysis | None) -> str:
    from CACBoneAxisLib.phantom import TorsoParameters, make_torso, write_torso  # only the demo pays for its import

    folder = Path(arguments.output)
    result_folder = check_folder(folder / "result")
    bar("Making the digital torso", 0.0, at_once=True)
    torso = make_torso(TorsoParameters())
    files = write_torso(torso, folder / "torso")
    words = [
        "analyze",
        str(files["ct"]),
        "--seeds",
        str(files["seeds"]),
        "--rois",
        *(str(files[region.name]) for region in torso.regions),
        "--settings",
        str(files["settings"]),
        "--id",
        "digital torso",
        "--output",
        str(result_folder),
    ]
    return _analyze(_parser().parse_args(words), bar, after_analysis)
