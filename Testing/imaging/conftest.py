"""A small scan that the tests of reading store in every way."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from CACBoneAxisLib.imaging.geometry import ImageGeometry


@pytest.fixture
def small_hu() -> np.ndarray:
    """8 slices of 10 rows and 12 columns, from air to cortex, no two alike."""
    return np.random.default_rng(7).integers(-1024, 1300, (8, 10, 12)).astype(np.int16)


@pytest.fixture
def small_geometry() -> ImageGeometry:
    return ImageGeometry((8, 10, 12), (0.6269531, 0.71, 2.5), (-40.25, -101.5, 33.75))


@pytest.fixture
def write(tmp_path, dicom_writer, small_hu, small_geometry):
    """Return a function that writes the small scan, changed as asked, and returns its folder."""

    def write_into(name="study", hu=small_hu, **changes):
        dicom_writer.write_series(tmp_path / name, hu, small_geometry, **changes)
        return tmp_path / name

    return write_into


@pytest.fixture(scope="session")
def dicom_variants() -> ModuleType:
    """Testing/imaging/dicom_variants.py: transfer syntaxes, enhanced CT, directories."""
    path = Path(__file__).parent / "dicom_variants.py"
    spec = importlib.util.spec_from_file_location("dicom_variants", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
