"""Files and folders appear whole or not at all, whenever the process is stopped."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from stops import stopped_at

from CACBoneAxisLib.study import atomic
from CACBoneAxisLib.study.atomic import TEMPORARY, clean, replacing

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="stops are injected into forked processes")


def write_file(path: Path, text: str) -> None:
    with replacing(path) as unfinished:
        unfinished.write_text(text)


def write_folder(path: Path, text: str) -> None:
    with replacing(path) as unfinished:
        unfinished.mkdir()
        (unfinished / "a.txt").write_text(text)
        (unfinished / "inner").mkdir()
        (unfinished / "inner" / "b.txt").write_text(text)


def content(path: Path) -> object:
    if path.is_dir():
        return {child.name: content(child) for child in path.iterdir()}
    return path.read_text() if path.exists() else None


@needs_fork
@pytest.mark.parametrize("write", [write_file, write_folder])
@pytest.mark.parametrize("before", [None, "old"])
def test_killed_at_any_change_the_old_or_the_new_is_there_and_the_next_write_leaves_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Path, str], None], before: str | None
) -> None:
    monkeypatch.setattr(atomic, "UNLOCKED_S", 0.0)
    stops = 0
    for number in range(1, 100):
        place = tmp_path / str(number)
        place.mkdir()
        target = place / "out"
        if before is not None:
            write(target, before)
        old = content(target)
        was_stopped = stopped_at(number, lambda target=target: write(target, "new"))
        clean(place)
        write(place / "expected", "new")
        new = content(place / "expected")
        assert content(target) in ((old, new) if was_stopped else (new,))
        write(target, "again")
        assert {path.name for path in place.iterdir()} == {"out", "expected"}
        if not was_stopped:
            break
        stops += 1
    assert stops >= 5


def test_an_error_in_the_middle_changes_nothing_and_leaves_no_folder(tmp_path: Path) -> None:
    write_folder(tmp_path / "out", "old")
    for target in (tmp_path / "out", tmp_path / "new" / "deep" / "out"):
        with pytest.raises(OSError, match="full"), replacing(target) as unfinished:
            unfinished.mkdir()
            (unfinished / "half").write_text("half")
            raise OSError(28, "disk full")
    assert content(tmp_path) == {"out": {"a.txt": "old", "inner": {"b.txt": "old"}}}


def test_what_another_process_is_writing_is_left_alone(tmp_path: Path) -> None:
    with replacing(tmp_path / "one") as unfinished:
        unfinished.write_text("one")
        write_file(tmp_path / "two", "two")
        assert unfinished.read_text() == "one"
    assert content(tmp_path) == {"one": "one", "two": "two"}


def test_a_folder_that_nobody_locked_yet_is_not_taken_for_abandoned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = tmp_path / f"{TEMPORARY}fresh"
    fresh.mkdir()
    clean(tmp_path)
    assert fresh.exists()
    monkeypatch.setattr(atomic, "UNLOCKED_S", -1.0)
    clean(tmp_path)
    assert not fresh.exists()


def test_only_our_own_temporary_folders_are_removed(tmp_path: Path) -> None:
    (tmp_path / ".out.abcd").mkdir()
    (tmp_path / ".cacboneaxis-notes").write_text("mine")
    write_file(tmp_path / "out", "new")
    assert content(tmp_path) == {".out.abcd": {}, ".cacboneaxis-notes": "mine", "out": "new"}


def test_a_file_may_take_the_place_of_a_folder_and_a_folder_that_of_a_file(tmp_path: Path) -> None:
    write_folder(tmp_path / "out", "old")
    write_file(tmp_path / "out", "file")
    assert content(tmp_path) == {"out": "file"}
    write_folder(tmp_path / "out", "folder")
    assert content(tmp_path) == {"out": {"a.txt": "folder", "inner": {"b.txt": "folder"}}}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask for files")
def test_modes_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_folder(tmp_path / "out", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "out").stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "out" / "a.txt").stat().st_mode & 0o777 == 0o640
