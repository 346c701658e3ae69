"""The module in a small host, over a fresh scene, for each test of the panel."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "mrml")]


@pytest.fixture
def host(scene):
    """The application around the module; skips where PySide6 is not installed."""
    pytest.importorskip("PySide6", reason="PySide6 is not installed")
    import host as host_module

    application = host_module.Host(scene)
    yield application
    application.close()


specification = importlib.util.spec_from_file_location("mrml_fixtures", HERE.parent / "mrml" / "conftest.py")
mrml_fixtures = importlib.util.module_from_spec(specification)
specification.loader.exec_module(mrml_fixtures)
small_ct, small_study, small_result = mrml_fixtures.small_ct, mrml_fixtures.small_study, mrml_fixtures.small_result
database, scene, volume = mrml_fixtures.database, mrml_fixtures.scene, mrml_fixtures.volume
