"""Make Resources/Screenshots/slicer.png in the application itself, from a scene that the headless run left.

    Slicer --no-splash --additional-module-paths CACBoneAxis --python-script Testing/panel/picture_in_slicer.py \
        scene.mrb Resources/Screenshots/slicer.png
"""

import sys
import traceback

import slicer

WINDOW_PIXELS = (1600, 1000)
FIELD_OF_VIEW_MM = 190.0


def picture(scene_file, path):
    """Open the scene in the panel, look at the largest lesion, and save the main window."""
    window = slicer.util.mainWindow()
    window.resize(*WINDOW_PIXELS)
    slicer.util.loadScene(scene_file)
    slicer.util.selectModule("CACBoneAxis")
    widget = slicer.modules.CACBoneAxisWidget
    for name in ("Welcome", "scanSection"):
        section = getattr(widget.ui, name, None)
        if section is not None:
            section.collapsed = True
    for seeds in slicer.util.getNodesByClass("vtkMRMLMarkupsFiducialNode"):
        seeds.GetDisplayNode().SetPointLabelsVisibility(False)
        seeds.GetDisplayNode().SetGlyphScale(1.0)
    lesions = widget.panel.result_mapping()["calcium"]["lesions"]
    largest = max(range(len(lesions)), key=lambda n: (lesions[n]["territory"] == "LAD", lesions[n]["agatston"] or 0))
    widget.ui.lesionTable.selectRow(largest)
    red = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode()
    width, height, depth = red.GetFieldOfView()
    red.SetFieldOfView(FIELD_OF_VIEW_MM, FIELD_OF_VIEW_MM * height / width, depth)
    red.JumpSliceByCentering(*lesions[largest]["seed_ras_mm"])
    slicer.app.processEvents()
    slicer.util.forceRenderAllViews()
    slicer.app.processEvents()
    return 0 if window.grab().save(path) else 1


if __name__ == "__main__":
    code = 1
    try:
        code = picture(*sys.argv[1:])
    except Exception:
        traceback.print_exc()
    finally:
        slicer.util.exit(code)
