"""Reading a DICOM series against SimpleITK's own series reader, as a ratio: part of ``make bench``.

Both read the same 600 files of 512 x 512 whole numbers; ours reads headers, checks places and
hashes every file besides. The two take turns, the least time of each counts. ``--write`` puts the
table into docs/speed.md.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
import pydicom
import SimpleITK
from page import write_between

from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.load import read_ct

SLICES, RUNS, BOUND = 600, 5, 1.3
TESTING = Path(__file__).resolve().parents[1]
START, END = "<!-- reading -->", "<!-- end of reading -->"


def writer():
    """Return Testing/imaging/dicom_writer.py."""
    spec = importlib.util.spec_from_file_location("dicom_writer", TESTING / "imaging" / "dicom_writer.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def simpleitk(folder: str) -> tuple[tuple[int, ...], int]:
    """Read a folder as SimpleITK's documentation does; return the shape and one value."""
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
    image = reader.Execute()
    return image.GetSize()[::-1], image[9, 7, 5]


def library(folder: str) -> tuple[tuple[int, ...], int]:
    """Read a folder as the library does; the same."""
    hu = read_ct(folder).hu
    return hu.shape, int(hu[5, 7, 9])


def run() -> None:
    """Print the table; with ``--write`` put it into docs/speed.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/speed.md")
    arguments = parser.parse_args()
    few = np.random.default_rng(0).integers(-1024, 1300, (4, 512, 512)).astype(np.int16)
    hu = np.concatenate([few] * (SLICES // 4))
    geometry = ImageGeometry(hu.shape, (0.7, 0.7, 0.6), (-180.0, -180.0, 0.0))
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder:
        writer().write_series(Path(folder), hu, geometry)
        for _ in range(RUNS):
            for times, task in ((theirs, simpleitk), (ours, library)):
                start = perf_counter()
                shape, value = task(folder)
                times.append(perf_counter() - start)
                if (shape, value) != (hu.shape, hu[5, 7, 9]):
                    raise SystemExit("the values read are not those written")
    ratio = min(ours) / min(theirs)
    table = (
        f"A series of {SLICES} files of 512 x 512 int16, {platform.machine()}, {os.cpu_count()} cores, Python"
        f" {platform.python_version()}, pydicom {pydicom.__version__}, SimpleITK"
        f" {SimpleITK.Version.VersionString()}.\n\n"
        "| what | time, s | compared with | time, s | ratio | bound |\n|---|---|---|---|---|---|\n"
        f"| reading, headers and SHA-256 included | {min(ours):.3g} | SimpleITK GetGDCMSeriesFileNames +"
        f" ImageSeriesReader | {min(theirs):.3g} | {ratio:.2f} | {BOUND} |\n"
    )
    sys.stdout.write("\n" + table)
    if arguments.write:
        write_between(START, END, table)


if __name__ == "__main__":
    run()
