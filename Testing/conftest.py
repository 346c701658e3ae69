"""What every test may ask for."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from fetch_data import data_folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public scans; tests that read them skip where they are not on the machine."""
    folder = data_folder()
    if folder is None:
        pytest.skip("the public scans are not on this machine (make data)")
    return folder


@pytest.fixture(scope="session")
def dicom_writer() -> ModuleType:
    """Testing/imaging/dicom_writer.py: ``write_series(folder, hu, geometry, ...)`` and ``save``."""
    path = Path(__file__).parent / "imaging" / "dicom_writer.py"
    spec = importlib.util.spec_from_file_location("dicom_writer", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
