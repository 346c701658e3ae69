"""Clicks in slice views: where they are, and what is none."""

from __future__ import annotations

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")

from sliceview import SIZE, SliceView  # noqa: E402


@pytest.fixture
def views(host, scene):
    return [SliceView(scene, orientation) for orientation in ("Axial", "Sagittal")]


@pytest.fixture
def clicks(views):
    from CACBoneAxisLib.panel.clicks import Clicks

    return Clicks(lambda: [(view.interactor, view.node) for view in views])


PLACE = (-12.5, 31.0, 87.25)


@pytest.mark.parametrize("number", [0, 1])
def test_a_click_is_told_in_patient_coordinates_from_any_view(clicks, views, number):
    told = []
    clicks.take(told.append)
    views[number].click(PLACE)
    # The middle of 400 pixels of 0.75 mm lies between two of them.
    assert told[0] == pytest.approx(PLACE, abs=0.5)


def test_a_drag_is_no_click_and_a_trembling_hand_is(clicks, views):
    told = []
    clicks.take(told.append)
    views[0].click(PLACE, drag=(30, 0))
    assert told == []
    views[0].click(PLACE, drag=(2, -3))
    assert len(told) == 1


def test_a_fast_second_click_counts_and_does_not_maximise_the_view(clicks, views):
    told, maximised = [], []
    views[0].interactor.AddObserver("LeftButtonDoubleClickEvent", lambda *_: maximised.append(1), 1.0)
    clicks.take(told.append)
    views[0].click(PLACE)
    middle = (SIZE[0] // 2, SIZE[1] // 2)
    views[0].event("LeftButtonDoubleClickEvent", middle)
    views[0].event("LeftButtonReleaseEvent", middle)
    assert (len(told), maximised) == (2, [])


def test_given_back_the_views_are_as_before(clicks, views):
    told = []
    clicks.take(told.append)
    clicks.take(None)
    views[0].click(PLACE)
    assert told == []
    assert not clicks.observed


def test_another_taker_replaces_the_first_and_a_release_alone_is_nothing(clicks, views):
    first, second = [], []
    clicks.take(first.append)
    clicks.take(second.append)
    views[0].event("LeftButtonReleaseEvent", (200, 200))
    views[0].click(PLACE)
    assert (len(first), len(second)) == (0, 1)


def test_without_a_main_window_there_are_no_views(host):
    from CACBoneAxisLib.panel.clicks import slice_views

    assert slice_views() == []
