"""Which artery a place suggests: seen from the descending aorta, or between which chambers."""

from __future__ import annotations

import numpy as np
import pytest

from CACBoneAxisLib.calcium.arterylocation import at_hilum, territory_at, territory_in_groove
from CACBoneAxisLib.phantom.heart import AORTA_LOW, AORTA_RADIUS_MM, CHAMBERS, arteries


@pytest.mark.parametrize(
    ("left", "front", "territory"),
    [(0, 57, "LM"), (30, 80, "LAD"), (40, 30, "LCX"), (-40, 80, "RCA"), (0, 100, "RCA"), (-15, 75, "AA")],
)
def test_places_seen_from_the_descending_aorta(left: float, front: float, territory: str) -> None:
    found, margin = territory_at(left, front)
    assert found == territory
    assert margin > 0


def test_the_hila_lie_farther_back_than_the_grooves() -> None:
    assert at_hilum(-40, 39, "RCA")
    assert not at_hilum(-40, 41, "RCA")
    assert at_hilum(50, 14, "LCX")
    assert not at_hilum(50, 14, "LAD")


def distances(point: np.ndarray) -> dict[str, float]:
    x, y, z = (np.array([v], dtype=np.float32) for v in point)
    found = {name: max(0.0, float(shape.distance(x, y, z)[0])) for name, shape in CHAMBERS.items()}
    axis = AORTA_LOW.point(np.linspace(0, 1, 60))
    found["aorta"] = max(0.0, float(np.linalg.norm(axis - point, axis=1).min()) - AORTA_RADIUS_MM["AA"][0])
    return found


@pytest.mark.parametrize("artery", ["LAD", "LCX", "RCA"])
def test_the_torsos_arteries_run_in_their_grooves(artery: str) -> None:
    # Near its origin an artery has not reached its groove.
    for t in np.linspace(0.2 if artery != "RCA" else 0.0, 1.0, 17):
        assert territory_in_groove(distances(arteries()[artery].point(t)))[0] == artery


def test_beside_the_root_on_the_left_is_the_left_main() -> None:
    for t in (0.0, 0.3, 0.6):
        assert territory_in_groove(distances(arteries()["LM"].point(t)))[0] == "LM"


def test_the_margin_is_by_how_much_the_next_groove_is_farther() -> None:
    found = {"LA": 30.0, "LV": 2.0, "RA": 60.0, "RV": 5.0, "aorta": 50.0}
    assert territory_in_groove(found) == ("LAD", 25.0)
    del found["aorta"]
    assert territory_in_groove(found) == ("LAD", 25.0)
