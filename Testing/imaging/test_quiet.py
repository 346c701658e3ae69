from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from CACBoneAxisLib.imaging.quiet import quiet_libraries


def test_only_what_is_written_inside_is_lost(capfd):
    os.write(2, b"before ")
    with quiet_libraries():
        os.write(2, b"inside ")
        with quiet_libraries():
            os.write(2, b"deeper ")
        os.write(2, b"inside ")
    os.write(2, b"after")
    assert capfd.readouterr().err == "before after"


def test_it_ends_with_an_exception_and_with_threads(capfd):
    def task(_):
        with pytest.raises(ValueError, match="x"), quiet_libraries():
            os.write(2, b"inside")
            raise ValueError("x")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(task, range(200)))
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"


def test_what_itk_warns_of_is_kept():
    with quiet_libraries() as heard:
        os.write(2, b"WARNING: In /x/itkNiftiImageIO.cxx, line 20\nNiftiImageIO (0x55): odd scales\n\nnoise\n")
    assert heard.warnings == ("odd scales",)
