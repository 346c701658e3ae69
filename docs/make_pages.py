"""Write the generated parts of the pages in this folder, and the JSON Schemas in data, from the code.

A part stands between ``<!-- generated: NAME -->`` and ``<!-- end -->``. Run it after a
change of a protocol, a reference table or the catalogue of findings::

    python docs/make_pages.py           # rewrites what is out of date
    python docs/make_pages.py --check   # says what is, and exits with 1
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import partial
from itertools import groupby
from pathlib import Path
from textwrap import wrap
from typing import Any

from reference_parts import PARTS, table

from CACBoneAxisLib.bone import quality
from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.bone.interpretation import SUMMARY_ORDER
from CACBoneAxisLib.bone.protocol import BoneProtocol, RegionProtocol
from CACBoneAxisLib.calcium.patient import Patient
from CACBoneAxisLib.calcium.protocol import CalciumProtocol, preset_fields, presets
from CACBoneAxisLib.calcium.visual import VisualReading
from CACBoneAxisLib.cohort.changes import change_meanings
from CACBoneAxisLib.cohort.manifest import MANIFEST_COLUMNS
from CACBoneAxisLib.cohort.schema import FAILURE_COLUMNS, result_columns
from CACBoneAxisLib.commands.cohort import MODEL_COLUMNS, TABLE_COLUMNS
from CACBoneAxisLib.commands.settings import SETTING_OPTIONS, YES_NO_OPTIONS
from CACBoneAxisLib.imaging import suitability
from CACBoneAxisLib.imaging.acquisition import ScanFacts
from CACBoneAxisLib.report.bonecomparison import BONE_CHANGE_COLUMNS
from CACBoneAxisLib.report.numbers import KNOWN, STORED_DIGITS
from CACBoneAxisLib.report.qahistory import QA_COLUMNS
from CACBoneAxisLib.report.tables import LESION_COLUMNS, VERTEBRA_COLUMNS
from CACBoneAxisLib.study.comparison import CHANGE_COLUMNS
from CACBoneAxisLib.study.lesionchange import LESION_CHANGE_COLUMNS
from CACBoneAxisLib.study.schema import comparison_schema, result_schema
from CACBoneAxisLib.study.settings import StatedAcquisition, StatedPatient

COLUMNS: dict[str, Mapping[str, str]] = {
    "lesion-columns": LESION_COLUMNS,
    "vertebra-columns": VERTEBRA_COLUMNS,
    "comparison-columns": CHANGE_COLUMNS,
    "bone-comparison-columns": BONE_CHANGE_COLUMNS,
    "lesion-change-columns": LESION_CHANGE_COLUMNS,
    "qa-columns": QA_COLUMNS,
    "manifest-columns": MANIFEST_COLUMNS,
    "failure-columns": FAILURE_COLUMNS,
    "change-columns": change_meanings(),
    "table-columns": TABLE_COLUMNS,
    "model-columns": MODEL_COLUMNS,
}
FOLDER = Path(__file__).resolve().parent
DATA = FOLDER.parent / "CACBoneAxisLib" / "data"
BLOCK = re.compile(r"(<!-- generated: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def meanings(cls: type) -> dict[str, str]:
    """Return the meaning of each field from the ``Parameters`` section of a class's docstring."""
    lines = inspect.cleandoc(cls.__doc__ or "").split("Parameters\n----------\n", 1)[-1].splitlines()
    said: dict[str, str] = {}
    names: list[str] = []
    for line in lines:
        if line.startswith(" "):
            for name in names:
                said[name] = f"{said[name]} {line.strip()}".strip()
        elif line.strip():
            heading, _, text = line.partition(" : ")
            names = [name.strip() for name in heading.split(",")]
            said |= dict.fromkeys(names, text)
    return {field.name: said[field.name] for field in fields(cls)}  # type: ignore[arg-type]


def shown(value: Any) -> str:
    """Return a value as a settings file writes it."""
    return "not set" if value is None else f"`{json.dumps(value)}`"


def _protocol(cls: type, skip: Sequence[str] = ()) -> str:
    """Return the fields of a protocol; fields with the same meaning share a row."""
    said = meanings(cls)
    defaults = cls()
    rows = []
    names = [f.name for f in fields(cls) if f.name not in skip]  # type: ignore[arg-type]
    for meaning, group in groupby(names, key=said.__getitem__):
        members = list(group)
        values = "; ".join(shown(getattr(defaults, name)) for name in members)
        rows.append(("; ".join(f"`{name}`" for name in members), values, meaning))
    return table(("field", "default", "meaning"), rows)


def _protocols() -> str:
    """Return every protocol with its differences from the default."""
    default = CalciumProtocol()
    rows = []
    for name, preset in presets().items():
        made = CalciumProtocol(**preset_fields(name))
        different = [
            f"`{f.name}` {json.dumps(getattr(made, f.name))}"
            for f in fields(made)
            if f.name not in ("protocol", "citation") and getattr(made, f.name) != getattr(default, f.name)
        ]
        rows.append((f"`{name}`", "; ".join(different) or "the defaults", preset["source"], preset["confidence"]))
    return table(("protocol", "what it sets", "source", "confidence"), rows)


def _quality() -> str:
    """Return the rules in the module's docstring, where a word alone on a line is a heading."""
    lines = inspect.cleandoc(quality.__doc__ or "").splitlines()[2:]
    text = []
    for line in lines:
        following = line.startswith("    ")
        if line.strip() and not following and re.fullmatch(r"[a-z ]+", line):
            text.append(f"\n**{line.strip().capitalize()}.**")
        else:
            text.append(line.strip())
    return re.sub(r"\n{3,}", "\n\n", "\n".join(text)).strip() + "\n"


def _suitability() -> str:
    rules = suitability
    tilt, air = f"{rules.LARGEST_TILT_DEGREES:g} degrees", rules.AIR_HU
    usual, largest = f"{rules.LARGEST_USUAL_PIXEL_MM:g} mm", f"{rules.LARGEST_PIXEL_MM:g} mm"
    rows = [
        ("tube voltage", f"{rules.STANDARD_KVP:g} kVp", "`kvp-not-120`"),
        ("increment", f"{rules.STANDARD_INCREMENT_MM:g} mm", "`increment-not-3`"),
        ("", f"at most {rules.THICK_INCREMENT_MM:g} mm", "`increment-thick`"),
        ("axial slices", f"within {tilt} of the patient's axial plane", "`slices-not-axial`"),
        ("pixels", f"at most {usual}", "`pixels-large`"),
        ("", f"at most {largest}; above {usual}, no cubes", "`pixels-coarse`"),
        ("air", f"{air - rules.AIR_BELOW_HU:g} to {air + rules.AIR_ABOVE_HU:g} HU", "`hu-air-off`"),
        ("darkest value", f"at most {rules.DARKEST_EXPECTED_HU:g} HU", "`hu-clipped-low`"),
        ("brightest values", "not cut off", "`hu-clipped-dense`"),
        ("", f"not cut off at {rules.HARMLESS_CUT_HU:g} HU or below", "`hu-clipped-high`"),
    ]
    return table(("what", "expected", "else the finding"), rows)


def _rounding() -> str:
    rows = [
        (q.meaning, f"`{key}`", "as few as say it" if q.decimals is None else q.decimals, q.unit)
        for key, q in KNOWN.items()
    ]
    note = f"In files: {STORED_DIGITS} significant digits.\n\n"
    return note + table(("quantity", "key", "decimals shown", "unit"), rows)


def _columns(columns: Mapping[str, str]) -> str:
    return table(("column", "meaning"), [(f"`{name}`", meaning) for name, meaning in columns.items()])


def _toml() -> str:
    """Return a settings file with every default and its meaning."""
    lines = ["```toml"]
    sections: list[tuple[str, Any, dict[str, str], Sequence[str]]] = [
        ("calcium", CalciumProtocol(), meanings(CalciumProtocol), ()),
        ("bone", BoneProtocol(), meanings(BoneProtocol), ("region", "calibration")),
        ("bone.region", RegionProtocol(), meanings(RegionProtocol), ()),
        ("bone.calibration", Calibration(), meanings(Calibration), ()),
        ("visual", VisualReading(), meanings(VisualReading), ()),
        ("patient", StatedPatient(), meanings(Patient), ()),
        ("acquisition", StatedAcquisition(), meanings(ScanFacts), ()),
    ]
    said = ""
    for section, defaults, known, skip in sections:
        lines += [*([""] if len(lines) > 1 else []), f"[{section}]"]
        for field in fields(defaults):
            if field.name in skip:
                continue
            value = getattr(defaults, field.name)
            if known[field.name] != said:
                said = known[field.name]
                lines += [f"# {line}" for line in wrap(said, 100, break_long_words=False, break_on_hyphens=False)]
            # TOML has no null: a field without a default is a comment.
            lines.append(f"# {field.name} =" if value is None else f"{field.name} = {json.dumps(value)}")
    return "\n".join([*lines, "```"]) + "\n"


def _options() -> str:
    rows = [(f"`{flag}`", f"`{name}`", words) for flag, name, _, words in SETTING_OPTIONS]
    rows += [(f"`{flag} yes|no`", f"`{name}`", words) for flag, name, words in YES_NO_OPTIONS]
    return table(("option", "setting", "meaning"), rows)


def _result() -> str:
    """Return the parts of result.json, two levels deep, from its schema."""
    schema = result_schema()
    definitions = schema.get("$defs", {})
    rows = []
    for name, part in schema["properties"].items():
        entries = []
        for key, value in _resolved(part, definitions).get("properties", {}).items():
            inner = _resolved(value, definitions)
            items = _resolved(inner.get("items") or {}, definitions)
            inside = items.get("properties") or inner.get("properties") or ()
            mark = "[]" if inner.get("type") == "array" else ""
            entries.append(f"`{key}`{mark}" + (f" {{{', '.join(inside)}}}" if inside else ""))
        rows.append((f"`{name}`", "; ".join(entries) or f"`{part.get('const', '')}`"))
    return table(("part", "content"), rows)


def _resolved(part: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = part.get("$ref")
    return definitions[reference.rsplit("/", 1)[-1]] if reference else part


def _result_columns() -> str:
    rows = [(f"`{name}`", kind, meaning) for name, (kind, meaning) in result_columns().items()]
    return table(("column", "kind", "meaning"), rows)


BLOCKS: dict[str, Callable[[], str]] = {
    **PARTS,
    "calcium-protocol": lambda: _protocol(CalciumProtocol),
    "calcium-protocols": _protocols,
    "bone-protocol": lambda: _protocol(BoneProtocol, ("region", "calibration")),
    "region-protocol": lambda: _protocol(RegionProtocol),
    "calibration": lambda: _protocol(Calibration),
    "quality-rules": _quality,
    "summary-order": lambda: ", ".join(SUMMARY_ORDER) + ".\n",
    "suitability-limits": _suitability,
    "rounding": _rounding,
    "settings": _toml,
    "setting-options": _options,
    "result-parts": _result,
    "result-columns": _result_columns,
    **{name: partial(_columns, columns) for name, columns in COLUMNS.items()},
}


def filled(text: str) -> str:
    """Return a page with every generated part renewed.

    Raises
    ------
    KeyError
        When a page names an unknown part.
    """
    return BLOCK.sub(lambda match: f"{match[1]}\n{_markdown(BLOCKS[match['name']]())}\n{match[3]}", text)


def _markdown(text: str) -> str:
    """Convert the code marks of docstrings to Markdown's."""
    return re.sub(r"(?<!`)``(?!`)(.+?)(?<!`)``(?!`)", r"`\1`", text)


def pages() -> list[Path]:
    """Return the pages that may hold generated parts."""
    return sorted(FOLDER.glob("*.md"))


def made() -> dict[Path, str]:
    """Return the text that every page and JSON Schema should have."""
    schemas = {"result.schema": result_schema(), "comparison.schema": comparison_schema()}
    return {page: filled(page.read_text(encoding="utf-8")) for page in pages()} | {
        DATA / f"{name}.json": json.dumps(schema, indent=1, ensure_ascii=False) + "\n"
        for name, schema in schemas.items()
    }


def main(arguments: Sequence[str]) -> int:
    """Rewrite the files that are out of date, or with ``--check`` only name them."""
    check = "--check" in arguments
    stale = {file: text for file, text in made().items() if file.read_text(encoding="utf-8") != text}
    for file, text in stale.items():
        if not check:
            file.write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{file.name}: {'out of date' if check else 'written'}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
