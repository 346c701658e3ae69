"""Where an output may be written: what it may replace, and what it never touches.

An output replaces only an earlier output of the same command and the same study; one of another
study is moved aside. It is never written over, above or below one of its inputs. Anything else at
its place is moved aside only when the user asks for it (``--overwrite``). Nothing is removed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CACBoneAxisLib.imaging.findings import refusal
from CACBoneAxisLib.imaging.jsontext import parse_json
from CACBoneAxisLib.study.atomic import replacing

# Why the output may not replace what is there; they go into the sentence of ``result-exists``.
FOREIGN = "already exists and is no earlier output of this command"
OTHER = "holds the output of another study"
APPROVED = "holds a reading that was approved"
CORRECTED = "holds a reading that was corrected in review"


def _no_work(content: Mapping[str, Any]) -> str | None:
    return None


@dataclass(frozen=True)
class OutputKind:
    """The output folders of one command.

    Parameters
    ----------
    main : name of the JSON file that identifies such a folder
    schemas : that the file may have
    files : names of everything that may lie in the folder, ``*.svg`` for all of a kind
    study : identities of what an output was made of (SHA-256 of images, for instance), from the main file
    work : why replacing it would lose a person's work, from the main file; None where it would not
    """

    main: str
    schemas: tuple[str, ...]
    files: frozenset[str]
    study: Callable[[Mapping[str, Any]], Iterable[str | None]]
    work: Callable[[Mapping[str, Any]], str | None] = _no_work

    def content(self, folder: Path) -> Mapping[str, Any] | None:
        """Return the main file of a folder of this kind; None for any other folder."""
        try:
            content = parse_json((folder / self.main).read_bytes())
        except (OSError, ValueError):
            return None
        ours = isinstance(content, dict) and content.get("schema") in self.schemas
        return content if ours and not self.has_foreign(folder) else None

    def has_foreign(self, folder: Path) -> bool:
        """Return whether a folder holds something that no output of this kind has."""
        return any(not any(path.match(name) for name in self.files) for path in folder.iterdir())

    def studies(self, content: Mapping[str, Any]) -> set[str]:
        """Return the identities in a main file; empty where it does not say them."""
        with suppress(KeyError, TypeError, AttributeError, ValueError):
            found = set(self.study(content))
            return {identity for identity in found if identity} if None not in found else set()
        return set()


@dataclass(frozen=True)
class Destination:
    """Where one run of a command writes.

    Parameters
    ----------
    path : of the output
    kind : of a folder; None for a single file, which replaces only a file of equal content
    inputs : files and folders that the command reads
    overwrite : whether what may not be replaced is moved to ``NAME.replaced-N``
    owned : whether the place belongs to the caller, who answers for what is replaced there
    """

    path: Path
    kind: OutputKind | None = None
    inputs: Sequence[str | Path] = ()
    overwrite: bool = False
    owned: bool = False

    def check(self, study: Iterable[str | None] | None = None) -> str:
        """Raise where the output may not be written; return what will be moved aside, in words, empty for nothing.

        Parameters
        ----------
        study : identities of what the output is made of; None before they are known

        Raises
        ------
        UnusableInputError
            When the path meets an input, or something there may not be replaced.
        """
        self.check_inputs()
        reason = self._protected(study)
        if reason not in (None, OTHER) and not self.overwrite:
            raise refusal("result-exists", folder=self.path.name, why=reason, aside=self.aside().name)
        return "" if reason is None else f"What was in {self.path.name} is now in {self.aside().name}."

    def check_inputs(self) -> None:
        """Raise UnusableInputError where the path is an input, or a folder above or below one."""
        path = self.path.resolve()
        for given in self.inputs:
            other = Path(given).resolve()
            if path == other or path in other.parents or other in path.parents:
                raise refusal("output-on-input", folder=self.path.name)

    def set_aside(self) -> None:
        """Move what is at the path to ``NAME.replaced-N``; nothing where there is nothing."""
        if self.path.exists() or self.path.is_symlink():
            self.path.rename(self.aside())

    def write(self, fill: Callable[[Path], None], study: Iterable[str | None] = ()) -> Path:
        """Write the output atomically and return its path.

        Parameters
        ----------
        fill : called with the unfinished folder, or the path of the unfinished file
        study : identities of what the output is made of

        Raises
        ------
        UnusableInputError
            As :meth:`check`; nothing has changed.
        OSError
            When it cannot be written; nothing has changed.
        """
        study = tuple(study)
        path = self.path.absolute()
        if self.kind is not None:
            self.check(study)
        with replacing(path, sweep=not self.owned) as unfinished:
            if self.kind is not None:
                unfinished.mkdir()
            fill(unfinished)
            same = self.kind is None and path.is_file() and path.read_bytes() == unfinished.read_bytes()
            if self.kind is None and not same:
                self.check(study)
            if not same and self._protected(study) is not None:
                self.set_aside()
        return path

    def _protected(self, study: Iterable[str | None] | None) -> str | None:
        """Return why what is at the path may not be replaced; None where it may."""
        path = self.path
        if not path.exists() and not path.is_symlink():
            return None
        if self.kind is None or not path.is_dir():
            return FOREIGN
        if not any(path.iterdir()):
            return None
        if self.owned:
            return FOREIGN if self.kind.has_foreign(path) else None
        content = self.kind.content(path)
        if content is None:
            return FOREIGN
        try:
            reason = self.kind.work(content)
        except (AttributeError, TypeError):
            return FOREIGN
        if reason:
            return reason
        earlier = self.kind.studies(content)
        other = study is not None and (not earlier or not earlier <= set(study))
        return OTHER if other else None

    def aside(self) -> Path:
        """Return the path that what may not be replaced is moved to."""
        path = self.path.absolute()
        number = 1
        while (aside := path.with_name(f"{path.name}.replaced-{number}")).exists() or aside.is_symlink():
            number += 1
        return aside


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON file of ours: UTF-8, LF, no NaN."""
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
