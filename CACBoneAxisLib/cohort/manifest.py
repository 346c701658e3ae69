"""The batch manifest: a CSV with one row per study; paths stay inside one root folder."""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from CACBoneAxisLib.cohort.cells import Cells, is_missing, number_of
from CACBoneAxisLib.imaging.filekinds import refuse_other
from CACBoneAxisLib.imaging.findings import UnusableInputError, refusal

MANIFEST_COLUMNS: dict[str, str] = {
    "study_id": "what the study is called in every table; each row has its own; no patient's name or number",
    "image": "the CT: DICOM folder, NRRD or NIfTI file",
    "series": "which CT series of a DICOM folder, where it holds several; `auto` takes the one that suits",
    "seeds": "point lists (`.mrk.json`), several with `;` between them; empty: not read for calcium, no score",
    "regions": "markups ROIs (`.mrk.json`), several with `;` between them",
    "vertebra_points": "point lists (`.mrk.json`) with a point in each vertebra, several with `;` between them",
    "vertebrae": "vertebrae: labelmap, `.seg.nrrd`, DICOM segmentation, folder of masks, or masks with `;` between",
    "heart": "the heart, likewise; for suggestions",
    "second_image": "the same scan at another energy",
    "reading": "structured report (`.dcm`) of an earlier analysis, for what the columns above leave open",
    "settings": "settings of this study, JSON or TOML, over those of `--settings`",
    "patient_id": "pseudonym that studies of one patient share; for follow-up",
    "scan_date": "YYYY-MM-DD; for follow-up",
    "age_years": "patient's age at the scan",
    "sex": "F or M",
    "ethnicity": "as the reference tables name it",
}
SINGLE_COLUMNS = ("image", "second_image", "reading", "settings")
LIST_COLUMNS = ("seeds", "regions", "vertebra_points", "vertebrae", "heart")
PATH_COLUMNS = (*SINGLE_COLUMNS, *LIST_COLUMNS)
PATIENT_COLUMNS = ("age_years", "sex", "ethnicity")
# A column named after a setting sets it for its row.
SETTING_SECTIONS = ("calcium.", "bone.", "patient.", "acquisition.")
SEPARATOR = ";"
DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


@dataclass(frozen=True)
class ManifestRow:
    """One row of the manifest.

    Parameters
    ----------
    line : line number; the header is 1
    study_id : as given; ``line 7`` where there is none
    cells : other non-empty cells, by column
    problem : why the row is unusable, as (code, sentence), or None
    """

    line: int
    study_id: str
    cells: Mapping[str, str] = field(default_factory=dict)
    problem: tuple[str, str] | None = None

    def paths(self, column: str) -> list[str]:
        """Return the paths of a column, as written."""
        text = self.cells.get(column, "")
        parts = text.split(SEPARATOR) if column in LIST_COLUMNS else [text]
        return [part.strip() for part in parts if part.strip()]

    def overrides(self) -> dict[str, Any]:
        """Return the settings given in the row's own cells, nested as in a settings file."""
        nested: dict[str, Any] = {}
        for column, text in self.cells.items():
            name = f"patient.{column}" if column in PATIENT_COLUMNS else column
            if name.startswith(SETTING_SECTIONS):
                place = nested
                *parents, last = name.split(".")
                for parent in parents:
                    place = place.setdefault(parent, {})
                if not is_missing(text, number=True):
                    place[last] = text if last in ("sex", "ethnicity") else _typed(text)
        return nested


def read_manifest(path: str | Path, root: str | Path | None = None) -> list[ManifestRow]:
    """Read a manifest: UTF-8 with or without a BOM, any line ends, commas, semicolons or tabs.

    Parameters
    ----------
    path : of the CSV file
    root : folder that paths must stay inside; the manifest's own by default

    Returns
    -------
    list of ManifestRow
        In file order. An unusable row has a ``problem``; the others are valid.

    Raises
    ------
    UnusableInputError
        When the file as a whole is no manifest: not text, no rows, a column that is
        missing, named twice or not known.
    """
    path = Path(path)
    table = read_csv(path)
    header, lines = list(table.header), table.rows
    _check_header(path.name, header)
    folder = path.resolve().parent
    inside = Path(root).resolve() if root is not None else folder
    rows: list[ManifestRow] = []
    seen: dict[str, int] = {}
    for number, cells in lines:
        row = _row(number, header, cells)
        if row.problem is None:
            row = _checked(row, seen, folder, inside)
        if row.problem is None:
            seen[row.study_id] = number
        rows.append(row)
    if not rows:
        raise refusal("manifest-columns", file=path.name, problem="it has no row below the header")
    return rows


def read_csv(path: Path) -> Cells:
    """Return the cells of a CSV file; empty lines are left out.

    Raises
    ------
    UnusableInputError
        ``file-missing``, ``other-kind``, or ``table-unreadable`` where it is no text in Unicode or has no header.
    """
    if path.exists():
        refuse_other(path, "table")
    try:
        raw = path.read_bytes()
        # Spreadsheets save "Unicode text" in UTF-16.
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except FileNotFoundError:
        raise refusal("file-missing", file=path.name) from None
    except (OSError, UnicodeDecodeError):
        raise refusal("table-unreadable", file=path.name) from None
    first = text.lstrip().split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    stated = re.fullmatch(r"sep=(.)\r?", first.strip(), re.IGNORECASE)
    if stated:
        delimiter = stated[1]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        lines = [
            (reader.line_num, [plain(cell) for cell in cells]) for cells in reader if any(c.strip() for c in cells)
        ]
    except csv.Error:
        raise refusal("table-unreadable", file=path.name) from None
    lines = lines[1:] if stated else lines
    if not lines or "\0" in text:
        raise refusal("table-unreadable", file=path.name)
    return Cells(path.name, lines[0][1], lines[1:], delimiter)


def plain(cell: str) -> str:
    """Strip a cell of blanks and of the apostrophe that defuses formulas."""
    text = cell.strip()
    return text[1:] if text[:1] == "'" and text[1:].lstrip()[:1] in tuple("=+-@＝＋－＠") else text


def _check_header(file: str, header: list[str]) -> None:
    for name in header:
        if name and header.count(name) > 1:
            raise refusal("manifest-columns", file=file, problem=f"it has two columns {name}")
        if name not in MANIFEST_COLUMNS and not name.startswith(SETTING_SECTIONS):
            near = difflib.get_close_matches(name, MANIFEST_COLUMNS, 1)
            hint = (
                f"did you mean {near[0]}?" if near else f"known are {', '.join(MANIFEST_COLUMNS)} and settings by name"
            )
            shown = name or "without a name"
            raise refusal("manifest-columns", file=file, problem=f"it has a column {shown}; {hint}")
    for name in ("study_id", "image"):
        if name not in header:
            raise refusal("manifest-columns", file=file, problem=f"it has no column {name}")


def _row(number: int, header: list[str], cells: list[str]) -> ManifestRow:
    by_name = {name: cell for name, cell in zip(header, cells, strict=False) if cell}
    study_id = by_name.pop("study_id", "") or f"line {number}"
    if len(cells) > len(header) and any(cells[len(header) :]):
        problem = f"it has {len(cells)} cells, the header {len(header)}"
        return ManifestRow(number, study_id, {}, _problem(number, problem))
    return ManifestRow(number, study_id, by_name)


def _checked(row: ManifestRow, seen: Mapping[str, int], folder: Path, inside: Path) -> ManifestRow:
    """Validate a row: absolute paths, and its problem where it has one."""
    problem = None
    if row.study_id in seen:
        problem = f"the study of line {seen[row.study_id]} has the same study_id"
    elif row.study_id == f"line {row.line}":
        problem = "it has no study_id"
    elif "image" not in row.cells:
        problem = "it names no image"
    elif "scan_date" in row.cells and not DATE.match(row.cells["scan_date"]):
        problem = "scan_date must be YYYY-MM-DD"
    if problem:
        return ManifestRow(row.line, row.study_id, row.cells, _problem(row.line, problem))
    cells = dict(row.cells)
    for column in PATH_COLUMNS:
        found = []
        for text in row.paths(column):
            absolute = _absolute(text, folder)
            if absolute is None or not absolute.is_relative_to(inside):
                error = refusal("manifest-outside", line=row.line, column=column)
                return ManifestRow(row.line, row.study_id, row.cells, (error.code, str(error)))
            found.append(str(absolute))
        if found:
            cells[column] = SEPARATOR.join(found)
    return ManifestRow(row.line, row.study_id, cells)


def _absolute(text: str, folder: Path) -> Path | None:
    """Resolve a path inside the root; backslashes come from a manifest written on Windows."""
    try:
        return (folder / text.replace("\\", "/")).resolve()
    except (OSError, ValueError, RuntimeError):
        return None


def _problem(line: int, problem: str) -> tuple[str, str]:
    error: UnusableInputError = refusal("manifest-row", line=line, problem=problem)
    return error.code, str(error)


def _typed(text: str) -> Any:
    """Parse a cell as number, boolean or list, else text."""
    words: dict[str, Any] = {"yes": True, "no": False, "true": True, "false": False}
    if text.lower() in words:
        return words[text.lower()]
    number = number_of(text)
    return text if number is None else number


def manifest_header(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the columns that any row fills, in the documented order."""
    used = {name for row in rows for name, value in row.items() if value}
    return [name for name in MANIFEST_COLUMNS if name in used or name in ("study_id", "image")]
