"""Change the code in one place at a time, run the tests that reach it, and list the changes that no test notices.

    python Testing/mutants.py                                  200 changes over calcium, bone and study
    python Testing/mutants.py --count 500 --seed 2 --rooms bone
    python Testing/mutants.py --at CACBoneAxisLib/bone/walls.py:84

A change (a mutant) turns around one comparison, operator, condition or constant, or leaves
out one call. First every test file of the room and of the study is run once, to see which
lines it reaches; a change is then tried on the files that reach its line, its own file first,
until a test fails. Every worker has a copy of the tree, so that work on the code can go on.
Linux and macOS.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import monotonic

REPOSITORY = Path(__file__).resolve().parent.parent
LIBRARY = "CACBoneAxisLib"
ROOMS = ("calcium", "bone", "study")
# A change can make a loop endless; no test file takes a tenth of this on a quiet machine.
LIMIT_SECONDS = 900

COMPARISONS = {
    ast.Lt: ("<=", ">="),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<="),
    ast.GtE: (">", "<"),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
}
SYMBOLS = {ast.Add: "-", ast.Sub: "+", ast.Mult: "/", ast.Div: "*", ast.FloorDiv: "/", ast.BitAnd: "|", ast.BitOr: "&"}


@dataclass(frozen=True)
class Mutant:
    """One change: the bytes from ``start`` to ``end`` of a file become ``new``; its line, before and after."""

    path: str
    line: int
    start: int
    end: int
    new: str
    text: str
    changed: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}  ->  {self.changed}"


class _Finder:
    """Walks a syntax tree and collects the changes of its source."""

    def __init__(self, path: str, source: str) -> None:
        self.path, self.source = path, source.encode()
        self.offsets = [0]
        for line in self.source.splitlines(keepends=True):
            self.offsets.append(self.offsets[-1] + len(line))
        self.found: list[Mutant] = []
        self._walk(ast.parse(source))

    def _span(self, node: ast.AST) -> tuple[int, int]:
        return self.offsets[node.lineno - 1] + node.col_offset, self.offsets[node.end_lineno - 1] + node.end_col_offset

    def _change(self, line: int, start: int, end: int, new: str) -> None:
        low = self.source.rfind(b"\n", 0, start) + 1
        high = self.source.find(b"\n", end)
        before, after = self.source[low:high], self.source[low:start] + new.encode() + self.source[end:high]
        words = [" ".join(text.decode().split()) for text in (before, after)]
        self.found.append(Mutant(self.path, line, start, end, new, *words))

    def _between(self, left: ast.AST, right: ast.AST, pattern: str, new: str) -> None:
        """Replace the operator that stands between two operands."""
        low, high = self._span(left)[1], self._span(right)[0]
        match = re.search(pattern.encode(), self.source[low:high])
        if match and b"#" not in self.source[low:high]:
            line = self.source.count(b"\n", 0, low + match.start()) + 1
            self._change(line, low + match.start(), low + match.end(), new)

    def _walk(self, node: ast.AST) -> None:
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_params"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    self._visit(child)
                    self._walk_into(child)

    def _walk_into(self, node: ast.AST) -> None:
        # Texts, messages and names of types say nothing that is computed.
        if isinstance(node, (ast.JoinedStr, ast.Raise, ast.Import, ast.ImportFrom)):
            return
        if (
            isinstance(node, ast.Subscript)
            and isinstance(node.value, ast.Name)
            and node.value.id in ("Literal", "cast")
        ):
            return
        self._walk(node)

    def _visit(self, node: ast.AST) -> None:
        match node:
            case ast.Compare():
                operands = [node.left, *node.comparators]
                for operator, left, right in zip(node.ops, operands, operands[1:], strict=False):
                    for new in COMPARISONS[type(operator)]:
                        self._between(left, right, r"not\s+in|is\s+not|in|is|[<>=!]=|[<>]", new)
            case ast.BoolOp():
                word, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
                for left, right in zip(node.values, node.values[1:], strict=False):
                    self._between(left, right, rf"\b{word}\b", new)
            case ast.BinOp() if type(node.op) in SYMBOLS and not isinstance(node.left, ast.Constant | ast.JoinedStr):
                self._between(node.left, node.right, r"//|[-+*/&|]", SYMBOLS[type(node.op)])
            case ast.UnaryOp(op=ast.Not() | ast.USub()):
                self._change(node.lineno, *self._span(node), self._text(node.operand))
            case ast.If() | ast.IfExp() | ast.While() if not isinstance(
                node.test, ast.Compare | ast.BoolOp | ast.UnaryOp
            ):
                self._change(node.test.lineno, *self._span(node.test), f"(not ({self._text(node.test)}))")
            case ast.Expr(value=ast.Call()):
                self._change(node.lineno, *self._span(node), "None")
            case ast.Return() if node.value is not None and not isinstance(node.value, ast.Constant):
                self._change(node.lineno, *self._span(node.value), "None")
            case ast.Constant(value=bool()):
                self._change(node.lineno, *self._span(node), str(not node.value))
            case ast.Constant(value=int()):
                self._change(node.lineno, *self._span(node), str(node.value + 1))
            case ast.Constant(value=float()):
                self._change(node.lineno, *self._span(node), repr(node.value * 1.25 if node.value else 1.0))

    def _text(self, node: ast.AST) -> str:
        low, high = self._span(node)
        return self.source[low:high].decode()


def mutants_of(path: str) -> list[Mutant]:
    """Return every change of a file, named from the tree's folder."""
    return _Finder(path, Path(path).read_text(encoding="utf-8")).found


@dataclass
class TestFile:
    """A file of tests: what it takes, and the lines of the library that it runs inside functions, by file."""

    name: str
    seconds: float
    lines: dict[str, set[int]]


def measured(names: list[str], jobs: int, folder: Path) -> list[TestFile]:
    """Run each file of tests once, and note which lines of the library it runs."""

    def run(number: int, tree: Path) -> int:
        from coverage import Coverage

        tracer = Coverage(data_file=None, source=[str(tree / LIBRARY)], config_file=False)
        since = monotonic()
        tracer.start()
        code = _pytest([names[number]])
        tracer.stop()
        seconds, lines = monotonic() - since, {}
        data = tracer.get_data()
        for file in data.measured_files():
            path = Path(file).relative_to(tree).as_posix()
            lines[path] = sorted(set(data.lines(file) or ()) & _inside_functions(path))
        (folder / f"{number}.json").write_text(json.dumps([seconds, lines]), encoding="utf-8")
        return code

    for number, code, _ in _forked(len(names), run, jobs, folder):
        if code:
            raise SystemExit(f"{names[number]} fails on the code as it is")
    found = []
    for number, name in enumerate(names):
        seconds, lines = json.loads((folder / f"{number}.json").read_text(encoding="utf-8"))
        found.append(TestFile(name, seconds, {path: set(numbers) for path, numbers in lines.items()}))
    return found


@cache
def _inside_functions(path: str) -> frozenset[int]:
    """Return the lines of a file that are run when something is called, not when it is imported."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    bodies = [n.body for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return frozenset(line for body in bodies for line in range(body[0].lineno, body[-1].end_lineno + 1))


def reaching(mutant: Mutant, files: list[TestFile]) -> list[str]:
    """Return the test files that run a mutant's line, its own file first, then the quickest.

    A constant of a module is tested by whatever runs a function of that module.
    """
    room, stem = Path(mutant.path).parent.name, Path(mutant.path).stem
    inside = mutant.line in _inside_functions(mutant.path)
    chosen = [f for f in files if (mutant.line in f.lines.get(mutant.path, ()) if inside else f.lines.get(mutant.path))]
    own = f"Testing/{room}/test_{stem}.py"
    return [f.name for f in sorted(chosen, key=lambda f: (f.name != own, f.seconds))]


def _copy(folder: Path) -> Path:
    """Copy the tree that this process works in to a folder of its own, with the real scans beside it."""
    tree = folder / "project"
    if not tree.exists():
        left_out = shutil.ignore_patterns(
            ".git", ".venv", ".test-data", "__pycache__", ".*_cache", ".hypothesis", "demo", "build"
        )
        shutil.copytree(Path.cwd(), tree, ignore=left_out, symlinks=True)
        shared = Path.cwd().parent / "shared"
        if shared.is_dir():
            (folder / "shared").symlink_to(shared.resolve(), target_is_directory=True)
    return tree


def _pytest(names: list[str]) -> int:
    import pytest

    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *names]))


def _forked(
    count: int, work: Callable[[int, Path], int], jobs: int, folder: Path
) -> Iterator[tuple[int, int | None, float]]:
    """Run work of numbers in forked processes, each in a copy of the tree; yield number, exit code and seconds.

    The exit code is None where the work took too long.
    """
    for module in ("numpy", "scipy.ndimage", "SimpleITK", "pydicom", "pytest", "hypothesis", "coverage"):
        importlib.import_module(module)
    free = [_copy(folder / f"tree-{number}") for number in range(jobs)]
    running: dict[int, tuple[int, Path, float]] = {}
    waiting = list(reversed(range(count)))
    while waiting or running:
        while waiting and free:
            number, tree = waiting.pop(), free.pop()
            child = os.fork()
            if child == 0:
                code = 2
                try:
                    _enter(tree)
                    code = work(number, tree)
                finally:
                    os._exit(code)
            running[child] = (number, tree, monotonic())
        child, status = os.wait()
        number, tree, since = running.pop(child)
        free.append(tree)
        yield number, None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status), monotonic() - since


def _enter(tree: Path) -> None:
    """Make a forked process work in a copy of the tree, silently and not for ever."""
    signal.alarm(LIMIT_SECONDS)
    os.chdir(tree)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    os.environ["PYTHONPATH"] = str(tree)
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(tree.parent / "hypothesis")
    sys.path.insert(0, str(tree))
    sys.dont_write_bytecode = True


def tried(chosen: list[Mutant], files: list[TestFile], jobs: int, folder: Path) -> Iterator[tuple[Mutant, str, float]]:
    """Run every change; yield it with "survived", "untested", "killed" or "endless" and the seconds it took."""
    tests = [reaching(mutant, files) for mutant in chosen]

    def run(number: int, tree: Path) -> int:
        mutant = chosen[number]
        path, kept = tree / mutant.path, tree.parent / "unchanged" / mutant.path
        # What the worker before changed here, who may have been stopped by its time limit.
        for left in list((tree.parent / "unchanged").rglob("*.py")):
            left.replace(tree / left.relative_to(tree.parent / "unchanged"))
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, kept)
        source = path.read_bytes()
        path.write_bytes(source[: mutant.start] + mutant.new.encode() + source[mutant.end :])
        return next((1 for name in tests[number] if _pytest([name]) not in (0, 5)), 0)

    run_at_all = [number for number, names in enumerate(tests) if names]
    for number, names in enumerate(tests):
        if not names:
            yield chosen[number], "untested", 0.0
    for position, code, seconds in _forked(len(run_at_all), lambda n, tree: run(run_at_all[n], tree), jobs, folder):
        yield chosen[run_at_all[position]], {None: "endless", 0: "survived"}.get(code, "killed"), seconds


def main() -> int:
    """Run what the command line asks for; return 0 when no change survived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=200, help="number of changes [200]")
    parser.add_argument("--seed", type=int, default=1, help="seed of the choice [1]")
    parser.add_argument("--rooms", nargs="+", default=ROOMS, help="rooms of the library [calcium bone study]")
    parser.add_argument("--at", nargs="+", default=(), metavar="FILE:LINE", help="all changes of these lines instead")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="workers [one for each core]")
    parser.add_argument("--list", action="store_true", help="print the changes and run nothing")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        os.chdir(REPOSITORY)
        # What is changed meanwhile does not matter.
        os.chdir(_copy(Path(name) / "as it is"))
        chosen = _chosen(options)
        if options.list:
            sys.stdout.write("".join(f"{m}\n" for m in chosen))
            return 0
        counts: Counter[str] = Counter()
        rooms = {Path(m.path).relative_to(LIBRARY).parts[0] for m in chosen}
        files = measured(_tests_of(rooms | {"study"}), options.jobs, Path(name))
        for mutant, word, seconds in tried(chosen, files, options.jobs, Path(name)):
            counts[word] += 1
            sys.stdout.write(f"{word:8} {seconds:5.0f} s  {mutant}\n")
            sys.stdout.flush()
        os.chdir(REPOSITORY)
    sys.stdout.write(", ".join(f"{number} {word}" for word, number in counts.items()) + "\n")
    return 1 if counts["survived"] or counts["untested"] else 0


def _chosen(options: argparse.Namespace) -> list[Mutant]:
    if options.at:
        places = [place.rpartition(":") for place in options.at]
        return [m for path, _, line in places for m in mutants_of(path) if m.line == int(line)]
    files = [path for room in options.rooms for path in sorted(Path(LIBRARY, room).rglob("*.py"))]
    every = [m for path in files for m in mutants_of(path.as_posix())]
    chosen = random.Random(options.seed).sample(every, min(options.count, len(every)))  # noqa: S311
    sys.stdout.write(f"{len(chosen)} of {len(every)} changes\n")
    return chosen


def _tests_of(rooms: set[str]) -> list[str]:
    """Return the test files of some rooms."""
    return sorted(path.as_posix() for room in rooms for path in Path("Testing", room).rglob("test_*.py"))


if __name__ == "__main__":
    sys.exit(main())
