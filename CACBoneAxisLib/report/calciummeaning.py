"""What the calcium score means, in words and tables: percentiles, age, risk, spread, rescans, protocols."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.report.blocks import Block, Number, Paragraph, Row, Table, of_numbers
from CACBoneAxisLib.report.numbers import format_value

MEANING_COLUMNS = ("What", "Value", "Rests on")
PROTOCOL_COLUMNS = ("Protocol", *of_numbers("Agatston", "Volume, mm3", "Mass, mg"), "Made for", "Source")
SUGGESTION_COLUMNS = ("Suggested", *of_numbers("Confidence", "Volume, mm3", "Peak, HU", "R, A, S, mm"))
LEFT_OUT_COLUMNS = ("Not suggested", *of_numbers("Number", "Largest, mm3", "Peak, HU", "R, A, S, mm"))
RULE_NAMES = {"sevrukov": "smallest significant change", "chung": "95 % limit of MESA rescans"}
KIND_WORDS = {"own": "this study", "definition": "120 kVp", "vendor": "vendor's software", "kvp": ""}
Line = tuple[str, str, str]


def percentile_words(place: Mapping[str, Any]) -> str:
    """Return a percentile bracket with its group, or why there is none."""
    if place["words"] is None:
        return f"no value: {place['reason']}"
    return f"{place['words']} ({place['table']}: {place['group']})"


def contrast_words(result: Mapping[str, Any]) -> str | None:
    """Return calcium on a contrast-enhanced scan in words; None where it was not measured."""
    found = result["calcium"].get("contrast_calcium")
    if not found:
        return None
    threshold = format_value(found["threshold_hu"], "mean_hu", unit=True)
    volume = format_value(found["volume_mm3"], "volume_mm3", unit=True)
    count = format_value(found["lesions"], "count")
    return f"{volume} in {count} lesions at {threshold} ({found['rule']}). Not an Agatston score"


def percentile_lead(result: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the percentile for the top of the page and its source, by ethnicity where a table has it."""
    places = [p for p in (result["calcium"].get("percentiles") or {}).values() if p["words"] is not None]
    return (percentile_words(places[-1]), str(places[-1]["source"])) if places else None


def lines(result: Mapping[str, Any]) -> list[Line]:
    """Return what the score means: name, value in words, source; with the reason where there is no value."""
    calcium = result["calcium"]
    if "risk" not in calcium:
        return []
    found: list[Line] = []
    for place in calcium["percentiles"].values():
        found.append(
            (f"Percentile, {place['table']}", percentile_words(place), f"{place['source']}; {place['population']}")
        )
    risk = calcium["risk"]
    age = risk["arterial_age_years"]
    words = format_value(age, "age_years", unit=True) if age is not None else "no value: there is no total score"
    found.append(("Arterial age", words, risk["arterial_age_source"]))
    found.append(("10-year risk of coronary heart disease", *_risk(risk["mesa_chd_10_year"])))
    found += _spread(calcium["distribution"])
    for interval in calcium["rescan"]:
        kind = "agatston" if interval["measure"] == "agatston" else "volume_mm3"
        name = "Agatston score" if kind == "agatston" else "Volume, mm3"
        ends = f"{format_value(interval['low'], kind)} to {format_value(interval['high'], kind)}"
        rule = RULE_NAMES.get(interval["rule"], interval["rule"])
        found.append((f"A second scan would give: {name}", ends, f"{rule}, {interval['source']}"))
    if calcium["visual"]:
        found += _visual(calcium["visual"])
    if blood := calcium.get("blood"):
        hu, noise = format_value(blood["hu"], "mean_hu", unit=True), format_value(blood["noise_hu"], "sd_hu", unit=True)
        words = f"{hu}, noise {noise}"
        found.append(
            ("Blood, measured", words, f"{blood['where']}, {blood['slices']} slices; above 100 HU: contrast agent")
        )
    if calcium["mass_calibration"]:
        c = calcium["mass_calibration"]
        factor = format_value(c["factor_mg_per_mm3_per_hu"], "mass_factor", unit=True)
        rod, water = (format_value(c[key], "mean_hu", unit=True) for key in ("rod_hu", "water_hu"))
        words = f"{factor}: rod of {c['rod_mg_cm3']:g} mg/cm3 {rod}, water {water}"
        found.append(("Factor for the mass, measured", words, "density / (HU of the rod - HU of water)"))
    return found


def _risk(risk: Mapping[str, Any]) -> tuple[str, str]:
    source = f"{risk['source']}; {risk['population']}"
    parts = []
    if risk["with_cac_percent"] is not None:
        parts.append(f"{format_value(risk['with_cac_percent'], 'rate_percent', unit=True)} with the score")
    if risk["without_cac_percent"] is not None:
        parts.append(f"{format_value(risk['without_cac_percent'], 'rate_percent', unit=True)} without it")
    if risk["reason"]:
        parts.append(f"no value: {risk['reason']}" if not parts else risk["reason"])
    return "; ".join(parts), source


def _spread(distribution: Mapping[str, Any]) -> list[Line]:
    found = []
    if distribution["density"] is not None:
        words = f"{format_value(distribution['density'], 'density')} (1 to 4)"
        found.append(("Density", words, "Agatston / (volume / increment), Criqui 2014, JAMA 311:271"))
    if distribution["most_affected"] is not None:
        share, spread = (format_value(distribution[key], "share") for key in ("share", "diffusivity"))
        words = f"{distribution['most_affected']} with {share} of the score; diffusivity {spread}"
        found.append(("Most affected artery", words, "diffusivity = 1 - share: 0 in one artery, 0.75 in four alike"))
    return found


def _visual(visual: Mapping[str, Any]) -> list[Line]:
    found = []
    if visual["sum"] is not None:
        arteries = ", ".join(f"{code} {value}" for code, value in visual["arteries"].items())
        words = f"{visual['sum']} of 12 ({arteries}); group {visual['group']}: cardiovascular death "
        words += format_value(visual["death_percent"], "rate_percent", unit=True)
        found.append(("Visual ordinal score, by the reader", words, f"{visual['source']}; {visual['population']}"))
    if visual["cac_drs"] is not None:
        words = f"CAC-DRS {visual['cac_drs']}"
        found.append(("Visual class, by the reader", words, "Hecht 2018, J Cardiovasc Comput Tomogr 12:185"))
    return found


def meaning_table(result: Mapping[str, Any]) -> list[Block]:
    """Return the table of the score's meaning; nothing where nothing is known."""
    rows = [Row(line) for line in lines(result)]
    caption = "Each value with its source: found on dedicated scans, in people who may not be like this patient."
    return [Table(caption, MEANING_COLUMNS, rows)] if rows else []


def protocol_tables(result: Mapping[str, Any]) -> list[Block]:
    """Return the coronary total and each lesion under every protocol; nothing without lesions."""
    rows = []
    for entry in result["calcium"].get("under_protocols") or []:
        made_for = KIND_WORDS[entry["kind"]] or format_value(entry["kvp"], "kvp", unit=True)
        numbers = [format_value(entry[key], key) for key in ("agatston", "volume_mm3", "mass_mg")]
        own = entry["kind"] == "own"
        name = f"{entry['name']} ({entry['protocol']})" if own else entry["name"]
        rows.append(Row([name, *numbers, made_for, entry["citation"]], "total" if own else ""))
    if not rows:
        return []
    caption = (
        "The same lesions of the coronary arteries, scored by other rules; only the first row is this study's result."
    )
    note = "Protocols made for another tube voltage than the scan's show the effect of the voltage's thresholds only."
    return [Table(caption, PROTOCOL_COLUMNS, rows), Paragraph(note, "soft"), _lesions_by_protocol(result)]


def _lesions_by_protocol(result: Mapping[str, Any]) -> Table:
    """Return each lesion's Agatston score under each protocol; protocols with equal scores share a column."""
    groups: dict[tuple[float, ...], list[str]] = {}
    for entry in result["calcium"]["under_protocols"]:
        name = KIND_WORDS["own"] if entry["kind"] == "own" else entry["name"]
        groups.setdefault(tuple(one["agatston"] for one in entry["lesions"]), []).append(name)
    columns = ("Lesion", *(Number(", ".join(names)) for names in groups.values()))
    owners = {lesion["id"]: lesion["territory"] or "in conflict" for lesion in result["calcium"]["lesions"]}
    ids = [one["id"] for one in result["calcium"]["under_protocols"][0]["lesions"]]
    rows = [
        Row([f"{number} {owners[number]}", *(format_value(scores[k], "agatston") for scores in groups)])
        for k, number in enumerate(ids)
    ]
    caption = (
        "Agatston score of each lesion under each protocol; protocols that score all of them alike share a column."
    )
    return Table(caption, columns, rows)


def suggestion_tables(result: Mapping[str, Any]) -> list[Block]:
    """Return suggested candidates and those rejected near the heart; nothing without a search."""
    search = result["calcium"].get("search")
    if search is None:
        return []
    rows = [
        Row([one["territory"], format_value(one["confidence"], "share"), *_candidate(one)])
        for one in result["calcium"].get("suggestions") or []
    ]
    caption = "Candidates that nobody pointed at, with a suggested territory. Suggestions are wrong at times."
    found = Table(caption, SUGGESTION_COLUMNS, rows) if rows else Paragraph("Nothing is suggested.")
    return [Paragraph(_where(search)), found, *_left_out(search)]


def _left_out(search: Mapping[str, Any]) -> list[Block]:
    """Return rejected candidates near the heart: the number and the largest for each reason."""
    words: Mapping[str, str] = load_table("territories")["left_out"]
    rows = []
    for reason, why in words.items():
        found = [one for one in search["left_out"] if one["reason"] == reason]
        if found:
            largest = max(found, key=lambda one: one["volume_mm3"])
            rows.append(Row([why, format_value(len(found), "count"), *_candidate(largest)]))
    if search["too_small"]:
        rows.append(Row(["too small to score", format_value(search["too_small"], "count"), "—", "—", "—"]))
    caption = "Candidates near the heart that are not suggested; result.json lists each of them."
    return [Table(caption, LEFT_OUT_COLUMNS, rows)] if rows else []


def _candidate(one: Mapping[str, Any]) -> list[str]:
    place = ", ".join(format_value(v, "position_mm") for v in one["position_ras_mm"])
    return [format_value(one["volume_mm3"], "volume_mm3"), format_value(one["peak_hu"], "peak_hu"), place]


def _where(search: Mapping[str, Any]) -> str:
    """Return the search region in words."""
    if search["found_by"] == "segmentation":
        return "Looked for in the segmented heart and within 12 mm of it."
    top = {
        "carina": "below the carina",
        "aortic arch": "below the aortic arch, as no carina was found",
        "scan": "from the top of the scan, which has no carina",
    }[search["top"]]
    return f"Looked for between the lungs, in front of the descending aorta, {top}."
