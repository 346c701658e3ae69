"""Write the generated parts of the pages in this folder, from the objects that the code itself uses.

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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import groupby
from pathlib import Path
from typing import Any

from CACBoneAxisLib.bone import quality
from CACBoneAxisLib.bone.calibration import Calibration
from CACBoneAxisLib.bone.interpretation import SUMMARY_ORDER
from CACBoneAxisLib.bone.levels import levels
from CACBoneAxisLib.bone.protocol import BoneProtocol, RegionProtocol
from CACBoneAxisLib.calcium import isotropic, noise, rescan, risk
from CACBoneAxisLib.calcium.protocol import CalciumProtocol, preset_fields, presets
from CACBoneAxisLib.calcium.visual import VisualReading
from CACBoneAxisLib.cohort.changes import change_meanings
from CACBoneAxisLib.cohort.manifest import MANIFEST_COLUMNS
from CACBoneAxisLib.cohort.schema import FAILURE_COLUMNS, result_columns
from CACBoneAxisLib.commands.cohort import MODEL_COLUMNS, TABLE_COLUMNS
from CACBoneAxisLib.commands.settings import SETTING_OPTIONS, YES_NO_OPTIONS
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging import suitability
from CACBoneAxisLib.report.bonecomparison import BONE_CHANGE_COLUMNS
from CACBoneAxisLib.report.numbers import QUANTITIES, STORED_DIGITS
from CACBoneAxisLib.report.qahistory import QA_COLUMNS
from CACBoneAxisLib.report.tables import LESION_COLUMNS, VERTEBRA_COLUMNS
from CACBoneAxisLib.study.comparison import CHANGE_COLUMNS
from CACBoneAxisLib.study.lesionchange import LESION_CHANGE_COLUMNS
from CACBoneAxisLib.study.settings import StatedAcquisition, StatedPatient

FOLDER = Path(__file__).resolve().parent
BLOCK = re.compile(r"(<!-- generated: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
SEVERITIES = ("refusal", "error", "warning", "note")
PATIENT_MEANINGS = {
    "age_years": "patient's age at the scan, years",
    "sex": "F or M; T-score references are by sex",
    "ethnicity": "as the reference tables name it; MESA has White, Chinese, Black and Hispanic",
    "bmi_kg_m2": "body mass index",
    "diabetes": "yes or no; the percentiles of MESA leave out treated diabetes",
    "smoker": "yes or no",
    "total_cholesterol_mg_dl": "total cholesterol",
    "hdl_mg_dl": "HDL cholesterol",
    "systolic_mmhg": "systolic blood pressure",
    "lipid_medication": "whether lipids are treated",
    "pressure_medication": "whether blood pressure is treated",
    "family_history": "heart attack in the family",
}
ACQUISITION_MEANINGS = {
    "kvp": "tube voltage",
    "kernel": "reconstruction kernel",
    "slice_thickness_mm": "nominal thickness; never used for a score",
    "contrast": "whether contrast agent was given",
    "ecg_gated": "whether the scan was ECG-gated",
    "manufacturer": "of the scanner",
    "model": "of the scanner",
    "table_height_mm": "height of the table",
}


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a Markdown table; bars in cells are escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(str(c).replace("|", "\\|") for c in line) + " |\n" for line in lines)


def meanings(cls: type) -> dict[str, str]:
    """Return what the ``Parameters`` section of a class's docstring says of each field."""
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
    """Return a value as a settings file has it."""
    return "not set" if value is None else f"`{json.dumps(value)}`"


def _protocol(cls: type, skip: Sequence[str] = ()) -> str:
    """Return the fields of a protocol; fields that one sentence explains stand in one row."""
    said = meanings(cls)
    defaults = cls()
    rows = []
    names = [f.name for f in fields(cls) if f.name not in skip]  # type: ignore[arg-type]
    for meaning, group in groupby(names, key=said.__getitem__):
        members = list(group)
        values = "; ".join(shown(getattr(defaults, name)) for name in members)
        rows.append(("; ".join(f"`{name}`" for name in members), values, meaning))
    return table(("field", "default", "meaning"), rows)


def _categories() -> str:
    text = []
    for scheme in load_table("calcium_categories")["schemes"]:
        rows = []
        for number, row in enumerate(scheme["classes"]):
            following = scheme["classes"][number + 1] if number + 1 < len(scheme["classes"]) else None
            sign = "" if row["inclusive"] and row["lower"] == 0 else "from " if row["inclusive"] else "above "
            upper = ""
            if following and following["lower"] > row["lower"]:
                upper = (", below " if following["inclusive"] else " to ") + f"{following['lower']}"
            rows.append((row["category"], row["label"], f"{sign}{row['lower']}{upper}"))
        text.append(
            f"**{scheme['scheme']}** (`{scheme['id']}`). {scheme['source']}; {scheme['population']}.\n\n"
            + table(("category", "in words", "total Agatston score"), rows)
        )
    return "\n".join(text)


def _protocols() -> str:
    """Return every protocol with the fields in which it differs from the default."""
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


def _percentiles() -> str:
    text = []
    for source in load_table("calcium_percentiles")["tables"]:
        rows = []
        for r in source["rows"]:
            sex = {"F": "women", "M": "men"}[r["sex"]]
            rows.append((r["age"], sex, (r["ethnicity"] or "").capitalize(), *r["agatston"]))
        header = ("age", "sex", "ethnicity", *(f"{p}th" for p in source["percentiles"]))
        text.append(f"**{source['name']}** (`{source['id']}`). {source['source']}; {source['population']}.\n")
        text.append(table(header, rows))
    return "\n".join(text)


def _risk() -> str:
    data = load_table("calcium_risk")
    chd = data["mesa_chd"]
    rows = [("S0", chd["survival_with_cac"], chd["survival_without_cac"])]
    rows += [(t["name"], t["with_cac"], "" if t["without_cac"] is None else t["without_cac"]) for t in chd["terms"]]
    said = f"{chd['source']}; {chd['population']}; {chd['units']}. {_said_by(risk.mesa_risk)}\n\n"
    age = data["arterial_age"]
    said += table(("term", "with the score", "without"), rows)
    return f"{said}\nArterial age, {age['source']} ({age['population']}): {_said_by(risk.arterial_age_years)}\n"


def _change_rules() -> str:
    data = load_table("calcium_change")
    names = ("smallest_significant_change", "rescan_limit", "root_change", "interscan_variability")
    rows = []
    for rule in (data[name] for name in names):
        numbers = []
        for measure in data["measures"]:
            if measure in rule:
                numbers.append(f"{measure}: " + ", ".join(f"{key} {value:g}" for key, value in rule[measure].items()))
        rows.append((f"`{rule['id']}`", "; ".join(numbers), rule["units"], rule["source"], rule["confidence"]))
    return table(("rule", "numbers", "units", "source", "confidence"), rows)


def _visual() -> str:
    data = load_table("calcium_risk")["visual"]
    rows = [
        (f"{g['from']}" + (f"-{g['to']}" if g["to"] > g["from"] else ""), g["death_percent"]) for g in data["groups"]
    ]
    extent = "; ".join(f"{n} {words}" for n, words in enumerate(data["extent"]))
    text = f"{data['source']}; {data['population']}. Each of {', '.join(data['arteries'])}: {extent}. Their sum:\n\n"
    return text + table(("sum", "cardiovascular death, %"), rows)


def _said_by(function: Callable[..., Any]) -> str:
    """Return what the docstring of a function says before its parameters, on one line."""
    return " ".join(inspect.cleandoc(function.__doc__ or "").split("\nParameters\n")[0].split())


def _territories() -> str:
    rows = [
        (t["code"], t["name"], "yes" if t["coronary"] else "no", f"SCT {t['snomed']['value']}")
        for t in load_table("territories")["territories"]
    ]
    return table(("label", "territory", "in the total", "code"), rows)


def _bmd_classes() -> str:
    classes = load_table("bmd_classes")
    text = f"{classes['source']}. {classes['note']} {classes['thoracic_note']}\n\n"
    return text + table(("class", "in words"), [(c["class"], c["label"]) for c in classes["classes"]])


def _t_scores() -> str:
    rows = [
        (f"`{r['reference']}`", r["site"], r["material"], r["sex"], r["mean_mg_cm3"], r["sd_mg_cm3"], r["source"])
        for r in load_table("t_score_references")["rows"]
    ]
    return table(("reference", "site", "material", "sex", "mean, mg/cm3", "SD, mg/cm3", "source"), rows)


def _z_scores() -> str:
    """Return one table per site and sex: mean and SD by age (rows) and ancestry (columns)."""
    content = load_table("z_score_references")
    names = list(content["ancestries"])
    text = f"`{content['reference']}`: {content['source']}. Mean ± SD, {content['units']}. {content['note']}\n"
    for (site, sex), group in groupby(content["rows"], key=lambda r: (r["site"], r["sex"])):
        by_age: dict[tuple[int, int], dict[str, str]] = {}
        for r in group:
            ages = (r["age_from_years"], r["age_to_years"])
            by_age.setdefault(ages, {})[r["ancestry"]] = f"{r['mean_mg_cm3']} ± {r['sd_mg_cm3']}"
        rows = [(f"{first}-{last}", *(cells[name] for name in names)) for (first, last), cells in by_age.items()]
        text += f"\n**{'Women' if sex == 'F' else 'Men'}, {site}**\n\n" + table(("age, years", *names), rows)
    return text


def _conversions() -> str:
    directions = {"inverse": "solved for the first", "forward": "as it stands", "both": "both ways"}
    rows = [
        (
            f"`{r['name']}`",
            f"{r['to']} = {r['slope']:g} x {r['from']}" + (f" {r['intercept']:+g}" if r["intercept"] else ""),
            directions[r["direction"]],
            {"F": "women", "M": "men", None: ""}[r["sex"]] + (f"{r['kvp']} kVp" if r["kvp"] else ""),
            r["source"],
            r["note"],
        )
        for r in load_table("bmd_conversions")["rows"]
    ]
    return table(("name", "equation, mg/cm3", "used", "for", "source", "to know"), rows)


def _region_protocols() -> str:
    rows = []
    for r in load_table("region_protocols")["rows"]:
        size = "" if r["shape"] is None else f"{r['diameter_mm']:.2f} mm across" if r["diameter_mm"] else ""
        if r["width_fraction"]:
            size = f"{r['width_fraction']:g} of the width, {r['depth_fraction']:g} of the depth"
        height = {None: "", 0.0: "one slice"}.get(r["height_mm"], f"{r['height_mm']} mm")
        forward = f"{r['forward_fraction']:g} of the depth" if r["forward_fraction"] else ""
        rows.append((f"`{r['name']}`", r["title"], size, height, forward, r["source"]))
    header = ("name", "region", "size", "height", "moved forward by", "source")
    return load_table("region_protocols")["note"] + "\n\n" + table(header, rows)


def _phantoms() -> str:
    rows = [
        (
            f"`{r['name']}`",
            r["title"],
            r["material"],
            "; ".join(
                f"{rod['name']}: {rod['density_mg_cm3']:g}"
                + (f" (water {rod['water_mg_cm3']:g})" if "water_mg_cm3" in rod else "")
                for rod in r["rods"]
            ),
            r["source"],
        )
        for r in load_table("calibration_phantoms")["phantoms"]
    ]
    return table(("name", "phantom", "material", "rods, mg/cm3", "source"), rows)


def _hu_thresholds() -> str:
    rows = [
        (f"`{r['name']}`", r["level"], f"{r['threshold_hu']:g}", r["meaning"], r["source"])
        for r in load_table("hu_thresholds")["rows"]
    ]
    return table(("name", "level", "HU", "meaning", "source"), rows)


def _levels() -> str:
    rows = [(c, v.site, v.totalsegmentator, v.verse, v.snomed or "none on file") for c, v in levels().items()]
    return table(("level", "site", "TotalSegmentator", "VerSe", "SCT"), rows)


def _quality() -> str:
    """Return the rules of the module's docstring: a word alone on its line, and what it says below."""
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
        (
            "",
            f"at most {largest}; above {usual}, no cubes",
            "`pixels-coarse`",
        ),
        ("air", f"{air - rules.AIR_BELOW_HU:g} to {air + rules.AIR_ABOVE_HU:g} HU", "`hu-air-off`"),
        ("darkest value", f"at most {rules.DARKEST_EXPECTED_HU:g} HU", "`hu-clipped-low`"),
        ("brightest values", "not cut off", "`hu-clipped-dense`"),
        ("", f"not cut off at {rules.HARMLESS_CUT_HU:g} HU or below", "`hu-clipped-high`"),
    ]
    return table(("what", "expected", "else the finding"), rows)


def _rounding() -> str:
    rows = [
        (q.name, f"`{key}`", "as few as say it" if q.decimals is None else q.decimals, q.unit)
        for key, q in QUANTITIES.items()
    ]
    note = f"In files: {STORED_DIGITS} significant digits.\n\n"
    return note + table(("quantity", "key", "decimals shown", "unit"), rows)


def _tissues() -> str:
    found = load_table("attenuation")
    head = ("tissue", "window, HU", "density, g/cm3", *(f"cm2/g at {kev} keV" for kev in found["energies_kev"]))
    lines = []
    for row in found["tissues"]:
        low, high = row["window_hu"]
        values = (f"{v:.4f}" for v in row["mass_attenuation_cm2_g"])
        lines.append((row["name"], f"{low} to {high}", f"{row['density_g_cm3']:g}", *values))
    return f"{table(head, lines)}\n{found['source']}.\n"


def _hydroxyapatite() -> str:
    row = load_table("attenuation")["hydroxyapatite"]
    head = ("keV", *(str(kev) for kev in row["energies_kev"]))
    lines = [("HU per 100 mg HA/cm3", *(f"{hu:g}" for hu in row["hu_per_100_mg_cm3"]))]
    return f"{table(head, lines)}\n{row['source'].capitalize()}.\n"


def _findings() -> str:
    catalogue = load_table("findings")
    text = []
    for severity in SEVERITIES:
        rows = []
        for code, entry in catalogue["findings"].items():
            if entry["severity"] != severity:
                continue
            effect = ", ".join(f"{q}: {entry[q]}" for q in ("calcium", "bone") if q in entry)
            sentence = entry["message"].replace("\n", " ")
            rows.append((f"`{code}`", sentence, entry["meaning"], effect))
        heading = f"## {severity.capitalize()}\n\n{catalogue['severities'][severity].capitalize()}.\n\n"
        header = ("code", "sentence", "meaning", "makes the scan")
        if severity == "refusal":
            header, rows = header[:3], [row[:3] for row in rows]
        text.append(heading + table(header, rows))
    return "\n".join(text)


def _concepts() -> str:
    rows = []
    for entry in load_table("dicom_concepts")["measurements"].values():
        scheme, value, meaning = entry["concept"]
        more = [entry[key][2] for key in ("method", "derivation") if entry[key]]
        rows.append((meaning, f"`{scheme} {value}`", f"`{entry['unit'][0]}`", ", ".join(more)))
    return table(("concept", "code", "unit", "method or derivation"), rows)


def _rules() -> str:
    """Return every rule about the fitness of a scan, what the tag, the grid or the pixels say in turn."""
    findings = load_table("findings")["findings"]
    rows = [
        (f"`{code}`", e["looks_at"], e.get("calcium", ""), e.get("bone", ""), e["message"], e["meaning"], e["source"])
        for code, e in findings.items()
        if "looks_at" in e
    ]
    kinds = {"pixels": 0, "geometry": 1, "tag": 2}
    rows.sort(key=lambda row: kinds[row[1].split(":")[0]])
    return table(("code", "looks at", "calcium", "bone", "sentence", "meaning", "source"), rows)


def _trust() -> str:
    """Return the kinds of input that may be wrong, by where they come in, with what is done about each."""
    severities = {code: entry["severity"] for code, entry in load_table("findings")["findings"].items()}
    text = []
    for room, rows in groupby(json.loads((FOLDER / "trust.json").read_text(encoding="utf-8")), lambda row: row["room"]):
        lines = []
        for row in rows:
            done = [row.get("done", "")] + [f"{severities[code]} `{code}`" for code in row["codes"]]
            lines.append((row["kind"], ", ".join(filter(None, done)), row["evidence"], row["settles"]))
        text.append(f"## {room}\n\n" + table(("kind", "what is done", "evidence", "settled by"), lines))
    return "\n".join(text)


def _columns(columns: Mapping[str, str]) -> str:
    return table(("column", "meaning"), [(f"`{name}`", meaning) for name, meaning in columns.items()])


def _toml() -> str:
    """Return a settings file that says every default, with the meaning of each entry."""
    lines = ["```toml"]
    sections: list[tuple[str, Any, dict[str, str], Sequence[str]]] = [
        ("calcium", CalciumProtocol(), meanings(CalciumProtocol), ()),
        ("bone", BoneProtocol(), meanings(BoneProtocol), ("region", "calibration")),
        ("bone.region", RegionProtocol(), meanings(RegionProtocol), ()),
        ("bone.calibration", Calibration(), meanings(Calibration), ()),
        ("visual", VisualReading(), meanings(VisualReading), ()),
        ("patient", StatedPatient(), PATIENT_MEANINGS, ()),
        ("acquisition", StatedAcquisition(), ACQUISITION_MEANINGS, ()),
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
                lines += [f"# {line}" for line in _wrapped(said)]
            # TOML has no null: what is not set by default stands as a comment.
            lines.append(f"# {field.name} =" if value is None else f"{field.name} = {json.dumps(value)}")
    return "\n".join([*lines, "```"]) + "\n"


def _wrapped(text: str, width: int = 100) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _options() -> str:
    rows = [(f"`{flag}`", f"`{name}`", words) for flag, name, _, words in SETTING_OPTIONS]
    rows += [(f"`{flag} yes|no`", f"`{name}`", words) for flag, name, words in YES_NO_OPTIONS]
    return table(("option", "setting", "meaning"), rows)


def _result() -> str:
    """Return the parts of result.json, two levels deep, from its schema."""
    schema = load_table("result.schema")
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


def _published() -> str:
    published = load_table("published_cohorts")
    rows = [
        (r["study"], r["population"], r["site"], r["study_n"], r["group"], f"{r['mean_mg_cm3']} ± {r['sd_mg_cm3']}")
        for r in published["rows"]
    ]
    header = ("study", "who", "site", "n of the study", "group", f"BMD, {published['units']}")
    return f"{published['source']}.\n\n" + table(header, rows)


BLOCKS: dict[str, Callable[[], str]] = {
    "calcium-protocol": lambda: _protocol(CalciumProtocol),
    "calcium-protocols": _protocols,
    "calcium-categories": _categories,
    "calcium-percentiles": _percentiles,
    "calcium-risk": _risk,
    "calcium-visual": _visual,
    "calcium-rescan": lambda: f"{_said_by(rescan.smallest_significant_change)}\n\n{_said_by(rescan.rescan_limit)}\n",
    "calcium-chance": lambda: f"{_said_by(noise.chance_peak_hu)}\n",
    "change-rules": _change_rules,
    "comparison-columns": lambda: _columns(CHANGE_COLUMNS),
    "tissues": _tissues,
    "hydroxyapatite": _hydroxyapatite,
    "qa-columns": lambda: _columns(QA_COLUMNS),
    "bone-comparison-columns": lambda: _columns(BONE_CHANGE_COLUMNS),
    "lesion-change-columns": lambda: _columns(LESION_CHANGE_COLUMNS),
    "isotropic-volume": lambda: f"{_said_by(isotropic.isotropic_volume_mm3)}\n",
    "territories": _territories,
    "bone-protocol": lambda: _protocol(BoneProtocol, ("region", "calibration")),
    "region-protocol": lambda: _protocol(RegionProtocol),
    "calibration": lambda: _protocol(Calibration),
    "bmd-classes": _bmd_classes,
    "t-score-references": _t_scores,
    "region-protocols": _region_protocols,
    "phantoms": _phantoms,
    "z-score-references": _z_scores,
    "conversions": _conversions,
    "hu-thresholds": _hu_thresholds,
    "levels": _levels,
    "quality-rules": _quality,
    "summary-order": lambda: ", ".join(SUMMARY_ORDER) + ".\n",
    "suitability-limits": _suitability,
    "suitability-rules": _rules,
    "rounding": _rounding,
    "findings": _findings,
    "trust": _trust,
    "dicom-concepts": _concepts,
    "lesion-columns": lambda: _columns(LESION_COLUMNS),
    "vertebra-columns": lambda: _columns(VERTEBRA_COLUMNS),
    "settings": _toml,
    "setting-options": _options,
    "manifest-columns": lambda: _columns(MANIFEST_COLUMNS),
    "result-columns": _result_columns,
    "failure-columns": lambda: _columns(FAILURE_COLUMNS),
    "change-columns": lambda: _columns(change_meanings()),
    "table-columns": lambda: _columns(TABLE_COLUMNS),
    "model-columns": lambda: _columns(MODEL_COLUMNS),
    "published-cohorts": _published,
    "result-parts": _result,
}


def filled(text: str) -> str:
    """Return a page with every generated part written anew.

    Raises
    ------
    KeyError
        When a page names a part that there is not.
    """
    return BLOCK.sub(lambda match: f"{match[1]}\n{_markdown(BLOCKS[match['name']]())}\n{match[3]}", text)


def _markdown(text: str) -> str:
    """Return text of docstrings with code marked as Markdown has it."""
    return re.sub(r"(?<!`)``(?!`)(.+?)(?<!`)``(?!`)", r"`\1`", text)


def pages() -> list[Path]:
    """Return the pages that may hold generated parts."""
    return sorted(FOLDER.glob("*.md"))


def main(arguments: Sequence[str]) -> int:
    """Rewrite the pages that are out of date, or with ``--check`` only name them."""
    check = "--check" in arguments
    stale = []
    for page in pages():
        text = page.read_text(encoding="utf-8")
        new = filled(text)
        if new != text:
            stale.append(page)
            if not check:
                page.write_text(new, encoding="utf-8", newline="\n")
    for page in stale:
        sys.stdout.write(f"{page.name}: {'out of date' if check else 'written'}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
