"""The changes that the mutation tool makes of a few lines are those that were written down by hand."""

from __future__ import annotations

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("forks", allow_module_level=True)

from mutants import REPOSITORY, TestFile, _Finder, mutants_of, reaching

TestFile.__test__ = False


@pytest.mark.parametrize(
    ("line", "changed"),
    [
        ("if a < b: pass", {"if a <= b: pass", "if a >= b: pass"}),
        ("x = a is not None and b in c", {"x = a is None and b in c", "x = a is not None and b not in c"}
         | {"x = a is not None or b in c"}),
        ("x = not a", {"x = a"}),
        ("x = y[-1]", {"x = y[1]", "x = y[-2]"}),
        ("x = a * 2.0", {"x = a / 2.0", "x = a * 2.5"}),
        ("if done(): pass", {"if (not (done())): pass"}),
        ("write(path)", {"None"}),
        ("def f() -> int | None: return a", {"def f() -> int | None: return None"}),
        ("FLAG = True", {"FLAG = False"}),
        # Texts, names of types and what a refusal says are left alone.
        ('x: Literal[1, 2] = f"{a + 1}"', set()),
        ('raise ValueError(f"{a + 1} is too much")', set()),
    ],
)  # fmt: skip
def test_a_line_is_changed_in_these_ways(line: str, changed: set[str]) -> None:
    found = _Finder("a.py", line + "\n").found
    assert {line[: m.start] + m.new + line[m.end :] for m in found} == changed
    assert {m.line for m in found} <= {1}


def test_a_change_is_tried_on_what_reaches_its_line_its_own_file_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    path = "CACBoneAxisLib/bone/walls.py"
    inside = next(m for m in mutants_of(path) if "along_x" in m.text)
    constant = next(m for m in mutants_of(path) if m.text.startswith("STEP_MM"))
    slow = TestFile("Testing/bone/test_walls.py", 9.0, {path: {inside.line}})
    quick = TestFile("Testing/bone/test_locate.py", 1.0, {path: {inside.line}})
    elsewhere = TestFile("Testing/bone/test_qa.py", 1.0, {path: {inside.line + 200}})
    other = TestFile("Testing/bone/test_foci.py", 1.0, {})
    files = [other, elsewhere, quick, slow]
    assert reaching(inside, files) == [slow.name, quick.name]
    assert set(reaching(constant, files)) == {slow.name, quick.name, elsewhere.name}
