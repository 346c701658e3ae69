"""Rows for the statistics: results joined with the clinical table, and what was left out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from CACBoneAxisLib.cohort.changes import change_rows
from CACBoneAxisLib.cohort.manifest import read_csv
from CACBoneAxisLib.cohort.schema import result_columns
from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.integrity import content_sha256
from CACBoneAxisLib.report.quantities import SUBJECTS, quantities
from CACBoneAxisLib.study.settings import AGES, KVPS, PATIENT_LIMITS

SEXES = {"f": "F", "female": "F", "w": "F", "m": "M", "male": "M"}
JOIN_COLUMNS = ("study_id", "patient_id")
# Read where the table has them; the statistics need no more, however many columns and rows there are.
NEEDED = (
    *(
        "study_id",
        "patient_id",
        "scan_date",
        "age_years",
        "sex",
        "bmi_kg_m2",
        "kvp",
        "contrast",
        "agatston",
        "volume_mm3",
        "mass_mg",
    ),
    *("slice_increment_mm", "kernel", "manufacturer", "model"),
    *("mean_hu", "bmd_mg_cm3", "bmd_material", "bone_levels", "acr_class", "settings_sha256"),
)


@dataclass(frozen=True, eq=False)
class Cohort:
    """One row per patient, with remarks on exclusions.

    Parameters
    ----------
    data : pandas DataFrame
    scans : all scans, before later scans of a patient were dropped
    remarks : exclusions and assumptions, one sentence each
    clinical : columns added by the clinical table
    """

    data: Any
    scans: Any
    remarks: tuple[str, ...] = ()
    clinical: tuple[str, ...] = field(default=())


def require(package: str, what: str = "The statistics") -> None:
    """Raise with install instructions when a package of the extra ``cohort`` is missing."""
    import importlib.util

    if importlib.util.find_spec(package) is None:
        raise refusal("extra-missing", what=what, package=package, extra="cohort")


def read_results(path: str | Path) -> Any:
    """Return the results as a DataFrame: the folder of a batch, results.csv, or results.parquet whole or in parts.

    Raises
    ------
    UnusableInputError
        When it is none of these.
    """
    import pandas

    path = _results_table(Path(path))
    kinds = {name: kind for name, (kind, *_) in result_columns().items()}
    if path.is_dir() or path.suffix == ".parquet":
        require("pyarrow", "results.parquet")
        import pyarrow.dataset

        stored = pyarrow.dataset.dataset(path, format="parquet")
        names = [name for name in stored.schema.names if _wanted(name)]
        data = stored.to_table(columns=names).to_pandas()
    else:
        table = read_csv(path)
        kept = [name for name in table.header if _wanted(name)]
        numeric = [name for name in kept if kinds[name] in ("number", "integer")]
        data = pandas.DataFrame(
            {name: table.numbers(name, must=True) if name in numeric else table.words(name) for name in kept}
        )
    missing = [name for name in ("study_id", "agatston", "mean_hu") if name not in data.columns]
    if missing:
        raise refusal("table-columns", file=path.name, problem=f"it has no column {missing[0]}")
    for name in data.columns:
        if kinds[name] in ("number", "integer"):
            data[name] = data[name].astype(float)
        elif kinds[name] == "text":
            data[name] = data[name].where(data[name].notna() & (data[name] != ""), None).astype(object)
    _check_possible(data, path.name)
    for name in NEEDED:
        if name not in data.columns:
            data[name] = None
    if not len(data):
        raise refusal("table-columns", file=path.name, problem="it has no row")
    return data


def table_sha256(path: str | Path) -> str:
    """Return the SHA-256 of a table as :func:`read_results` or :func:`read_clinical` reads it."""
    table = _results_table(Path(path))
    return content_sha256(sorted(table.glob("*.parquet")) if table.is_dir() else [table])


def _results_table(path: Path) -> Path:
    """Return the table that a path means: of a batch's folder results.parquet or results.csv, else the path itself."""
    if (path.is_dir() and not any(path.glob("*.parquet"))) or (path / "results.parquet").exists():
        return next((p for p in (path / "results.parquet", path / "results.csv") if p.exists()), path / "results.csv")
    return path


def _wanted(name: str) -> bool:
    return name in NEEDED and name in result_columns()


def read_clinical(path: str | Path) -> Any:
    """Return a clinical table as a DataFrame; columns of numbers are numbers, empty cells are missing.

    Raises
    ------
    UnusableInputError
        When it is no CSV, has neither ``study_id`` nor ``patient_id``, or says something twice.
    """
    import pandas

    path = Path(path)
    table = read_csv(path)
    header = list(table.header)
    key = next((name for name in JOIN_COLUMNS if name in header), None)
    if key is None:
        raise refusal("table-columns", file=path.name, problem="it has neither study_id nor patient_id")
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise refusal("table-columns", file=path.name, problem=f"it has two columns {twice[0]}")
    for number, cells in table.rows:
        if any(cells[len(header) :]):
            raise refusal("table-columns", file=path.name, problem=f"line {number} has more cells than the header")
    columns: dict[str, Any] = {}
    for name in header:
        numbers = None if name in JOIN_COLUMNS else table.numbers(name)
        columns[name] = table.words(name) if numbers is None else pandas.Series(numbers, dtype=float)
    data = pandas.DataFrame(columns)
    _check_possible(data, path.name)
    repeated = data[key][data[key].duplicated()]
    if len(repeated):
        raise refusal("table-columns", file=path.name, problem=f"{len(repeated)} rows repeat a {key}")
    return data.set_index(key)


def _check_possible(data: Any, file: str) -> None:
    """Raise UnusableInputError for a number that nobody can have."""
    limits = {"age_years": AGES, "kvp": KVPS, **PATIENT_LIMITS}
    limits |= {one.csv: one.limits for s in SUBJECTS for one in quantities(s, "cohort") if one.is_number}
    for name, (least, most) in limits.items():
        if name in data.columns and data[name].dtype == float:
            wrong = data[name][(data[name] < least) | (data[name] > most)]
            if len(wrong):
                raise refusal("value-impossible", file=file, column=name, value=f"{wrong.iloc[0]:g}")


def make_cohort(results: Any, clinical: Any = None) -> Cohort:
    """Join the clinical table to the results and keep the first scan of every patient.

    Age and sex of the clinical table fill in what the results lack.
    """
    remarks: list[str] = []
    data = results.copy()
    added: tuple[str, ...] = ()
    if clinical is not None:
        key = clinical.index.name
        unmatched = int((~data[key].isin(clinical.index)).sum())
        if unmatched == len(data) and set(data[key].str.lstrip("0")) & set(clinical.index):
            raise refusal("ids-without-zeros", file="The clinical table", key=key)
        if unmatched:
            remarks.append(f"{unmatched} of {len(data)} studies have no row in the clinical table.")
        unused = int((~clinical.index.isin(data[key])).sum())
        if unused:
            remarks.append(f"{unused} rows of the clinical table belong to no study of the results.")
        for name in clinical.columns:
            found = data[key].map(clinical[name])
            data[name] = data[name].where(data[name].notna(), found) if name in data.columns else found
        added = tuple(name for name in clinical.columns if name not in results.columns)
    said = data["sex"].map(lambda text: SEXES.get(str(text).strip().lower()) if isinstance(text, str) else None)
    unread = int((data["sex"].notna() & said.isna()).sum())
    if unread:
        remarks.append(f"The sex of {unread} studies is neither F nor M and counts as unknown.")
    data["sex"] = said.astype(object).where(said.notna(), None)
    scans = data
    named = data["patient_id"].notna()
    order = data[named].sort_values(["scan_date", "study_id"], kind="stable")
    later = order.index[order["patient_id"].duplicated()]
    if len(later):
        remarks.append(f"{len(later)} later scans of patients with several are left out; each patient counts once.")
        remarks += follow_up_words(change_rows(data.to_dict("records")))
        data = data.drop(index=later)
    remarks += _mixtures(data)
    return Cohort(data.reset_index(drop=True), scans, tuple(remarks), added)


def follow_up_words(changes: list[dict[str, Any]]) -> list[str]:
    """Summarise the change of calcium between successive scans in sentences."""
    known = [row for row in changes if row["beyond_root"] is not None]
    if not known:
        return []
    beyond = sum(row["beyond_root"] for row in known)
    unlike = sum(row["differs"] is not None for row in known)
    words = f"Between {len(known)} pairs of successive scans, calcium progressed in {beyond} by the square-root rule"
    return [f"{words}; {unlike} of the pairs were not scanned and measured alike." if unlike else f"{words}."]


def _mixtures(data: Any) -> list[str]:
    said = []
    for name, words in (
        ("settings_sha256", "by different calcium or bone settings"),
        ("kvp", "at different tube voltages, across which HU of calcium and bone are not the same"),
        ("bone_levels", "at different vertebral levels"),
    ):
        counts = data[name].dropna().value_counts()
        if len(counts) > 1:
            said.append(f"{int(counts.iloc[1:].sum())} of {int(counts.sum())} studies were measured {words}.")
    return said


def bone_measure(data: Any, wanted: str) -> tuple[str, str]:
    """Return the bone measure's column and unit.

    Parameters
    ----------
    data : of a cohort
    wanted : ``bmd``, ``hu``, or ``auto`` for BMD wherever at least half of the measured studies have it

    Raises
    ------
    UnusableInputError
        ``cohort-materials`` when densities are in different materials.
    """
    with_bmd = data["bmd_mg_cm3"].notna()
    if wanted == "hu" or (wanted == "auto" and with_bmd.sum() * 2 < data["mean_hu"].notna().sum()):
        return "mean_hu", "HU"
    materials = sorted(data.loc[with_bmd, "bmd_material"].dropna().unique())
    if len(materials) > 1:
        raise refusal("cohort-materials", materials=" and ".join(materials))
    return "bmd_mg_cm3", f"mg/cm3 {materials[0]}" if materials else "mg/cm3"
