"""The reading of the chest scan that docs/two-minutes.md describes: done with clicks and keys, and counted."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")

from CACBoneAxisLib.imaging.load import read_ct  # noqa: E402
from CACBoneAxisLib.imaging.markups import PointList, read_markups  # noqa: E402
from CACBoneAxisLib.study import StudyInputs, analyze  # noqa: E402

REPOSITORY = Path(__file__).resolve().parents[2]
DECISIONS = REPOSITORY / "Testing" / "data" / "chest"
CORONARY = ("LM", "LAD", "LCX", "RCA")


class Reader:
    """A reader who counts clicks and keys."""

    def __init__(self, host, view, volume) -> None:
        self.host, self.view, self.volume = host, view, volume
        self.ui = host.widget.ui
        self.clicks = self.keys = 0

    def key(self, name: str) -> None:
        import pythonqt

        self.keys += 1
        pythonqt.unwrap(self.host.section("LesionTools").shortcuts._shortcuts[name]).activated.emit()

    def press(self, button) -> None:
        self.clicks += 1
        button.click()

    def type(self, spin_box, value: float) -> None:
        self.clicks += 1
        self.keys += len(f"{value:g}")
        spin_box.value = value

    def click(self, ras) -> None:
        """Scroll there, which is no click, and click."""
        self.clicks += 1
        self.view.look_at(self.volume, ras, 200)
        self.view.click(ras)
        self.host.process()


def coronary_points():
    (seeds,) = read_markups(DECISIONS / "seeds.mrk.json")
    return [
        point for point in seeds.points if point.label.split("-")[0] in CORONARY and "excluded" not in point.description
    ]


def test_the_chest_scan_is_read_in_the_clicks_that_the_page_says(host, scene, shared_data, tmp_path) -> None:
    import offscreen

    from CACBoneAxisLib.mrml.archive import add_volume

    image = read_ct(shared_data / "chest" / "ct.nrrd")
    volume = add_volume(image, scene)
    view = offscreen.OffscreenSliceView(scene)
    host.add_view(view)
    host.open()
    host.widget.panel.session.outputFolder = tmp_path
    reader = Reader(host, view, volume)
    points = coronary_points()
    for number, code in enumerate(CORONARY, start=1):
        reader.key(str(number))
        for point in points:
            if not point.label.startswith(f"{code}-"):
                continue
            radius = json.loads(point.description or "{}").get("cut_radius_mm")
            if radius is not None:
                reader.press(reader.ui.cutButton)
                reader.type(reader.ui.cutRadiusSlider, radius)
            reader.click(np.asarray(point.position_mm) * (-1, -1, 1))
            if radius is not None:
                reader.key("Esc")
    boxes = [box for level in ("T12", "L1") for box in read_markups(DECISIONS / f"{level}.mrk.json")]
    for box in boxes:
        reader.press(getattr(reader.ui, f"level{box.name}Button"))
        reader.click(np.asarray(box.center_mm) * (-1, -1, 1))
    reader.press(reader.ui.saveReportButton)

    assert len(list(tmp_path.rglob("result.json"))) == 1
    shown = host.widget.panel.reading.result_mapping()
    expected = analyze(StudyInputs(image, (PointList("seeds", tuple(points)),))).to_dict()
    assert shown["calcium"]["total"] == expected["calcium"]["total"]
    assert [v["level"] for v in shown["bone"]["vertebrae"] if v["status"] == "measured"] == ["T12", "L1"]
    lesions = len(shown["calcium"]["lesions"])
    assert lesions == 20
    assert reader.clicks <= lesions + len(boxes) + 5

    page = (REPOSITORY / "docs" / "two-minutes.md").read_text(encoding="utf-8")
    assert re.search(r"In all: \*\*(\d+) clicks and (\d+) keys\*\*", page).groups() == (
        str(reader.clicks),
        str(reader.keys),
    )
