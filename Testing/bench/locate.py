"""Find vertebrae from one point in random digital torsos, and say how far each is from the truth.

    python Testing/bench/locate.py [NUMBER]           # 30 torsos by default
    python Testing/bench/locate.py --scans FOLDER     # the real scans of the tests

Slices of 0.6 to 5 mm, noise of 8 to 50 HU, bone of 30 to 190 mg/cm3, tilts of up to 20 degrees to the
side and 12 to the front, sizes and points in the bodies are drawn at random. What is printed stands
in docs/bone.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from CACBoneAxisLib.bone.bodies import body_frame
from CACBoneAxisLib.bone.labels import label_boxes
from CACBoneAxisLib.bone.locate import LocatedVertebra, locate_vertebra
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.labelfiles import read_labels
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.markups import read_markups
from CACBoneAxisLib.phantom import TorsoParameters, make_torso
from CACBoneAxisLib.phantom.render import scan_frame
from CACBoneAxisLib.phantom.spine import vertebrae

INCREMENTS_MM = (0.6, 1.0, 1.5, 2.5, 3.0, 5.0)
POINTS = 3
# Half width, half depth and half height of the box about the middle in which points lie, mm.
OFF_MM = (9.0, 7.0, 5.0)
# A body this far off is called wrong: the margins of the regions are 4 mm.
WRONG_MM, WRONG_DEGREES = 4.0, 12.0


def parameters(number: int) -> TorsoParameters:
    """Return a random spine: lumbar, and every third thoracic, in the middle of its field of view."""
    rng = np.random.default_rng([7, number])
    span = (60.0, 150.0) if number % 3 == 0 else (-80.0, 40.0)
    made: dict[str, Any] = {
        "seed": number,
        "slice_increment_mm": INCREMENTS_MM[number % len(INCREMENTS_MM)],
        "spacing_mm": float(rng.uniform(0.6, 0.95)),
        "noise_sd_hu": float(rng.uniform(8, 50)),
        "point_spread_fwhm_mm": float(rng.uniform(0.8, 2.0)),
        "rotation_degrees": (float(rng.uniform(-12, 12)), float(rng.uniform(-20, 20)), float(rng.uniform(-8, 8))),
        "bmd_mg_cm3": float(rng.uniform(30, 190)),
        "body_scale": float(rng.uniform(0.88, 1.12)),
        "rods": False,
        "field_of_view_mm": (150.0, 150.0),
        "z_range_mm": span,
    }
    frame = scan_frame(TorsoParameters(**made))
    inside = [frame.to_scan(v.center_mm) for v in vertebrae() if span[0] < v.center_mm[2] < span[1]]
    x, y, z = np.mean(inside, axis=0)
    made["field_center_mm"], made["z_range_mm"] = (float(x), float(y + 15)), (float(z - 58), float(z + 58))
    return TorsoParameters(**made)


def trials(number: int) -> Iterator[tuple[LocatedVertebra, dict[str, Any], Any, float]]:
    """Yield what was found, the truth, the frame of the true label and the seconds, for every point in whole bodies."""
    torso = make_torso(parameters(number))
    geometry, rng = torso.image.geometry, np.random.default_rng([8, number])
    boxes = label_boxes(torso.vertebrae)
    for row in torso.truth["bone"]["vertebrae"]:
        middle = np.array(row["center_lps_mm"])
        ends = [geometry.to_index(np.add(middle, (0, 0, s * 22.0)))[2] for s in (-1, 1)]
        if not row["in_image"] or ends[0] < 0 or ends[1] > geometry.shape[0] - 1:
            continue
        box = boxes[row["label"]]
        body = body_frame(torso.vertebrae[box] == row["label"], tuple(s.start for s in box), geometry)  # type: ignore[arg-type]
        for _ in range(POINTS):
            point = middle + rng.uniform(-1, 1, 3) * OFF_MM
            started = process_time()
            found = locate_vertebra(torso.image, row["level"], point)
            yield found, row, body, process_time() - started


def real_bodies(folder: Path) -> Iterator[tuple[str, CTImage, Any, Any, float]]:
    """Yield name, image, middle, axes and height (0: not known) of bodies of real scans, by labels, regions or eye."""
    image = read_ct(folder / "spine" / "ct.nii.gz")
    labels = read_labels(folder / "spine" / "vertebral_bodies.nii.gz").labels
    for number, level in ((20, "L1"), (21, "L2"), (22, "L3"), (23, "L4"), (24, "L5")):
        box = label_boxes(labels)[number]
        body = body_frame(labels[box] == number, (box[0].start, box[1].start, box[2].start), image.geometry)
        if body is not None:
            # The labels hold parts of the pedicles, so that their middle lies 3 mm behind that of the body.
            middle = body.center_mm - 3 * body.axes[:, 1]
            yield f"abdominal scan, 3 mm, {level}", image, middle, body.axes, body.height_mm
    image = read_ct(folder / "chest" / "ct.nrrd")
    for level in ("T12", "L1"):
        region = read_markups(Path(__file__).parents[1] / "data" / "chest" / f"{level}.mrk.json")[0]
        # Regions were placed in the front of the bodies.
        yield f"chest scan, 5 mm, {level}", image, np.add(region.center_mm, (0, 3, 0)), np.eye(3), 0.0  # type: ignore[union-attr]
    image = read_ct(folder / "dicom" / "contrast_series")
    yield "40 mm with contrast agent, 2 mm, T12", image, image.geometry.to_lps([248, 330, 8.2]), np.eye(3), 0.0


def scans(folder: Path) -> int:
    """Print how many of twelve random points in every body of the real scans found it."""
    rng = np.random.default_rng(5)
    sys.stdout.write("| body | found | refused | wrong |\n| --- | --- | --- | --- |\n")
    for name, image, middle, axes, height in real_bodies(folder):
        counts = [0, 0, 0]
        for _ in range(12):
            found = locate_vertebra(image, "L1", middle + axes @ (rng.uniform(-1, 1, 3) * OFF_MM))
            if found.frame is None:
                counts[1] += 1
                continue
            apart = np.abs(axes.T @ (found.frame.center_mm - middle))
            off = apart[2] > WRONG_MM or apart[0] > WRONG_MM or apart[1] > 6.0
            off |= bool(height) and abs(found.frame.height_mm - height) > WRONG_MM
            counts[2 if off else 0] += 1
        sys.stdout.write(f"| {name} | " + " | ".join(str(n) for n in counts) + " |\n")
    return 0


def main(arguments: list[str]) -> int:
    """Print a row for every slice increment; 1 where a body was wrong without a refusal."""
    if arguments[:1] == ["--scans"]:
        return scans(Path(arguments[1]))
    number = int(arguments[0]) if arguments else 30
    errors: dict[float, list[list[float]]] = {increment: [] for increment in INCREMENTS_MM}
    refused: dict[float, int] = dict.fromkeys(INCREMENTS_MM, 0)
    wrong: dict[float, int] = dict.fromkeys(INCREMENTS_MM, 0)
    seconds: list[float] = []
    for n in range(number):
        increment = INCREMENTS_MM[n % len(INCREMENTS_MM)]
        for found, row, body, spent in trials(n):
            seconds.append(spent)
            if found.frame is None:
                refused[increment] += 1
                continue
            off = float(np.linalg.norm(found.frame.center_mm - row["center_lps_mm"]))
            tilt = float(np.degrees(np.arccos(min(1.0, found.frame.axes[:, 2] @ row["axis_lps"]))))
            sizes = [getattr(found.frame, name) - getattr(body, name) for name in ("height_mm", "width_mm", "depth_mm")]
            errors[increment].append([off, tilt, *np.abs(sizes)])
            wrong[increment] += off > WRONG_MM or tilt > WRONG_DEGREES or abs(sizes[0]) > WRONG_MM
    sys.stdout.write("| slices | found | refused | wrong | centre, mm | tilt, degrees | height | width | depth, mm |\n")
    sys.stdout.write("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
    for increment, rows in errors.items():
        if rows:
            middle, far = np.percentile(rows, [50, 95], axis=0)
            cells = " | ".join(f"{m:.1f} ({f:.1f})" for m, f in zip(middle, far, strict=True))
            counts = f"{len(rows)} | {refused[increment]} | {wrong[increment]}"
            sys.stdout.write(f"| {increment:g} mm | {counts} | {cells} |\n")
    sys.stdout.write(f"seconds of processor time a point: {np.median(seconds):.2f} ({max(seconds):.2f} at most)\n")
    return int(any(wrong.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
