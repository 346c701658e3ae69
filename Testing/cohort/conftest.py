"""Manifests of small studies whose numbers are known by hand."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from small_batch import study_row, write_manifest
from small_study import write_small_study


@pytest.fixture(scope="session")
def one_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("study")
    write_small_study(folder)
    return folder


@pytest.fixture
def studies(tmp_path: Path, one_study: Path) -> Callable[[int], Path]:
    """Make so many copies of a study and return their manifest."""

    def make(count: int) -> Path:
        names = [f"a{number:02d}" for number in range(count)]
        for name in names:
            shutil.copytree(one_study, tmp_path / "in" / name)
        return write_manifest(tmp_path / "in" / "manifest.csv", [study_row(name) for name in names])

    return make
