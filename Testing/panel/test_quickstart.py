"""The page of the section Quick start."""

from __future__ import annotations

import re

import pytest

slicer = pytest.importorskip("slicer", reason="slicer-core is not installed")
pytest.importorskip("PySide6", reason="PySide6 is not installed")


def test_every_button_that_the_page_names_is_in_the_panel(host):
    ui = host.open().ui
    shown = {w.text for w in vars(ui).values() if w.inherits("QAbstractButton")}
    named = set(re.findall(r"<i>(.*?)</i>", host.widget.ui.quickStartBrowser.html))
    from CACBoneAxisLib.panel.quickstart import quick_start_html

    named |= set(re.findall(r"<i>(.*?)</i>", quick_start_html()))
    assert named
    assert named <= shown


def test_steps_and_keys_are_on_it(host):
    text = host.open().ui.quickStartBrowser.plainText
    for words in ("Reading layout", "Report", "Delete", "Ctrl+Z", "Esc"):
        assert words in text
