"""A fresh Slicer scene for each test of the scene code."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def scene():
    """An empty scene with the application's logics; skips where slicer-core is not installed."""
    pytest.importorskip("slicer", reason="slicer-core is not installed")
    import bare_scene

    scene = bare_scene.new_scene()
    yield scene
    bare_scene.close_scene(scene)
