"""Make Resources/Screenshots/panel.png: the panel with the numbers of the digital torso.

    python Testing/panel/render_panel.py [FILE]

The widget class runs in the host of this folder; the picture shows Qt's own widgets in
place of Slicer's.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent.parent
WIDTH_PIXELS = 560
SETTLING_STEPS = 5


def render(path: Path) -> None:
    """Open the panel on the torso, analyse, and save what it looks like."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.path[:0] = [str(HERE), str(HERE.parent / "mrml"), str(REPOSITORY)]
    import bare_scene
    from host import Host

    from CACBoneAxisLib.mrml.archive import add_study
    from CACBoneAxisLib.phantom import TorsoParameters, make_torso, torso_settings
    from CACBoneAxisLib.study import Settings, StudyInputs, analyze

    scene = bare_scene.new_scene()
    torso = make_torso(TorsoParameters())
    inputs = StudyInputs(
        torso.image, (torso.seeds,), torso.regions, settings=Settings.from_mapping(torso_settings(torso))
    )
    add_study(analyze(inputs), inputs, scene)
    host = Host(scene)
    ui = host.open().ui
    host.widget.panel.session.outputFolder = Path("Documents")
    host.panel_parent.resize(WIDTH_PIXELS, 10)
    host.panel_parent.show()
    ui.applyButton.click()
    host.wait(*host.widget.panel.workspace._deferred)
    # Pictures in it find their size one after another.
    for _ in range(SETTLING_STEPS):
        host.panel_parent.layout().activate()
        host.panel_parent.resize(WIDTH_PIXELS, host.panel_parent.sizeHint().height())
        host.process()
    path.parent.mkdir(parents=True, exist_ok=True)
    if not host.panel_parent.grab().save(str(path)):
        raise SystemExit(f"{path} could not be written")
    host.close()
    bare_scene.close_scene(scene)


if __name__ == "__main__":
    render(Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "Resources" / "Screenshots" / "panel.png")
