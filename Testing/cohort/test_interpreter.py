"""Which Python worker processes run on, in a plain Python and inside an application that embeds one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from types import ModuleType

import pytest

from CACBoneAxisLib.cohort.interpreter import interpreter, search_path
from CACBoneAxisLib.imaging.findings import UnusableInputError

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
NAME = f"python{VERSION}"


def version_of(path: str) -> str:
    words = [path, "-c", "import sys, CACBoneAxisLib; print('%d.%d' % sys.version_info[:2])"]
    return subprocess.check_output(words, env={**os.environ, "PYTHONPATH": search_path()}, text=True).strip()


def test_a_plain_python_runs_workers_on_itself():
    assert interpreter() == sys.executable


@pytest.mark.parametrize("executable", ["", "/opt/Slicer/SlicerApp-real", None])
def test_inside_an_application_a_python_of_its_version_is_found(monkeypatch, executable):
    monkeypatch.setattr(sys, "executable", executable)
    if not shutil.which(NAME):
        pytest.skip("this Python has no name with its version")
    found = interpreter()
    assert found != executable
    assert version_of(found) == VERSION


@pytest.mark.skipif(os.name == "nt", reason="a script stands for the program")
def test_in_slicer_its_own_python_comes_first(monkeypatch, tmp_path):
    own = tmp_path / "bin" / "PythonSlicer"
    own.parent.mkdir()
    own.write_text("#!/bin/sh\n", encoding="utf-8")
    own.chmod(0o755)
    monkeypatch.setitem(sys.modules, "slicer", ModuleType("slicer"))
    monkeypatch.setenv("SLICER_HOME", str(tmp_path))
    assert interpreter() == str(own)


def test_without_any_it_is_said(monkeypatch):
    monkeypatch.setattr(sys, "executable", "")
    monkeypatch.setattr(sys, "exec_prefix", "/nowhere")
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UnusableInputError, match="No Python"):
        interpreter()
