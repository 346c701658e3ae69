"""Approval and trail of a reading, kept with the result; they change no number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Action:
    """An action of a reader: when (UTC, ISO 8601), what, and who if stated."""

    time: str
    action: str
    by: str = ""


@dataclass(frozen=True)
class Approval:
    """Approval of a reading: by whom, and when (UTC, ISO 8601)."""

    name: str
    time: str


@dataclass(frozen=True)
class Trail:
    """Actions of a reading, oldest first, and its approval, None where it is not approved."""

    actions: tuple[Action, ...] = ()
    approval: Approval | None = None

    def to_mapping(self) -> dict[str, Any]:
        """Return the provenance entries of ``result.json``; none for a reading without a trail."""
        if not self.actions and self.approval is None:
            return {}
        approved = None if self.approval is None else {"name": self.approval.name, "time": self.approval.time}
        actions = [{"time": a.time, "action": a.action, **({"by": a.by} if a.by else {})} for a in self.actions]
        return {"approved": approved, "trail": actions}

    @classmethod
    def from_mapping(cls, provenance: Mapping[str, Any]) -> Trail:
        """Return the trail from the provenance of a ``result.json``, empty without one."""
        approved = provenance.get("approved")
        return cls(
            tuple(Action(str(a["time"]), str(a["action"]), str(a.get("by", ""))) for a in provenance.get("trail", ())),
            Approval(str(approved["name"]), str(approved["time"])) if approved else None,
        )
