"""A batch and a cohort whose truth is known: 200 digital torsos in which calcium follows bone by a law.

    python Testing/bench/proof.py FOLDER [--studies 200] [--write]

The torsos are made once in FOLDER (a quarter of an hour on two cores) and kept there. Then:
the batch runs with one and with two workers, on the first 20 and on all; every Agatston
score is compared with a scorer of a dozen lines on the same image, every density with the
one that the bone was made of; the cohort's model must find the law, and must not find it
where the densities are shuffled. ``--write`` puts what was measured into docs/batch.md.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import resource
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from page import write_between

from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.markups import read_markups
from CACBoneAxisLib.phantom import Calcification, TorsoParameters, make_torso, write_torso

REPOSITORY = Path(__file__).resolve().parents[2]
TESTS = str(REPOSITORY / "Testing")
PAGE = REPOSITORY / "docs" / "batch.md"
START, END = "<!-- measured -->", "<!-- end measured -->"

# ln(mass + 1) = 3.3 - 0.20 (BMD - 115) / 10 + 0.25 (age - 65) / 10 + 0.3 if a man + noise of 0.45
BONE_PER_10, AGE_PER_10, MAN, LEVEL, NOISE = -0.20, 0.25, 0.30, 3.3, 0.45
# docs/torso.md: bone is within 2 mg/cm3 at each level; the mean of two is no further away.
BMD_BOUND = 2.0
SPOTS = [("LAD", 0.16), ("LAD", 0.36), ("RCA", 0.18), ("LCX", 0.22), ("RCA", 0.50), ("LAD", 0.58), ("LCX", 0.52)]
DENSITY, DIAMETER_MM, LONGEST_MM = 450.0, 3.2, 9.0


def patients(count: int) -> list[dict[str, Any]]:
    """Return age, sex, density and calcium mass of every patient, by the law."""
    random = np.random.default_rng(7)
    rows = []
    for number in range(count):
        sex, age = "FM"[number % 2], float(random.uniform(42, 86))
        bmd = 165 - 1.3 * (age - 45) + random.normal(0, 20)
        mean = LEVEL + BONE_PER_10 * (bmd - 115) / 10 + AGE_PER_10 * (age - 65) / 10 + MAN * (sex == "M")
        mass = float(np.expm1(max(0.0, mean + random.normal(0, NOISE))))
        rows.append({"id": f"t{number:03d}", "sex": sex, "age": round(age, 1), "bmd": float(bmd), "mass": mass})
    return rows


def calcifications(mass_mg: float) -> tuple[Calcification, ...]:
    """Return spheroids of this mass in all: as many as are needed at the longest, all of one length."""
    section = np.pi / 6 * DIAMETER_MM**2 * DENSITY / 1000
    count = min(len(SPOTS), int(np.ceil(mass_mg / (section * LONGEST_MM))))
    if mass_mg < 1.0 or not count:
        return ()
    length = mass_mg / section / count
    if length < DIAMETER_MM:
        # A thin disc would be lost between two slices; a sphere of the same mass is not.
        diameter = float(np.cbrt(DIAMETER_MM**2 * length))
        return tuple(Calcification(artery, place, diameter, DENSITY) for artery, place in SPOTS[:count])
    return tuple(Calcification(artery, place, DIAMETER_MM, DENSITY, length) for artery, place in SPOTS[:count])


def make(job: tuple[dict[str, Any], str]) -> None:
    """Make one torso on disk, unless it is there."""
    patient, folder = job
    if (Path(folder) / "settings.json").exists():
        return
    torso = make_torso(
        TorsoParameters(
            spacing_mm=0.9,
            field_of_view_mm=(230.4, 244.8),
            field_center_mm=(10.0, 20.0),
            z_range_mm=(-78.0, 183.0),
            rods=False,
            seed=int(patient["id"][1:]),
            bmd_mg_cm3=patient["bmd"],
            calcifications=calcifications(patient["mass"]),
            aortic_calcifications=(),
            sex=patient["sex"],
            age_years=patient["age"],
        )
    )
    write_torso(torso, folder)


def manifest(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write the manifest of these patients."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["study_id", "image", "seeds", "regions", "settings"])
        for row in rows:
            at = f"torsos/{row['id']}"
            writer.writerow([row["id"], f"{at}/ct.nrrd", f"{at}/seeds.mrk.json", f"{at}/L1.mrk.json;{at}/L2.mrk.json",
                             f"{at}/settings.json"])  # fmt: skip
    return path


def run(*words: Any) -> float:
    """Run a command and return the seconds that it took."""
    start = perf_counter()
    subprocess.run([sys.executable, "-m", "CACBoneAxisLib", *map(str, words)], cwd=REPOSITORY, check=True)
    return perf_counter() - start


def table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def score_again(folder: Path) -> float:
    """Return the Agatston score of a torso by the scorer of a dozen lines, around each seed."""
    sys.path.insert(0, TESTS)
    from brute_force import brute_force_agatston

    image = read_ct(folder / "ct.nrrd")
    spacing, total = image.geometry.spacing_mm, 0.0
    for point in read_markups(folder / "seeds.mrk.json")[0].points:
        x, y, z = (round(float(v)) for v in image.geometry.to_index(np.asarray(point.position_mm)))
        low = [max(0, z - 6), max(0, y - 14), max(0, x - 14)]
        crop = image.hu[low[0] : z + 7, low[1] : y + 15, low[2] : x + 15]
        total += brute_force_agatston(crop, spacing, (z - low[0], y - low[1], x - low[2]))
    return total


def coefficient(folder: Path) -> tuple[float, float, float]:
    """Return the coefficient of bone of the adjusted linear model, with its interval."""
    for model in json.loads((folder / "cohort.json").read_text(encoding="utf-8"))["models"]:
        if model["kind"] == "linear" and model["adjustment"] != "unadjusted":
            bone = model["coefficients"][0]
            return bone["value"], bone["low"], bone["high"]
    raise SystemExit("no adjusted linear model")


def shuffled(source: Path, target: Path) -> Path:
    """Write results in which the densities are dealt out anew."""
    rows = table(source)
    order = np.random.default_rng(11).permutation(len(rows))
    dealt = [rows[i]["bmd_mg_cm3"] for i in order]
    with target.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows({**row, "bmd_mg_cm3": value} for row, value in zip(rows, dealt, strict=True))
    return target


def prove(folder: Path, count: int) -> list[tuple[str, str, str]]:
    """Make, run, compare; return what was measured as (what, value, bound)."""
    everyone = patients(count)
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(make, [(row, str(folder / "torsos" / row["id"])) for row in everyone]))
    size = sum(p.stat().st_size for p in (folder / "torsos").glob("t*/*") if p.stem not in ("truth", "vertebrae"))
    first = manifest(folder / "first.csv", everyone[:20])
    all_of_them = manifest(folder / "all.csv", everyone)
    stamp = f"{os.getpid()}"
    times = {}
    for name, listed, workers in (("first-2", first, 2), ("first-1", first, 1), ("all-2", all_of_them, 2)):
        times[name] = run("batch", listed, "--output", folder / f"{name}-{stamp}", "--workers", workers)
    start = times["first-1"]
    many = folder / f"all-2-{stamp}"
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024

    results = {row["study_id"]: row for row in table(many / "results.csv")}
    bone_errors = [float(results[row["id"]]["bmd_mg_cm3"]) - row["bmd"] for row in everyone]
    score_errors = []
    for row in everyone:
        again = score_again(folder / "torsos" / row["id"])
        score_errors.append(abs(float(results[row["id"]]["agatston"]) - again))
    run("cohort", many, "--outcome", "mass_mg", "--output", folder / "cohort")
    control = shuffled(many / "results.csv", folder / "shuffled.csv")
    run("cohort", control, "--outcome", "mass_mg", "--output", folder / "control")
    value, low, high = coefficient(folder / "cohort")
    no_value, no_low, no_high = coefficient(folder / "control")
    per_hour = 3600 * count / times["all-2"]
    return [
        ("studies complete", f"{len(results)} of {count}", "all"),
        ("largest difference of a score from the scorer of a dozen lines", f"{max(score_errors):.2g}", "1e-6"),
        ("largest error of BMD (mean of L1 and L2), mg/cm3", f"{max(map(abs, bone_errors)):.2f}", f"{BMD_BOUND:g}"),
        ("coefficient of bone by the law, ln(mass + 1) per 10 mg/cm3", f"{BONE_PER_10:.3f}", ""),
        ("coefficient found, adjusted for age and sex", f"{value:.3f} ({low:.3f} to {high:.3f})", "law inside"),
        ("with densities shuffled", f"{no_value:.3f} ({no_low:.3f} to {no_high:.3f})", "law outside, 0 inside"),
        ("two workers against one, 20 studies", f"{start / times['first-2']:.2f}", "1.8"),
        (f"seconds a study, 20 and {count} studies, two workers",
         f"{times['first-2'] / 20:.2f} and {times['all-2'] / count:.2f}", "flat"),
        ("studies an hour on two cores; on one core", f"{per_hour:.0f}; {3600 * 20 / start:.0f}", ""),
        ("largest memory of a worker, MiB", f"{peak / 2**20:.0f}", ""),
        ("input of a study on disk, MB (read once)", f"{size / count / 1e6:.1f}", ""),
        ("machine", f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}", ""),
    ]  # fmt: skip


def main() -> None:
    """Run it all and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--write", action="store_true", help="put the table into docs/batch.md")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    rows = prove(arguments.folder.resolve(), arguments.studies)
    lines = ["| what | measured | bound |", "|---|---|---|", *(f"| {a} | {b} | {c} |" for a, b, c in rows)]
    sys.stdout.write("\n".join(lines) + "\n")
    if arguments.write:
        write_between(START, END, "\n".join(lines), PAGE)


if __name__ == "__main__":
    main()
