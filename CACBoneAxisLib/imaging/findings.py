"""Findings: what a reader must know about a number, or why there is none.

``data/findings.json`` lists every code with its severity, its sentence and its effect on the two
questions; the code that raises one fills in the values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from CACBoneAxisLib.data import load_table

Severity = Literal["note", "warning", "error"]
Verdict = Literal["standard", "opportunistic", "unsuitable"]
VERDICTS: tuple[Verdict, ...] = ("standard", "opportunistic", "unsuitable")


@dataclass(frozen=True)
class Finding:
    """A finding: code of the catalogue, severity, and the sentence shown."""

    code: str
    severity: Severity
    message: str


class UnusableInputError(ValueError):
    """Input that cannot be used; ``str()`` is one sentence for the user, with ``values`` filled in."""

    def __init__(self, code: str, message: str, values: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.values = dict(values or {})


def _fill(code: str, values: dict[str, Any]) -> tuple[Severity, str]:
    entry = load_table("findings")["findings"][code]
    return entry["severity"], entry["message"].format(**values)


def finding(code: str, **values: Any) -> Finding:
    """Return a finding with the values filled into its sentence.

    Raises
    ------
    KeyError
        When the catalogue lacks the code, or a value is missing.

    Examples
    --------
    >>> finding("lesion-edge", seed="LAD-1").severity
    'warning'
    """
    severity, message = _fill(code, values)
    return Finding(code, severity, message)


def refusal(code: str, **values: Any) -> UnusableInputError:
    """Return the refusal ``code``, to be raised, with the values filled into its sentence."""
    return UnusableInputError(code, _fill(code, values)[1], values)


def verdict(question: Literal["calcium", "bone"], findings: Iterable[Finding]) -> Verdict:
    """Return the suitability of a scan with these findings for one of the two questions.

    The worst effect of any of the codes; ``standard`` where none has one.
    """
    catalogue = load_table("findings")["findings"]
    worst = 0
    for item in findings:
        effect = catalogue[item.code].get(question)
        if effect is not None:
            worst = max(worst, VERDICTS.index(effect))
    return VERDICTS[worst]
