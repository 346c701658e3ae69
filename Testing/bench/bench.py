"""Speed and memory as ratios, on a digital torso: ``make bench``.

Each time is the least of several runs, and what is compared is run in turns, so that
a machine that changes its speed changes both. ``--write`` puts the table into
docs/speed.md.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import scipy
import SimpleITK
from page import write_between
from scipy import ndimage

from CACBoneAxisLib.calcium.cache import ImageCache
from CACBoneAxisLib.calcium.candidates import find_candidates
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.result import score_calcium
from CACBoneAxisLib.calcium.seeds import seeds_from
from CACBoneAxisLib.cli import main as command
from CACBoneAxisLib.imaging.geometry import ImageGeometry
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.markups import Box, ControlPoint, PointList, read_markups
from CACBoneAxisLib.phantom import TorsoParameters, make_torso, write_torso
from CACBoneAxisLib.report import write_reports
from CACBoneAxisLib.study import Settings, StudyInputs, analyze
from CACBoneAxisLib.study.settings import read_settings

SLICES = 300
CANDIDATES, SCIPY = "candidates, threshold included", "scipy.ndimage.label on the ready mask"
START, END = "<!-- bench -->", "<!-- end of bench -->"


def best(runs: int, *tasks: Callable[[], Any]) -> list[float]:
    """Return the least time of each task in seconds; the tasks take turns."""
    times = [[] for _ in tasks]
    for _ in range(runs):
        for task, spent in zip(tasks, times, strict=True):
            start = perf_counter()
            task()
            spent.append(perf_counter() - start)
    return [min(spent) for spent in times]


def labelling(hu: np.ndarray, seeds: list[Any], image: Any) -> dict[str, float]:
    """Compare labelling with SciPy's and SimpleITK's on the ready mask, and a new seed with the same."""
    mask = hu >= 130
    itk_mask = SimpleITK.GetImageFromArray(mask.view(np.uint8))
    connected = SimpleITK.ConnectedComponentImageFilter()
    connected.FullyConnectedOn()
    neighbours = np.ones((3, 3, 3), dtype=bool)
    ours, dense, itk = best(
        5,
        lambda: find_candidates(hu, 130),
        lambda: ndimage.label(mask, neighbours),
        lambda: connected.Execute(itk_mask),
    )
    candidates = find_candidates(hu, 130)
    protocol = CalciumProtocol()

    def score(chosen: list[Any]) -> None:
        cache = ImageCache(image)
        cache._candidates.put((protocol.threshold_hu, protocol.growth_connectivity), candidates)
        score_calcium(image, chosen, protocol, cache=cache)

    one, all_seeds = best(
        5,
        lambda: score(seeds[:1]),
        lambda: score(seeds),
    )
    return {"ours": ours, "scipy": dense, "itk": itk, "seed": one, "seeds": all_seeds, "runs": candidates.starts.size}


def whole_job(files: Mapping[str, Path], folder: Path, regions: list[str]) -> dict[str, float]:
    """Compare the command with SimpleITK's reading of the same file, and with writing the report."""
    words = ["analyze", str(files["ct"]), "--seeds", str(files["seeds"]), "--settings", str(files["settings"])]
    words += ["--rois", *(str(files[name]) for name in regions), "--output", str(folder / "out")]
    image = read_ct(files["ct"])
    boxes = [box for name in regions for box in read_markups(files[name])]
    # With the command's own settings, so that the same pictures are made.
    settings = Settings.from_mapping(read_settings(files["settings"]))
    result = analyze(StudyInputs(image, tuple(read_markups(files["seeds"])), tuple(boxes), settings=settings))
    mapping = result.to_dict()
    pages = folder / "pages"
    pages.mkdir(exist_ok=True)

    def quietly() -> None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            if command(words) != 0:
                raise SystemExit("the command failed")

    job, read, write = best(
        3,
        quietly,
        lambda: SimpleITK.ReadImage(str(files["ct"])),
        lambda: write_reports(pages, mapping, image, result.calcium_masks, result.bone_masks),
    )
    return {"job": job, "read": read, "write": write}


def memory(files: Mapping[str, Path], regions: list[str]) -> float:
    """Return the bytes that reading and analysing take at their peak, beyond the program itself, in a fresh process."""
    if not Path("/proc/self/status").exists():
        return float("nan")
    words = [sys.executable, __file__, "--memory", str(files["ct"]), str(files["seeds"])]
    done = subprocess.run([*words, *(str(files[name]) for name in regions)], capture_output=True, text=True, check=True)
    return int(json.loads(done.stdout)["bytes"])


def measure_memory(ct: str, seeds: str, regions: list[str]) -> None:
    """Read and analyse in this process, and print how far its peak memory rose."""
    # A first small study loads what is loaded only when it is used.
    hu = np.full((4, 40, 40), 40, dtype=np.int16)
    hu[1, 5:30, 5:30] = 200
    image = CTImage(hu, ImageGeometry(hu.shape, (1.0, 1.0, 3.0), (0.0, 0.0, 0.0)))
    seeds_there = PointList("seeds", (ControlPoint("LAD-1", (10.0, 10.0, 3.0)),))
    analyze(StudyInputs(image, (seeds_there,), (Box("L1", (20.0, 20.0, 4.0), (9.0, 9.0, 9.0)),)))
    before = memory_bytes("VmRSS")
    boxes = [box for path in regions for box in read_markups(path)]
    analyze(StudyInputs(read_ct(ct), tuple(read_markups(seeds)), tuple(boxes)))
    sys.stdout.write(json.dumps({"bytes": memory_bytes("VmHWM") - before}))


def memory_bytes(entry: str) -> int:
    """Return the memory that this process holds (VmRSS) or held at its peak (VmHWM); Linux only.

    getrusage would say what the parent process held before this one was started, if that was more.
    """
    status = Path("/proc/self/status").read_text()
    return 1024 * int(next(line for line in status.splitlines() if line.startswith(entry)).split()[1])


def report() -> str:
    """Measure everything and return it as Markdown."""
    lines = []
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for slices in (SLICES // 4, SLICES // 2, SLICES):
            folder = Path(name) / str(slices)
            # The same part of the body in ever thinner slices.
            parameters = TorsoParameters(slice_increment_mm=384.0 / slices)
            torso = make_torso(parameters)
            files = write_torso(torso, folder)
            regions = [box.name for box in torso.regions]
            image = read_ct(files["ct"])
            hu = np.ascontiguousarray(image.hu)
            label = labelling(hu, list(seeds_from([torso.seeds])), image)
            job = whole_job(files, folder, regions)
            rows.append((hu, label, job, memory(files, regions)))
            del torso, image
    hu, label, job, peak = rows[-1]
    shape = " x ".join(str(n) for n in hu.shape[::-1])
    lines += [
        f"Measured on a digital torso of {shape} int16 ({label['runs']} runs of candidates at 130 HU),",
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__},"
        f" SciPy {scipy.__version__}, SimpleITK {SimpleITK.Version.VersionString()}.",
        "",
        "| what | time, s | compared with | time, s | ratio | bound |",
        "|---|---|---|---|---|---|",
        _row(
            "candidates, threshold included",
            label["ours"],
            "scipy.ndimage.label on the ready mask",
            label["scipy"],
            0.1,
        ),
        _row(
            "candidates, threshold included",
            label["ours"],
            "SimpleITK ConnectedComponent, ready mask",
            label["itk"],
            1 / 3,
        ),
        _row("a new seed to its score", label["seed"], "scipy.ndimage.label on the ready mask", label["scipy"], 0.01),
        _row(
            "`analyze` on a stored CT",
            job["job"],
            "1.5 x SimpleITK's reading + writing the report",
            1.5 * job["read"] + job["write"],
            1.0,
        ),
        "",
        f"Peak memory of reading and analysing: {peak / 2**20:.0f} MiB for a volume of {hu.nbytes / 2**20:.0f} MiB,"
        f" ratio {peak / hu.nbytes:.2f} (bound 1.25).",
        "",
        "How it grows, the same body in thinner slices:",
        "",
        "| slices | runs | candidates, s | scipy label, s | new seed, s | all seeds, s | SimpleITK reading, s |"
        " analyze, s | report, s | memory / volume |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for hu, label, job, peak in rows:
        cells = [label["ours"], label["scipy"], label["seed"], label["seeds"], job["read"], job["job"], job["write"]]
        lines.append(
            f"| {hu.shape[0]} | {label['runs']} | "
            + " | ".join(f"{c:.3g}" for c in cells)
            + f" | {peak / hu.nbytes:.2f} |"
        )
    return "\n".join(lines)


def _row(what: str, ours: float, other: str, theirs: float, bound: float) -> str:
    return f"| {what} | {ours:.3g} | {other} | {theirs:.3g} | {ours / theirs:.3f} | {bound:.3g} |"


def run() -> None:
    """Print the table; with ``--write`` put it into docs/speed.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the table into docs/speed.md")
    parser.add_argument("--memory", nargs="+", metavar="FILE", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.memory:
        ct, seeds, *regions = arguments.memory
        measure_memory(ct, seeds, regions)
        return
    table = report()
    sys.stdout.write(table + "\n")
    if arguments.write:
        write_between(START, END, table)


if __name__ == "__main__":
    run()
