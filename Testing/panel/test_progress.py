"""Progress that shows itself when there is something to wait for."""

from __future__ import annotations

import pytest

pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")


@pytest.fixture
def ui(host):
    return host.open().ui


def test_nothing_is_shown_for_what_is_over_at_once(ui):
    from CACBoneAxisLib.panel.progress import ProgressBar

    progress = ProgressBar(ui.progressBar, ui.cancelButton)
    progress("Scoring calcium", 0.5)
    assert not ui.progressBar._object.isVisibleTo(ui.applyPanel._object)


def test_after_the_patience_the_bar_says_what_is_done_and_how_much(ui):
    from CACBoneAxisLib.panel.progress import ProgressBar

    progress = ProgressBar(ui.progressBar, ui.cancelButton, patience_seconds=0)
    progress("Scoring calcium", 0.5)
    assert ui.progressBar.value == 50
    assert "Scoring calcium" in ui.progressBar.text
    assert ui.cancelButton._object.isVisibleTo(ui.applyPanel._object)


def test_cancel_is_noticed_at_the_next_step(ui):
    from CACBoneAxisLib.panel.progress import CancelledError, ProgressBar

    progress = ProgressBar(ui.progressBar, ui.cancelButton)
    progress("Scoring calcium", 0.1)
    progress.cancel()
    with pytest.raises(CancelledError):
        progress("Scoring calcium", 0.2)
