"""What Slicer's extension index asks of an extension, as far as a machine can check it."""

from __future__ import annotations

import ast
import re
import struct
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent
MODULE = REPOSITORY / "CACBoneAxis"
LIBRARY = REPOSITORY / "CACBoneAxisLib"
MODULE_FILE = MODULE / "CACBoneAxis.py"
CMAKE = (REPOSITORY / "CMakeLists.txt").read_text(encoding="utf-8")
HOMEPAGE = "https://github.com/cacboneaxis/SlicerCACBoneAxis"
RAW = "https://raw.githubusercontent.com/cacboneaxis/SlicerCACBoneAxis/main/"
MEGABYTE = 1024 * 1024

# Bundled with Slicer 5.10 and later, so allowed at file scope.
BUNDLED = {"slicer", "vtk", "qt", "ctk", "SimpleITK", "numpy", "scipy", "pydicom", "PIL"}
CATEGORIES = {"Quantification", "Cardiac", "Segmentation", "Informatics"}


def tracked() -> list[Path]:
    """The files that a clone has."""
    try:
        names = subprocess.run(
            ["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, check=True, text=True
        ).stdout.split("\0")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is not a git checkout")
    return [REPOSITORY / name for name in names if name and (REPOSITORY / name).is_file()]


def metadata(name: str) -> str:
    (value,) = re.findall(rf'^set\(EXTENSION_{name} "(.*)"\)$', CMAKE, re.MULTILINE)
    return value


def listed(cmake: Path, variable: str) -> list[str]:
    """The names in a list of a CMake file."""
    (block,) = re.findall(rf"set\({variable}\n(.*?)\)", cmake.read_text(encoding="utf-8"), re.DOTALL)
    return [line.strip().replace("${MODULE_NAME}", "CACBoneAxis") for line in block.splitlines() if line.strip()]


def imported_at_file_scope(path: Path) -> set[str]:
    """Top-level names of the modules that a file imports when it is imported."""
    names = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


PYTHON_FILES = [MODULE_FILE, *sorted(MODULE.glob("Scripts/*.py")), *sorted(LIBRARY.rglob("*.py"))]


# Metadata


def test_the_project_is_called_as_the_module_and_the_extension():
    assert re.search(r"^project\(CACBoneAxis\)$", CMAKE, re.MULTILINE)
    assert MODULE_FILE.is_file()


def test_the_metadata_is_complete():
    assert metadata("HOMEPAGE") == HOMEPAGE
    assert metadata("CATEGORY") in CATEGORIES
    assert metadata("CONTRIBUTORS")
    assert metadata("DEPENDS") == "NA"
    assert len(metadata("DESCRIPTION")) > 100
    assert not re.search(r"example|placeholder|todo|john doe", CMAKE, re.IGNORECASE)


@pytest.mark.parametrize("name", ["ICONURL", "SCREENSHOTURLS"])
def test_pictures_are_those_of_this_repository(name):
    for address in metadata(name).split():
        assert address.startswith(RAW)
        assert (REPOSITORY / address.removeprefix(RAW)).is_file()


@pytest.mark.parametrize("path", ["Resources/CACBoneAxis.png", "CACBoneAxis/Resources/Icons/CACBoneAxis.png"])
def test_the_icon_is_128_pixels_square(path):
    content = (REPOSITORY / path).read_bytes()
    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">II", content[16:24]) == (128, 128)


def test_the_sample_datas_thumbnail_has_the_size_that_slicer_shows():
    content = (MODULE / "Resources" / "Icons" / "CACBoneAxisChestCT.png").read_bytes()
    assert struct.unpack(">II", content[16:24]) == (260, 280)


def test_sample_data_is_named_by_address_and_checksum():
    text = MODULE_FILE.read_text(encoding="utf-8")
    assert re.search(r'uris="https://', text)
    assert re.search(r'checksums="SHA256:[0-9a-f]{64}"', text)


def test_the_licence_is_there_and_named_in_the_readme():
    assert "MIT License" in (REPOSITORY / "LICENSE").read_text(encoding="utf-8")
    readme = REPOSITORY / "README.md"
    if not readme.is_file():
        pytest.skip("there is no README yet")
    assert "MIT" in readme.read_text(encoding="utf-8")


def test_the_readme_has_what_the_checklist_asks():
    readme = REPOSITORY / "README.md"
    if not readme.is_file():
        pytest.skip("there is no README yet")
    text = readme.read_text(encoding="utf-8")
    for wanted in (r"!\[", "Sample Data", "[Cc]ite", "[Rr]esearch use"):
        assert re.search(wanted, text), wanted


# What is packaged


@pytest.mark.parametrize(
    ("cmake", "variable", "root", "pattern"),
    [
        (MODULE / "CMakeLists.txt", "MODULE_PYTHON_SCRIPTS", MODULE, "*.py"),
        (LIBRARY / "CMakeLists.txt", "LIBRARY_PYTHON_SCRIPTS", LIBRARY, "**/*.py"),
    ],
)
def test_every_script_is_packaged_and_every_packaged_script_is_there(cmake, variable, root, pattern):
    on_disk = sorted(path.relative_to(root).as_posix() for path in root.glob(pattern))
    assert sorted(listed(cmake, variable)) == on_disk


def test_every_resource_is_packaged_and_every_packaged_resource_is_there():
    module = [*MODULE.glob("Resources/**/*"), *MODULE.glob("Scripts/*.py")]
    expected = sorted(path.relative_to(MODULE).as_posix() for path in module if path.is_file())
    assert sorted(listed(MODULE / "CMakeLists.txt", "MODULE_PYTHON_RESOURCES")) == expected
    data = sorted(f"data/{path.name}" for path in (LIBRARY / "data").iterdir() if path.suffix not in (".py", ""))
    assert sorted(listed(LIBRARY / "CMakeLists.txt", "LIBRARY_PYTHON_RESOURCES")) == data


def test_slicer_finds_one_module_in_the_module_folder():
    """Each Python file in a module folder is taken for a module; a second one would be a broken one."""
    assert [path.name for path in MODULE.glob("*.py")] == ["CACBoneAxis.py"]


def test_python_packages_ship_the_tables_too():
    text = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    assert 'CACBoneAxisLib = ["data/*.json"]' in text
    assert {path.suffix for path in (LIBRARY / "data").iterdir() if path.is_file()} == {".json", ".py"}


# What happens at import


@pytest.mark.parametrize("path", PYTHON_FILES, ids=lambda p: p.relative_to(REPOSITORY).as_posix())
def test_nothing_but_what_slicer_bundles_is_imported_at_file_scope(path):
    others = imported_at_file_scope(path) - BUNDLED - set(sys.stdlib_module_names) - {"CACBoneAxisLib", ""}
    assert others == set()


@pytest.mark.parametrize("path", PYTHON_FILES, ids=lambda p: p.relative_to(REPOSITORY).as_posix())
def test_nothing_is_executed_at_import(path):
    """Only definitions, names for values, and the entry point of a script."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.If):
            condition = ast.unparse(node.test)
            assert condition in ("TYPE_CHECKING", "__name__ == '__main__'"), condition
        elif isinstance(node, ast.Expr):
            # Without a handler of its own, a library's warnings go to the terminal.
            silent = "logging.getLogger(__name__).addHandler(logging.NullHandler())"
            assert isinstance(node.value, ast.Constant) or ast.unparse(node) == silent
        else:
            kinds = (
                ast.Import,
                ast.ImportFrom,
                ast.FunctionDef,
                ast.ClassDef,
                ast.Assign,
                ast.AnnAssign,
                ast.AugAssign,
            )
            assert isinstance(node, kinds), ast.unparse(node)


def test_the_module_file_keeps_to_its_job():
    assert len(MODULE_FILE.read_text(encoding="utf-8").splitlines()) <= 300


def test_nothing_is_sent_anywhere():
    forbidden = {"requests", "urllib", "http", "socket", "ftplib", "smtplib"}
    for path in PYTHON_FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert not {alias.name.split(".")[0] for alias in node.names} & forbidden, path
            elif isinstance(node, ast.ImportFrom):
                assert (node.module or "").split(".")[0] not in forbidden, path


# The repository


def test_the_repository_is_small():
    assert sum(path.stat().st_size for path in tracked()) < 100 * MEGABYTE


def test_lines_end_as_on_unix():
    binary = {".png", ".gz", ".nrrd", ".dcm"}
    wrong = [path for path in tracked() if path.suffix not in binary and b"\r\n" in path.read_bytes()]
    assert wrong == []
