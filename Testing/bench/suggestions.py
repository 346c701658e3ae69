"""How many suggested candidates are right: on random digital torsos, and on the chest scan read by eye.

    python Testing/bench/suggestions.py [NUMBER] [CHEST]      # 20 torsos by default; ../shared/data/chest/ct.nrrd

Sizes, tilts, sex, slices, noise, blur and every calcification are drawn at random; the heart's
own shape is not. Each torso is looked at without and with a segmentation of its heart. What
is printed stands in docs/numbers.md.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from torso_heart import heart_labels_of

from CACBoneAxisLib.calcium.cache import ImageCache
from CACBoneAxisLib.calcium.heartlabels import heart_labels
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.calcium.seeds import nearest_candidate, seeds_from
from CACBoneAxisLib.calcium.suggestions import CandidateSearch
from CACBoneAxisLib.imaging.load import read_ct
from CACBoneAxisLib.imaging.markups import read_markups
from CACBoneAxisLib.phantom import Calcification, Torso, TorsoParameters, make_torso

ROOT = Path(__file__).resolve().parents[2]
CORONARY = ("LM", "LAD", "LCX", "RCA")
CHEST = ROOT.parent / "shared" / "data" / "chest" / "ct.nrrd"
ROWS = (
    ("lesions", "coronary lesions that can score"),
    ("suggested", "of these suggested"),
    ("right", "in their artery"),
    ("aortic", "suggested in an artery, but in the wall of the aorta"),
    ("other", "suggested in an artery, but no calcium"),
)


def parameters(number: int) -> TorsoParameters:
    """Return a random torso, two calcifications on average on each artery and three on each part of the aorta."""
    rng = np.random.default_rng([4, number])

    def calcification(territory: str, low: float, high: float) -> Calcification:
        diameter = float(rng.uniform(1.8, 3.6))
        density = float(rng.uniform(300, 600))
        length = diameter * float(rng.uniform(1.0, 2.5))
        return Calcification(
            territory, float(rng.uniform(low, high)), diameter, density, length, float(rng.uniform(0, 360))
        )

    coronary = [calcification("LM", 0.3, 0.7) for _ in range(int(rng.integers(0, 2)))]
    for code in ("LAD", "LCX", "RCA"):
        coronary += [calcification(code, 0.05, 0.95) for _ in range(int(rng.integers(1, 4)))]
    aortic = [calcification("AA", 0.3, 1.0) for _ in range(3)] + [calcification("DA", 0.05, 0.9) for _ in range(3)]
    changes: dict[str, Any] = {
        "seed": number,
        "spacing_mm": 1.0,
        "field_of_view_mm": (400.0, 400.0),
        "z_range_mm": (40.0, 275.0),
        "body_scale": float(rng.uniform(0.85, 1.15)),
        "rotation_degrees": tuple(float(v) for v in rng.uniform(-6, 6, 3)),
        "sex": str(rng.choice(["F", "M"])),
        "noise_sd_hu": float(rng.uniform(8, 20)),
        "point_spread_fwhm_mm": float(rng.uniform(0.8, 1.6)),
        "slice_increment_mm": float(rng.choice([1.5, 2.5, 3.0, 5.0])),
        "calcifications": tuple(coronary),
        "aortic_calcifications": tuple(aortic),
    }
    return TorsoParameters(**changes)


def counted(torso: Torso, looked: CandidateSearch) -> Counter[str]:
    """Return how many of a torso's lesions were suggested and how many suggestions are none of them."""
    protocol, geometry = CalciumProtocol(), torso.image.geometry
    fewest = protocol.minimum_area_mm2 / geometry.pixel_area_mm2 - 1e-9
    candidates = ImageCache(torso.image).candidates(protocol)
    owner: dict[int, str] = {}
    for row in torso.truth["calcium"]["lesions"]:
        if row["in_image"]:
            place = tuple(row["seed_lps_mm"])
            voxel = nearest_candidate(torso.image, place, 130.0, 2.0)
            label = None if voxel is None else candidates.label_at(voxel)
            if label is not None and candidates.component(label).voxels.sum(axis=(1, 2)).max() >= fewest:
                owner.setdefault(label, row["territory"])
    found: Counter[str] = Counter(lesions=sum(code in CORONARY for code in owner.values()))
    for one in looked.suggestions:
        zyx = np.rint(geometry.to_index(one.position_mm))[::-1].astype(int)
        label = candidates.label_at((int(zyx[0]), int(zyx[1]), int(zyx[2])))
        true = None if label is None else owner.get(label)
        if true in CORONARY:
            found["suggested"] += 1
            found["right"] += one.territory == true
        elif one.territory in CORONARY:
            found["aortic" if true else "other"] += 1
    return found


def chest(path: Path) -> Counter[str]:
    """Return the same of the chest scan, against what was seen by eye (Testing/data/chest)."""
    image, protocol = read_ct(path), CalciumProtocol()
    cache = ImageCache(image)
    candidates = cache.candidates(protocol)
    seen: dict[int | None, set[str]] = {}
    for seed in seeds_from(read_markups(ROOT / "Testing" / "data" / "chest" / "seeds.mrk.json")):  # type: ignore[arg-type]
        voxel = nearest_candidate(image, seed.position_mm, 130.0, 2.0)
        if voxel and seed.decision != "excluded":
            seen.setdefault(candidates.label_at(voxel), set()).add(seed.territory)
    coronary = {label for label, codes in seen.items() if codes & set(CORONARY)}
    found: Counter[str] = Counter(lesions=len(coronary))
    looked = cache.search(protocol)
    for one in looked.suggestions if looked else ():
        voxel = nearest_candidate(image, one.position_mm, 130.0, 0.0)
        label = candidates.label_at(voxel) if voxel else None
        if label in coronary:
            found["suggested"] += 1
            found["right"] += one.territory in seen[label]
        elif one.territory in CORONARY:
            found["aortic" if label in seen else "other"] += 1
    return found


def main(arguments: list[str]) -> int:
    """Print the table."""
    number = int(arguments[0]) if arguments else 20
    path = Path(arguments[1]) if len(arguments) > 1 else CHEST
    lungs: Counter[str] = Counter()
    labelled: Counter[str] = Counter()
    carinas = without = 0
    for n in range(number):
        torso = make_torso(parameters(n))
        cache = ImageCache(torso.image)
        region = cache.heart()
        looked = cache.search(CalciumProtocol())
        if region is None or looked is None:
            without += 1
            sys.stdout.write(f"torso {n}: the descending aorta was not found\n")
        else:
            carinas += region.top == "carina"
            if region.top != "carina":
                sys.stdout.write(f"torso {n}: no carina, the region begins below: {region.top}\n")
            lungs += counted(torso, looked)
        labels, _ = heart_labels(heart_labels_of(torso, 2), asked=True)
        looked = cache.search(CalciumProtocol(), labels)
        if looked is not None:
            labelled += counted(torso, looked)
    eye = chest(path) if path.exists() else None
    sys.stdout.write(f"{number} torsos: carina found in {carinas}, descending aorta missed in {without}\n\n")
    sys.stdout.write("| what | torsos | torsos, heart segmented | chest scan |\n|---|---|---|---|\n")
    for key, words in ROWS:
        last = "not there" if eye is None else str(eye[key])
        sys.stdout.write(f"| {words} | {lungs[key]} | {labelled[key]} | {last} |\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
