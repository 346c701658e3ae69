"""What a click on one more lesion costs, and how that grows: part of ``make bench``.

From the click to the new result: the lesion found and taken as a point, the whole reading
analysed again by its incremental analysis, tables and segments in the scene brought up to date. The
application draws its views after that, which is not measured here. Needs slicer-core.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from CACBoneAxisLib.calcium.cache import ImageCache
from CACBoneAxisLib.calcium.protocol import CalciumProtocol
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.phantom import TorsoParameters, make_torso
from CACBoneAxisLib.study import Settings

SCENE = Path(__file__).resolve().parent.parent / "mrml"
# Fewer have no room for so many lesions that do not touch.
SLICES = (150, 300)
LESIONS = (5, 20, 50, 100)
BOUND_MS = 50.0
CLICKS = 5


def plant(image: CTImage, count: int) -> list[np.ndarray]:
    """Put so many lesions of 2 x 3 x 3 voxels all over the heart and return a voxel (z, y, x) of each."""
    region = ImageCache(image).heart()
    if region is None:
        raise SystemExit("the torso has no heart")
    z, y, x = np.nonzero(region.inside)
    voxels = np.stack([z, y * region.step, x * region.step], axis=1)
    # On a grid, so that no two of them touch.
    spaced = voxels[(voxels[:, 0] % 6 == 0) & np.all(voxels[:, 1:] % (6 * region.step) == 0, axis=1)]
    chosen = np.random.default_rng(1).permutation(spaced)[:count]
    for a, b, c in chosen:
        image.hu[a : a + 2, b : b + 3, c : c + 3] = 300
    return list(chosen)


def click_ms(image: CTImage, places: Sequence[np.ndarray], lesions: int) -> float:
    """Return the least processor time of a click in a reading with so many lesions, ms."""
    import bare_scene
    from stub_parameters import StubParameters

    from CACBoneAxisLib.imaging.geometry import swap_ras_lps
    from CACBoneAxisLib.mrml.analyses import Analyses
    from CACBoneAxisLib.mrml.archive import add_volume
    from CACBoneAxisLib.mrml.inputs import ReadingNodes, analyze_nodes
    from CACBoneAxisLib.mrml.scene import show_result
    from CACBoneAxisLib.reading.editing import Editor
    from CACBoneAxisLib.reading.history import History

    scene = bare_scene.new_scene()
    volume = add_volume(image, scene)
    analyses = Analyses()
    parameters = StubParameters(scene, volume)
    editor = Editor(parameters, analyses.of(volume), CalciumProtocol())
    history = History(parameters)

    def act(ras: Any) -> None:
        editor.take(ras, "LAD")
        history.note("taken")
        nodes = ReadingNodes(volume, (parameters.seeds,))
        result = analyze_nodes(nodes, Settings(), analysis=analyses.of(volume))
        show_result(result, nodes, only_changed=True)

    spent = []
    for number, zyx in enumerate(places[: lesions + CLICKS]):
        ras = swap_ras_lps(image.geometry.to_lps(zyx[::-1]))
        if number < lesions - 1:
            editor.take(ras, "LAD")
            continue
        start = process_time()
        act(ras)
        # The first measures everything that is there.
        if number >= lesions:
            spent.append(process_time() - start)
    bare_scene.close_scene(scene)
    return 1000 * min(spent)


def run() -> None:
    """Print the table."""
    if importlib.util.find_spec("slicer") is None:
        sys.stdout.write("\nA click is not measured: slicer-core is not installed (make .venv/installed-test).\n")
        return
    sys.path.insert(0, str(SCENE))
    rows = []
    for slices in SLICES:
        image = make_torso(TorsoParameters(slice_increment_mm=384.0 / slices)).image
        places = plant(image, max(LESIONS) + CLICKS)
        rows.append((slices, [click_ms(image, places, lesions) for lesions in LESIONS]))
        del image
    titles = " | ".join(f"{lesions} lesions" for lesions in LESIONS)
    sys.stdout.write(
        f"\nA click on one more lesion, ms of processor time (bound {BOUND_MS:g} with 50 lesions at 300 slices):\n\n"
    )
    sys.stdout.write(f"| slices | {titles} |\n|---|" + "---|" * len(LESIONS) + "\n")
    for slices, times in rows:
        sys.stdout.write(f"| {slices} | " + " | ".join(f"{ms:.0f}" for ms in times) + " |\n")


if __name__ == "__main__":
    run()
