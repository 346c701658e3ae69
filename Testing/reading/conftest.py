"""A fresh Slicer scene for each test of the reading, with the small scans of the scene's own tests."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

MRML = Path(__file__).resolve().parent.parent / "mrml"
sys.path[:0] = [str(MRML)]

specification = importlib.util.spec_from_file_location("mrml_fixtures", MRML / "conftest.py")
mrml_fixtures = importlib.util.module_from_spec(specification)
specification.loader.exec_module(mrml_fixtures)
scene, database, nodes = mrml_fixtures.scene, mrml_fixtures.database, mrml_fixtures.nodes
small_ct, small_study, small_result = mrml_fixtures.small_ct, mrml_fixtures.small_study, mrml_fixtures.small_result
