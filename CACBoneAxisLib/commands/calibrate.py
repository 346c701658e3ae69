"""``cacboneaxis calibrate``: a calibration from a phantom scan."""

from __future__ import annotations

import argparse
from typing import Any

from CACBoneAxisLib.bone.phantoms import phantoms
from CACBoneAxisLib.commands.outputs import add_output, destination_of
from CACBoneAxisLib.commands.settings import with_options
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.study import Settings
from CACBoneAxisLib.study.calibration import write_calibration
from CACBoneAxisLib.study.settings import read_settings


def add_calibrate(commands: Any) -> None:
    """Add the command to a parser's commands."""
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
    add_output(phantom, "calibration file, JSON", "FILE")


def _calibrate(arguments: argparse.Namespace, bar: Any, after_analysis: Any) -> str:
    destination = destination_of(arguments, None, ("image", "settings"))
    stated = read_settings(arguments.settings) if arguments.settings else {}
    options = [("bone.calibration.kind", "phantom"), ("bone.calibration.phantom", arguments.phantom)]
    settings = Settings.from_mapping(with_options(stated, options, arguments.set))
    image = read_ct(arguments.image, series=arguments.series, progress=lambda m, f: bar(m, f * 0.8))
    bar("Measuring the rods", 0.8)
    return write_calibration(image, settings, arguments.date, destination)
