"""Findings: what a reader must know about a number, or why there is none.

Every code, its severity, its sentence and what it does to the two questions
stands in ``data/findings.json``; code that meets a situation names the code and
fills in the values.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from CACBoneAxisLib.data import load_table

Severity = Literal["note", "warning", "error"]
Verdict = Literal["standard", "opportunistic", "unsuitable"]
VERDICTS: tuple[Verdict, ...] = ("standard", "opportunistic", "unsuitable")


@dataclass(frozen=True)
class Finding:
    """One remark: a code of the catalogue, its severity and the sentence shown."""

    code: str
    severity: Severity
    message: str


class UnusableInputError(ValueError):
    """Input that cannot be used; ``str()`` is one sentence for the user."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def _fill(code: str, values: dict[str, Any]) -> tuple[Severity, str]:
    entry = load_table("findings")["findings"][code]
    return entry["severity"], entry["message"].format(**values)


def finding(code: str, **values: Any) -> Finding:
    """Return the finding ``code`` with its sentence filled in from ``values``.

    Raises
    ------
    KeyError
        When the catalogue lacks the code or a value of its sentence is missing.
    """
    severity, message = _fill(code, values)
    return Finding(code, severity, message)


def refusal(code: str, **values: Any) -> UnusableInputError:
    """Return (to be raised) the refusal ``code`` with its sentence filled in."""
    return UnusableInputError(code, _fill(code, values)[1])


def verdict(question: Literal["calcium", "bone"], findings: Iterable[Finding]) -> Verdict:
    """Return how fit a scan with these findings is for one of the two questions.

    The worst effect that the catalogue gives any of the codes; ``standard``
    where none of them has one.
    """
    catalogue = load_table("findings")["findings"]
    worst = 0
    for item in findings:
        effect = catalogue[item.code].get(question)
        if effect is not None:
            worst = max(worst, VERDICTS.index(effect))
    return VERDICTS[worst]
