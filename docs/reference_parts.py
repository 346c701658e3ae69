"""Parts of the pages about what is bundled: reference tables, published rules, findings, codes.

A part is a function without arguments that returns Markdown. Most are an introduction
and a table with a line for each row of a file in ``CACBoneAxisLib/data``: :class:`Listing`.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from CACBoneAxisLib.bone.levels import levels, parse_level
from CACBoneAxisLib.bone.numbering import NUMBERINGS
from CACBoneAxisLib.calcium import isotropic, noise, rescan, risk
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.labelschemes import schemes
from CACBoneAxisLib.report.quantities import SUBJECTS, quantities

# Title of each column, and its cells: a template of the row's fields, or a function of the row.
Columns = Mapping[str, str | Callable[[Any], Any]]

PEOPLE = {"F": "women", "M": "men", None: ""}
DIRECTIONS = {"inverse": "solved for the first", "forward": "as it stands", "both": "both ways"}


def table(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> str:
    """Return a Markdown table; bars in cells are escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(str(c).replace("|", "\\|") for c in line) + " |\n" for line in lines)


def listed(rows: Iterable[Any], columns: Columns) -> str:
    """Return a Markdown table with a line for each row."""
    made = [[cell(row) if callable(cell) else cell.format_map(row) for cell in columns.values()] for row in rows]
    return table(list(columns), made)


def same(*names: str) -> dict[str, str]:
    """Return columns that are titled and filled by the field of one name."""
    return {name: f"{{{name}}}" for name in names}


@dataclass(frozen=True)
class Listing:
    """A part made from a bundled file: an introduction from its fields, and a table of its rows."""

    file: str
    rows: str
    columns: Columns
    introduction: str = ""

    def __call__(self) -> str:
        """Return the part."""
        data = load_table(self.file)
        return self.introduction.format_map(data) + listed(data[self.rows], self.columns)


def said_by(function: Callable[..., Any]) -> str:
    """Return what the docstring of a function says before its parameters, on one line."""
    return " ".join(inspect.cleandoc(function.__doc__ or "").split("\nParameters\n")[0].split())


def _categories() -> str:
    text = []
    for scheme in load_table("calcium_categories")["schemes"]:
        rows = []
        for row, following in zip(scheme["classes"], [*scheme["classes"][1:], None], strict=True):
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


def _percentiles() -> str:
    text = []
    for source in load_table("calcium_percentiles")["tables"]:
        rows = [
            (r["age"], PEOPLE[r["sex"]], (r["ethnicity"] or "").capitalize(), *r["agatston"]) for r in source["rows"]
        ]
        header = ("age", "sex", "ethnicity", *(f"{p}th" for p in source["percentiles"]))
        text.append(f"**{source['name']}** (`{source['id']}`). {source['source']}; {source['population']}.\n")
        text.append(table(header, rows))
    return "\n".join(text)


def _risk() -> str:
    data = load_table("calcium_risk")
    chd, age = data["mesa_chd"], data["arterial_age"]
    rows = [("S0", chd["survival_with_cac"], chd["survival_without_cac"])]
    rows += [(t["name"], t["with_cac"], "" if t["without_cac"] is None else t["without_cac"]) for t in chd["terms"]]
    terms = table(("term", "with the score", "without"), rows)
    return (
        f"{chd['source']}; {chd['population']}; {chd['units']}. {said_by(risk.mesa_risk)}\n\n{terms}\n"
        f"Arterial age, {age['source']} ({age['population']}): {said_by(risk.arterial_age_years)}\n"
    )


def _visual() -> str:
    data = load_table("calcium_risk")["visual"]
    columns: Columns = {
        "sum": lambda g: f"{g['from']}" + (f"-{g['to']}" if g["to"] > g["from"] else ""),
        "cardiovascular death, %": "{death_percent}",
    }
    extent = "; ".join(f"{n} {words}" for n, words in enumerate(data["extent"]))
    text = f"{data['source']}; {data['population']}. Each of {', '.join(data['arteries'])}: {extent}. Their sum:\n\n"
    return text + listed(data["groups"], columns)


def _change_rules() -> str:
    data = load_table("calcium_change")

    def numbers(rule: Mapping[str, Any]) -> str:
        said = [(measure, rule[measure].items()) for measure in data["measures"] if measure in rule]
        return "; ".join(f"{measure}: " + ", ".join(f"{k} {value:g}" for k, value in items) for measure, items in said)

    names = ("smallest_significant_change", "rescan_limit", "root_change", "interscan_variability")
    columns: Columns = {"rule": "`{id}`", "numbers": numbers, **same("units", "source", "confidence")}
    return listed([data[name] for name in names], columns)


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
        text += f"\n**{PEOPLE[sex].capitalize()}, {site}**\n\n" + table(("age, years", *names), rows)
    return text


def _region_size(row: Mapping[str, Any]) -> str:
    if row["width_fraction"]:
        return f"{row['width_fraction']:g} of the width, {row['depth_fraction']:g} of the depth"
    return f"{row['diameter_mm']:.2f} mm across" if row["shape"] is not None and row["diameter_mm"] else ""


def _rods(phantom: Mapping[str, Any]) -> str:
    return "; ".join(
        f"{rod['name']}: {rod['density_mg_cm3']:g}"
        + (f" (water {rod['water_mg_cm3']:g})" if "water_mg_cm3" in rod else "")
        for rod in phantom["rods"]
    )


def _equation(row: Mapping[str, Any]) -> str:
    return f"{row['to']} = {row['slope']:g} x {row['from']}" + (f" {row['intercept']:+g}" if row["intercept"] else "")


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
    lines = [("HU per 100 mg HA/cm3", *(f"{hu:g}" for hu in row["hu_per_100_mg_cm3"]))]
    return f"{table(('keV', *row['energies_kev']), lines)}\n{row['source'].capitalize()}.\n"


def _findings() -> str:
    catalogue = load_table("findings")

    def effect(entry: Mapping[str, Any]) -> str:
        return ", ".join(f"{q}: {entry[q]}" for q in ("calcium", "bone") if q in entry)

    text = []
    for severity in ("refusal", "error", "warning", "note"):
        rows = [{"code": c, **e} for c, e in catalogue["findings"].items() if e["severity"] == severity]
        columns: Columns = {
            "code": "`{code}`",
            "sentence": lambda entry: entry["message"].replace("\n", " "),
            **same("meaning"),
            **({} if severity == "refusal" else {"makes the scan": effect}),
        }
        heading = f"## {severity.capitalize()}\n\n{catalogue['severities'][severity].capitalize()}.\n\n"
        text.append(heading + listed(rows, columns))
    return "\n".join(text)


def _suitability_rules() -> str:
    """Return every rule about the fitness of a scan: those that look at the pixels, the geometry, and the tags."""
    rows = [
        {"code": code, "calcium": "", "bone": "", **entry}
        for code, entry in load_table("findings")["findings"].items()
        if "looks_at" in entry
    ]
    rows.sort(key=lambda row: ("pixels", "geometry", "tag").index(row["looks_at"].split(":")[0]))
    columns = {
        "code": "`{code}`",
        "looks at": "{looks_at}",
        **same("calcium", "bone"),
        "sentence": "{message}",
        **same("meaning", "source"),
    }
    return listed(rows, columns)


def _trust() -> str:
    """Return the kinds of input that may be wrong, by where they come in, with what is done about each."""
    severities = {code: entry["severity"] for code, entry in load_table("findings")["findings"].items()}

    def done(row: Mapping[str, Any]) -> str:
        return ", ".join(
            filter(None, [row.get("done", ""), *(f"{severities[code]} `{code}`" for code in row["codes"])])
        )

    columns: Columns = {**same("kind"), "what is done": done, **same("evidence"), "settled by": "{settles}"}
    kinds = json.loads((Path(__file__).parent / "trust.json").read_text(encoding="utf-8"))
    rooms = groupby(kinds, lambda row: row["room"])
    return "\n".join(f"## {room}\n\n{listed(rows, columns)}" for room, rows in rooms)


def _concepts() -> str:
    units = load_table("quantities")["units"]
    rows = {}
    for one in (one for subject in SUBJECTS for one in quantities(subject) if one.code):
        modifiers = ", ".join(code[2] for code in (one.method, one.derivation) if code)
        rows[one.code, modifiers] = (one.code[2], "`{} {}`".format(*one.code), f"`{units[one.unit][0]}`", modifiers)
    return table(("concept", "code", "unit", "method or derivation"), rows.values())


def _levels() -> str:
    named = [schemes()[key] for key in NUMBERINGS[1:]]
    numbers = [{parse_level(name): n for n, name in one.names.items()} for one in named]
    rows = [(c, v.site, *(of[c] for of in numbers), v.snomed or "none on file") for c, v in levels().items()]
    return table(("level", "site", *(one.title for one in named), "SCT"), rows)


PARTS: dict[str, Callable[[], str]] = {
    "calcium-categories": _categories,
    "calcium-percentiles": _percentiles,
    "calcium-risk": _risk,
    "calcium-visual": _visual,
    "calcium-rescan": lambda: f"{said_by(rescan.smallest_significant_change)}\n\n{said_by(rescan.rescan_limit)}\n",
    "calcium-chance": lambda: f"{said_by(noise.chance_peak_hu)}\n",
    "isotropic-volume": lambda: f"{said_by(isotropic.isotropic_volume_mm3)}\n",
    "change-rules": _change_rules,
    "territories": Listing("territories", "territories", {
        "label": "{code}", "territory": "{name}",
        "in the total": lambda t: "yes" if t["coronary"] else "no", "code": "SCT {snomed[value]}",
    }),
    "tissues": _tissues,
    "hydroxyapatite": _hydroxyapatite,
    "bmd-classes": Listing(
        "bmd_classes", "classes", {"class": "{class}", "in words": "{label}"}, "{source}. {note} {thoracic_note}\n\n"
    ),
    "t-score-references": Listing("t_score_references", "rows", {
        "reference": "`{reference}`", **same("site", "material", "sex"),
        "mean, mg/cm3": "{mean_mg_cm3}", "SD, mg/cm3": "{sd_mg_cm3}", **same("source"),
    }),
    "z-score-references": _z_scores,
    "region-protocols": Listing("region_protocols", "rows", {
        "name": "`{name}`", "region": "{title}", "size": _region_size,
        "height": lambda r: {None: "", 0.0: "one slice"}.get(r["height_mm"], f"{r['height_mm']} mm"),
        "moved forward by": lambda r: f"{r['forward_fraction']:g} of the depth" if r["forward_fraction"] else "",
        **same("source"),
    }, "{note}\n\n"),
    "phantoms": Listing("calibration_phantoms", "phantoms", {
        "name": "`{name}`", "phantom": "{title}", **same("material"), "rods, mg/cm3": _rods, **same("source"),
    }),
    "conversions": Listing("bmd_conversions", "rows", {
        "name": "`{name}`", "equation, mg/cm3": _equation, "used": lambda r: DIRECTIONS[r["direction"]],
        "for": lambda r: PEOPLE[r["sex"]] + (f"{r['kvp']} kVp" if r["kvp"] else ""),
        **same("source"), "to know": "{note}",
    }),
    "hu-thresholds": Listing("hu_thresholds", "rows", {
        "name": "`{name}`", **same("level"), "HU": "{threshold_hu:g}", **same("meaning", "source"),
    }),
    "levels": _levels,
    "findings": _findings,
    "suitability-rules": _suitability_rules,
    "trust": _trust,
    "dicom-concepts": _concepts,
    "published-cohorts": Listing("published_cohorts", "rows", {
        **same("study"), "who": "{population}", **same("site"), "n of the study": "{study_n}", **same("group"),
        "BMD, mg/cm3": "{mean_mg_cm3} ± {sd_mg_cm3}",
    }, "{source}.\n\n"),
}  # fmt: skip
