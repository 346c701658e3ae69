"""Compare the digital torso analysed through the scene with the library alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from CACBoneAxisLib.imaging.geometry import as_point
from CACBoneAxisLib.imaging.markups import region_center
from CACBoneAxisLib.mrml.archive import add_study
from CACBoneAxisLib.mrml.scene import find_result, replay
from CACBoneAxisLib.phantom import TorsoParameters, make_torso, torso_settings
from CACBoneAxisLib.study import Settings, StudyInputs, analyze

# Twice the default: digits are compared, not accuracy, and the test should take seconds. Scoring
# refuses much larger pixels.
PIXEL_MM = 1.4


def compare_torso(logic: Any, scene: Any) -> list[str]:
    """Return the differences between module logic and library on the torso.

    Compares the library on arrays, the logic on nodes, and a replay of the resulting scene; empty if
    all agree.

    Parameters
    ----------
    logic : CACBoneAxisLogic
    scene : the application's scene, empty
    """
    torso = make_torso(TorsoParameters(spacing_mm=PIXEL_MM))
    regions = tuple(replace(box, center_mm=as_point(region_center(box.center_mm))) for box in torso.regions)
    settings = Settings.from_mapping(torso_settings(torso))
    inputs = StudyInputs(torso.image, (torso.seeds,), regions, settings=settings)
    expected = analyze(inputs)
    nodes = add_study(expected, inputs, scene)
    found = logic.analyze(
        nodes.volume, seeds=list(nodes.seeds or ()), regions=list(nodes.regions), settings=torso_settings(torso)
    )
    record = find_result(scene, nodes.volume)
    answers = {"nodes": found.to_dict(), "replay": replay(record).to_dict()}
    differences = [
        f"{name}: {path}" for name, answer in answers.items() for path in differences_of(expected.to_dict(), answer)
    ]
    if not expected.to_dict()["calcium"]["total"]["agatston"]:
        differences.append("the torso has no score, so nothing was compared")
    return differences


def differences_of(expected: Any, found: Any, path: str = "") -> list[str]:
    """Return the paths at which two results differ, ignoring time and source."""
    if isinstance(expected, dict) and isinstance(found, dict):
        names = [n for n in {**expected, **found} if path or n != "provenance"]
        kept = [n for n in names if f"{path}.{n}" not in (".study.image.format", ".study.image.name")]
        return [d for n in kept for d in differences_of(expected.get(n), found.get(n), f"{path}.{n}")]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [
            d for n, pair in enumerate(zip(expected, found, strict=True)) for d in differences_of(*pair, f"{path}[{n}]")
        ]
    return [] if expected == found else [f"{path}: {expected!r} / {found!r}"]
