"""Make Resources/Screenshots/slicer.png in the application itself: a scan read in the panel as a reader would.

    Slicer --no-splash --additional-module-paths CACBoneAxis --python-script Testing/panel/picture_in_slicer.py \
        ct.nrrd Testing/data/chest Resources/Screenshots/slicer.png
"""

import json
import pathlib
import sys
import time
import traceback

import numpy as np
import slicer

WINDOW_PIXELS = (1600, 1000)
FIELD_OF_VIEW_MM = 210.0
ARTERIES = ("LM", "LAD", "LCX", "RCA")
LEVELS = ("T12", "L1")
LPS = np.array([-1.0, -1.0, 1.0])
# The sagittal view shows the regions in its lower part and the heart above.
ABOVE_MM = 40.0
SECONDS_TO_SETTLE = 2.0


def picture(ct, decisions, path):
    """Read a scan by the clicks in a folder of decisions, look at a lesion, and save the main window."""
    window = slicer.util.mainWindow()
    window.resize(*WINDOW_PIXELS)
    slicer.util.loadVolume(ct)
    slicer.util.selectModule("CACBoneAxis")
    settle()
    widget = slicer.modules.CACBoneAxisWidget
    panel, ui = widget.panel, widget.ui
    sections = {type(section).__name__: section for section in panel.sections}
    regions = sections["RegionsSection"]
    for level in LEVELS:
        box = json.loads((pathlib.Path(decisions) / f"{level}.mrk.json").read_text(encoding="utf-8"))["markups"][0]
        regions.onLevel(level)
        regions.onClick(tuple(np.asarray(box["center"]) * LPS))
    seeds = json.loads((pathlib.Path(decisions) / "seeds.mrk.json").read_text(encoding="utf-8"))
    for point in seeds["markups"][0]["controlPoints"]:
        artery, said = point["label"].split("-")[0], json.loads(point["description"] or "{}")
        if artery in ARTERIES and "decision" not in said:
            getattr(ui, f"territory{artery}Button").click()
            panel.session.cutTool = "cut_radius_mm" in said
            panel.session.cutRadius = said.get("cut_radius_mm", panel.session.cutRadius)
            sections["LesionTools"].onClick(tuple(np.asarray(point["position"]) * LPS))
    panel.session.cutTool = False
    for name in ("quickStartSection", "scanSection"):
        getattr(ui, name).collapsed = True
    panel.parameters.seeds.GetDisplayNode().SetPointLabelsVisibility(False)
    settle()
    lesions = panel.reading.result_mapping()["calcium"]["lesions"]
    largest = max(range(len(lesions)), key=lambda n: (lesions[n]["territory"] == "LAD", lesions[n]["agatston"] or 0))
    ui.lesionTable.selectRow(largest)
    red = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode()
    width, height, depth = red.GetFieldOfView()
    red.SetFieldOfView(FIELD_OF_VIEW_MM, FIELD_OF_VIEW_MM * height / width, depth)
    yellow = slicer.app.layoutManager().sliceWidget("Yellow").mrmlSliceNode()
    right, anterior, superior = panel.parameters.regions[0].GetCenter()
    yellow.JumpSliceByCentering(right, anterior + ABOVE_MM, superior + ABOVE_MM)
    settle()
    return 0 if window.grab().save(path) else 1


def settle():
    """Let what follows a moment later happen: candidates, tables, the views' size."""
    end = time.time() + SECONDS_TO_SETTLE
    while time.time() < end:
        slicer.app.processEvents()
    slicer.util.forceRenderAllViews()
    slicer.app.processEvents()


if __name__ == "__main__":
    code = 1
    try:
        code = picture(*sys.argv[1:])
    except Exception:
        traceback.print_exc()
    finally:
        slicer.util.exit(code)
