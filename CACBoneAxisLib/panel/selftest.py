"""Read the digital torso in the panel like a reader, and on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from CACBoneAxisLib.calcium.seeds import seeds_from
from CACBoneAxisLib.imaging.acquisition import Acquisition
from CACBoneAxisLib.imaging.geometry import swap_ras_lps
from CACBoneAxisLib.imaging.markups import write_markups
from CACBoneAxisLib.mrml.archive import add_volume
from CACBoneAxisLib.mrml.markups import box_from_node, points_from_node
from CACBoneAxisLib.mrml.selftest import PIXEL_MM, differences_of
from CACBoneAxisLib.panel.lesions import LesionTools
from CACBoneAxisLib.panel.regions import RegionsSection
from CACBoneAxisLib.phantom import TorsoParameters, make_torso, write_torso

READER = "Self test"
KVP, AGE_YEARS = 120, 66


def compare_reading(panel: Any, scene: Any, folder: Path, command: Callable[[list[str]], int]) -> list[str]:
    """Return the differences between panel and command line on the digital torso.

    The panel gets a click per lesion and vertebra, report and approval; the command line the same
    decisions. Empty if both agree.

    Parameters
    ----------
    panel : panel of the module, visible or not, over an empty scene
    folder : existing folder for the torso's files and both results
    command : the command line
    """
    in_view = panel.session is not None
    if not in_view:
        panel.enter()
    try:
        arguments, saved = _read(panel, scene, folder)
    finally:
        if not in_view:
            panel.exit()
    if command([*arguments, "--output", str(folder / "command")]) != 0:
        return ["the command line ended with an error"]
    paths = (saved, folder / "command" / "result.json")
    results = [json.loads(path.read_text(encoding="utf-8")) for path in paths]
    if not results[0]["calcium"]["total"]["agatston"] or not results[0]["bone"]["vertebrae"]:
        return ["the reading has no score or no vertebra, so nothing was compared"]
    return differences_of(*results)


def _read(panel: Any, scene: Any, folder: Path) -> tuple[list[str], Path]:
    torso = make_torso(TorsoParameters(spacing_mm=PIXEL_MM))
    files = write_torso(torso, folder / "torso")
    # As from a file without scan and patient facts, which the reader enters.
    panel.session.volume = add_volume(replace(torso.image, acquisition=Acquisition()), scene)
    parameters = panel.parameters
    parameters.kvp, parameters.ageYears = KVP, AGE_YEARS
    parameters.contrast = type(parameters.contrast)["NO"]
    parameters.sex = type(parameters.sex)["FEMALE"]
    tools, regions = (_section(panel, kind) for kind in (LesionTools, RegionsSection))
    for seed in seeds_from([torso.seeds]):
        getattr(panel.ui, f"territory{seed.territory}Button").click()
        tools.onClick(tuple(swap_ras_lps(seed.position_mm)))
    panel.ui.undoButton.click()
    panel.ui.redoButton.click()
    for box in torso.regions:
        regions.onLevel(box.name)
        regions.onClick(tuple(swap_ras_lps(box.center_mm)))
    panel.onApply()
    panel.session.outputFolder = folder / "reports"
    panel.session.readerName = READER
    panel.ui.approveButton.click()
    panel.ui.saveReportButton.click()
    (saved,) = (folder / "reports").glob("*/result.json")
    decided = folder / "decided"
    decided.mkdir()
    write_markups(decided / "seeds.mrk.json", [points_from_node(parameters.seeds)])
    study_id = panel.reading.result_mapping()["study"]["id"]
    arguments = ["analyze", str(files["ct"]), "--id", study_id, "--seeds", str(decided / "seeds.mrk.json"), "--rois"]
    for node in parameters.regions:
        path = decided / f"{node.GetName()}.mrk.json"
        write_markups(path, [box_from_node(node)])
        arguments.append(str(path))
    settings = panel.reading.result_mapping()["provenance"]["settings"]
    (decided / "settings.json").write_text(json.dumps(settings, allow_nan=False), encoding="utf-8")
    arguments += ["--settings", str(decided / "settings.json")]
    panel.ui.unlockButton.click()
    return arguments, saved


def _section(panel: Any, kind: type) -> Any:
    return next(section for section in panel.sections if isinstance(section, kind))
