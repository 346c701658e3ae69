"""Figures of a cohort as SVG; the same data give the same bytes."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from CACBoneAxisLib.cohort.agreement import Agreement
from CACBoneAxisLib.cohort.changes import DAYS_A_YEAR
from CACBoneAxisLib.cohort.groups import SEXES, category_names, with_category
from CACBoneAxisLib.data import load_table

COLORS = {"all": "#3b4a5a", "F": "#a4317d", "M": "#1f6fb2"}
STYLE: dict[Any, Any] = {
    "svg.hashsalt": "cacboneaxis",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
SIZE_INCHES = (6.4, 4.0)


@contextmanager
def _axes(write: Callable[[str], None]) -> Iterator[Any]:
    """Yield axes to draw on and pass their SVG to ``write``; no display or global figure is involved."""
    import matplotlib
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        drawing = Figure(figsize=SIZE_INCHES, layout="constrained")
        FigureCanvasSVG(drawing)
        yield drawing.add_subplot()
        stream = io.StringIO()
        drawing.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    # The SVG is inlined; a doctype in the middle of a page is invalid HTML.
    write(re.sub(r"\A.*?(?=<svg)", "", stream.getvalue(), flags=re.DOTALL))


def bone_by_category(data: Any, bone: str, unit: str, scheme: dict[str, Any]) -> str | None:
    """Box plot of bone by calcium category, women and men side by side; None without data."""
    data = with_category(data, scheme)
    data = data[data[bone].notna() & data["category"].notna()]
    if not len(data):
        return None
    names = category_names(scheme)
    found: list[str] = []
    with _axes(found.append) as axes:
        sexes = [sex for sex in ("F", "M") if (data["sex"] == sex).any()] or ["all"]
        for number, sex in enumerate(sexes):
            of_sex = data if sex == "all" else data[data["sex"] == sex]
            place = (number - (len(sexes) - 1) / 2) * 0.36
            for rank, name in enumerate(names):
                values = of_sex.loc[of_sex["category"] == name, bone].to_numpy()
                if len(values):
                    style = {"color": COLORS[sex]}
                    axes.boxplot(
                        values,
                        positions=[rank + place],
                        widths=0.3,
                        boxprops=style,
                        medianprops=style,
                        whiskerprops=style,
                        capprops=style,
                        flierprops={"marker": ".", "markeredgecolor": COLORS[sex], "markersize": 4},
                    )
                    axes.annotate(str(len(values)), (rank + place, values.min()), (0, -12), textcoords="offset points",
                                  ha="center", fontsize=8, color=COLORS[sex])  # fmt: skip
            axes.plot([], [], color=COLORS[sex], label=SEXES[sex])
        axes.set_xticks(range(len(names)), names)
        axes.set_xlim(-0.5, len(names) - 0.5)
        axes.margins(y=0.12)
        axes.set_xlabel(f"Coronary calcium: {scheme['scheme']}")
        axes.set_ylabel(f"Bone, {unit}")
        axes.legend(frameon=False)
    return found[0]


def scatter(data: Any, bone: str, unit: str, outcome: str, words: str) -> str | None:
    """Scatter plot of calcium against bone with regression of ln(calcium + 1) by sex; None without data."""
    from scipy.stats import linregress

    used = data[data[bone].notna() & data[outcome].notna()]
    if not len(used):
        return None
    found: list[str] = []
    with _axes(found.append) as axes:
        sexes = [sex for sex in ("F", "M") if (used["sex"] == sex).any()] or ["all"]
        for sex in sexes:
            of_sex = used if sex == "all" else used[used["sex"] == sex]
            x, y = of_sex[bone].to_numpy(dtype=float), np.log1p(of_sex[outcome].to_numpy(dtype=float))
            axes.plot(x, y, ".", color=COLORS[sex], alpha=0.6, label=f"{SEXES[sex]} ({len(x)})")
            if len(x) > 2 and np.ptp(x) > 0:
                line = linregress(x, y)
                ends = np.array([x.min(), x.max()])
                axes.plot(ends, line.intercept + line.slope * ends, color=COLORS[sex])
        axes.set_xlabel(f"Bone, {unit}")
        axes.set_ylabel(f"ln({words} + 1)")
        axes.legend(frameon=False)
    return found[0]


def joint_grid(data: Any, scheme: dict[str, Any]) -> str | None:
    """Grid of patient counts by calcium and bone category; None where no BMD class is known."""
    data = with_category(data, scheme)
    data = data[data["acr_class"].notna() & data["category"].notna()]
    if not len(data):
        return None
    names = category_names(scheme)
    classes = [entry["class"] for entry in load_table("bmd_classes")["classes"]]
    counts = np.array(
        [[int(((data["category"] == a) & (data["acr_class"] == b)).sum()) for a in names] for b in classes]
    )
    found: list[str] = []
    with _axes(found.append) as axes:
        axes.imshow(counts, cmap="Blues", aspect="auto")
        for (y, x), n in np.ndenumerate(counts):
            ink = "white" if n > counts.max() / 2 else "black"
            axes.text(x, y, f"{n}\n{100 * n / counts.sum():.0f} %", ha="center", va="center", color=ink)
        axes.set_xticks(range(len(names)), names)
        axes.set_yticks(range(len(classes)), [name.replace("-", " ") for name in classes])
        axes.set_xlabel(f"Coronary calcium: {scheme['scheme']}")
        axes.set_ylabel("BMD class")
    return found[0]


def bland_altman(first: Sequence[float], second: Sequence[float], found_: Agreement) -> str | None:
    """Bland-Altman plot with bias and limits; None without pairs."""
    x, y = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    both = np.isfinite(x) & np.isfinite(y)
    if found_.bias is None:
        return None
    found: list[str] = []
    with _axes(found.append) as axes:
        axes.plot((x[both] + y[both]) / 2, y[both] - x[both], ".", color=COLORS["all"])
        for value, style in ((found_.bias, "-"), (found_.limit_low, "--"), (found_.limit_high, "--")):
            axes.axhline(value, color="#b3261e", linestyle=style, linewidth=1)
            axes.annotate(f"{value:.3g}", (1, value), xycoords=("axes fraction", "data"), fontsize=8, va="bottom",
                          ha="right")  # fmt: skip
        axes.set_xlabel(f"Mean of both: {found_.quantity}")
        axes.set_ylabel("Second minus first")
    return found[0]


def follow_up(data: Any) -> str | None:
    """Square root of the Agatston score over years since the first scan, one line per patient; None without any."""
    import pandas

    used = data[data["patient_id"].notna() & data["scan_date"].notna() & data["agatston"].notna()]
    used = used.assign(day=pandas.to_datetime(used["scan_date"], errors="coerce")).dropna(subset=["day"])
    used = used[used["patient_id"].duplicated(keep=False)].sort_values(["day", "study_id"])
    if not len(used):
        return None
    found: list[str] = []
    with _axes(found.append) as axes:
        for _, scans in used.groupby("patient_id", sort=True):
            years = (scans["day"] - scans["day"].iloc[0]).dt.days / DAYS_A_YEAR
            sex = scans["sex"].iloc[0]
            axes.plot(years, np.sqrt(scans["agatston"]), ".-", color=COLORS.get(sex, COLORS["all"]), alpha=0.6)
        axes.set_xlabel("Years since the first scan")
        axes.set_ylabel("Square root of the Agatston score")
    return found[0]


def beside_published(own: Sequence[tuple[str, float, float]]) -> str | None:
    """Plot the cohort's groups (name, mean, SD) above published ones, mg/cm3; None without groups."""
    if not own:
        return None
    rows = [(f"here: {name}", mean, sd, COLORS["M"]) for name, mean, sd in own]
    for row in load_table("published_cohorts")["rows"]:
        name = f"{row['study']}, {row['population']}, {row['site']}: {row['group']}"
        rows.append((name, row["mean_mg_cm3"], row["sd_mg_cm3"], COLORS["all"]))
    found: list[str] = []
    with _axes(found.append) as axes:
        axes.figure.set_size_inches(SIZE_INCHES[0] + 1.4, 0.26 * len(rows) + 0.8)
        for place, (_, mean, sd, color) in enumerate(rows):
            axes.errorbar(mean, -place, xerr=sd, fmt="o", color=color, markersize=4, capsize=2)
        axes.set_yticks([-place for place in range(len(rows))], [row[0] for row in rows], fontsize=7)
        axes.set_xlabel("BMD, mg/cm3: mean and SD")
    return found[0]
