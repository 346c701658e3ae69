"""Read the digital torso through the reading room alone, and compare it with the command line.

    python Testing/reading/read_torso.py FOLDER

Prints JSON: what differs from the command line, and which modules of Qt were imported.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "mrml"), str(HERE.parents[1])]

LPS = np.array([-1.0, -1.0, 1.0])


def read(folder: Path) -> list[str]:
    """Read the torso by clicks, undo and redo, approve and save; return what differs from the command line."""
    import bare_scene
    from reader_host import ReaderHost

    from CACBoneAxisLib.calcium.seeds import seeds_from
    from CACBoneAxisLib.cli import main
    from CACBoneAxisLib.imaging.acquisition import Acquisition
    from CACBoneAxisLib.imaging.markups import write_markups
    from CACBoneAxisLib.mrml.archive import add_volume
    from CACBoneAxisLib.mrml.markups import box_from_node, points_from_node
    from CACBoneAxisLib.mrml.selftest import PIXEL_MM, differences_of
    from CACBoneAxisLib.mrml.trail import trail
    from CACBoneAxisLib.phantom import TorsoParameters, make_torso, write_torso
    from CACBoneAxisLib.reading.saving import save_report

    torso = make_torso(TorsoParameters(spacing_mm=PIXEL_MM))
    files = write_torso(torso, folder / "torso")
    scene = bare_scene.new_scene()
    host = ReaderHost(scene)
    workspace = host.workspace
    workspace.start()
    # As from a file that says nothing of scan and patient; the reader says it.
    workspace.session.volume = add_volume(replace(torso.image, acquisition=Acquisition()), scene)
    reading = workspace.reading
    parameters = reading.parameters
    parameters.kvp, parameters.ageYears = 120, 66
    parameters.contrast, parameters.sex = type(parameters.contrast)["NO"], type(parameters.sex)["FEMALE"]
    for seed in seeds_from([torso.seeds]):
        parameters.territory = seed.territory
        outcome = reading.lesions.click(tuple(np.asarray(seed.position_mm) * LPS))
        assert outcome.done, outcome.sentence
    before = reading.result_mapping()["calcium"]["lesions"]
    assert reading.lesions.exclude("stent").done
    assert reading.lesions.chosen_entry()["status"] == "excluded"
    assert reading.undo().sentence.startswith("Undone")
    assert reading.result_mapping()["calcium"]["lesions"] == before
    for box in torso.regions:
        assert reading.regions.place(box.name, tuple(np.asarray(box.center_mm) * LPS)).done
    # One left out, and taken in again.
    reading.regions.exclude(torso.regions[0].name, "fracture")
    assert reading.regions.excluded(torso.regions[0].name) == "fracture"
    reading.regions.exclude(torso.regions[0].name, None)
    host.let_time_pass()
    reading.analyze()
    assert not reading.not_current(), reading.not_current()
    reading.approve("Reader")
    assert "Reader" in reading.locked()
    refused = reading.lesions.remove()
    assert not refused.done
    assert "unlock" in refused.sentence
    assert trail(parameters)[-1]["action"] == "approved by Reader"
    assert host.said == []

    saved = save_report(reading.volume, folder / "reports") / "result.json"
    decided = folder / "decided"
    decided.mkdir()
    write_markups(decided / "seeds.mrk.json", [points_from_node(parameters.seeds)])
    arguments = ["analyze", str(files["ct"]), "--id", reading.result_mapping()["study"]["id"]]
    arguments += ["--seeds", str(decided / "seeds.mrk.json"), "--rois"]
    for node in parameters.regions:
        write_markups(decided / f"{node.GetName()}.mrk.json", [box_from_node(node)])
        arguments.append(str(decided / f"{node.GetName()}.mrk.json"))
    settings = reading.result_mapping()["provenance"]["settings"]
    (decided / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    output = folder / "command"
    assert main([*arguments, "--settings", str(decided / "settings.json"), "--output", str(output)]) == 0
    results = [json.loads(path.read_text(encoding="utf-8")) for path in (saved, output / "result.json")]
    assert results[0]["calcium"]["total"]["agatston"]
    assert len(results[0]["bone"]["vertebrae"]) == len(torso.regions)
    workspace.cleanup()
    bare_scene.close_scene(scene)
    return differences_of(*results)


if __name__ == "__main__":
    found = read(Path(sys.argv[1]))
    qt = [name for name in sys.modules if name.split(".")[0] in ("qt", "ctk", "PySide6", "PyQt5", "shiboken6")]
    print(json.dumps({"differences": found, "qt": qt}))  # noqa: T201
