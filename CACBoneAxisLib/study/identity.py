"""Identifiers of a study, which outputs leave out unless asked for.

Names of files and folders may name a patient, so they are identifiers too.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from CACBoneAxisLib.bone.levels import parse_level
from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.dicom.elements import text
from CACBoneAxisLib.imaging.dicom.slices import read_header
from CACBoneAxisLib.imaging.findings import UnusableInputError, refusal
from CACBoneAxisLib.imaging.image import CTImage
from CACBoneAxisLib.imaging.markups import Box, PointList
from CACBoneAxisLib.report.wording import territory_table

# Name in the result, and its element in the CT's header.
ELEMENTS = {
    "patient_name": "PatientName",
    "patient_id": "PatientID",
    "birth_date": "PatientBirthDate",
    "accession_number": "AccessionNumber",
    "study_date": "StudyDate",
    "study_uid": "StudyInstanceUID",
    "series_uid": "SeriesInstanceUID",
}
# Suffixes that a name keeps; anything else after a dot may belong to a patient's name.
FORMATS = (".nii.gz", ".mrk.json", ".seg.nrrd", ".nrrd", ".nhdr", ".nii", ".mha", ".mhd", ".dcm", ".json", ".toml")
DIGITS_OF_HASH = 8
WORDS = {
    "ct",
    "image",
    "seeds",
    "rois",
    "regions",
    "vertebrae",
    "heart",
    "settings",
    "reading",
    "aorta",
    "water",
    "rod",
}
# Values of a sentence that are names, and numbers that are counts rather than the number of a patient.
NAMES = {"file", "folder", "image", "name", "region", "seed", "first", "second"}
SHORT_NUMBER = re.compile(r"\d{1,4}")
UID = re.compile(r"\b[0-2](?:\.\d+){5,}\b")


def identifiers(image: CTImage) -> Mapping[str, str]:
    """Return the identifiers of patient and study in a CT's DICOM header, empty for other formats."""
    if not image.slices:
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        header = read_header(image.slices[0][0])
        found = {name: text(header, keyword) for name, keyword in ELEMENTS.items()}
    return {name: value for name, value in found.items() if value}


def neutral_name(name: str, role: str) -> str:
    """Return a neutral file name: the role with the suffix of the format.

    Examples
    --------
    >>> neutral_name("Mustermann_Eva.nii.gz", "image")
    'image.nii.gz'
    """
    lower = name.lower()
    return role + next((suffix for suffix in FORMATS if lower.endswith(suffix)), "")


def neutral_image(image: CTImage) -> CTImage:
    """Return a CT without the name of its file or folder."""
    return replace(image, source=replace(image.source, name=neutral_name(image.source.name, "image")))


def neutral_study_id(image: CTImage) -> str:
    """Return the default name of a study, unique to its image."""
    return f"study-{image.source.sha256[:DIGITS_OF_HASH]}" if image.source.sha256 else "study"


def neutral_boxes(boxes: Sequence[Box]) -> tuple[Box, ...]:
    """Rename regions to their level alone; one without a level keeps the name of its role."""
    named = []
    for box in boxes:
        level = parse_level(box.name) or parse_level(box.label)
        named.append(replace(box, name=level, label=level) if level else box)
    return tuple(named)


def neutral_lists(lists: Sequence[PointList], name: str = "seeds") -> tuple[PointList, ...]:
    """Return point lists without the names of their files."""
    return tuple(replace(one, name=name) for one in lists)


def without_identifiers(said: UnusableInputError | str, paths: Mapping[str, Sequence[str | Path]]) -> str:
    """Replace file names in a sentence by roles, and remove UIDs.

    A name that is a word of the sentences, or a short number, is replaced where it was filled in as a name.

    Parameters
    ----------
    said : an error, or its sentence
    paths : files and folders named by the user, by role (``image``, ``seeds``)
    """
    called: dict[str, str] = {}
    for role, given in paths.items():
        for number, path in enumerate(map(Path, given), start=1):
            neutral = neutral_name(path.name, role if len(given) == 1 else f"{role}-{number}")
            resolved = path.resolve()
            for name in (path.name, resolved.name):
                called |= {str(path): neutral, str(resolved): neutral, name: neutral}
                # A markup without a name takes that of its file.
                stem = name.split(".")[0]
                if not _is_word(stem):
                    called[stem] = neutral.split(".")[0]
    message = str(said)
    if isinstance(said, UnusableInputError) and said.values:
        filled = {k: called.get(v, v) if k in NAMES and isinstance(v, str) else v for k, v in said.values.items()}
        message = str(refusal(said.code, **filled))
    # Longer names first: a file's name may begin with another's.
    telling = (
        name for name in called if len(name) > 1 and not SHORT_NUMBER.fullmatch(name) and name not in _sentences()
    )
    for name in sorted(telling, key=len, reverse=True):
        message = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", called[name], message)
    return UID.sub("...", message)


@cache
def _sentences() -> set[str]:
    """Return the lower-case words of all sentences of findings."""
    entries = load_table("findings")["findings"].values()
    return {word for entry in entries for word in re.findall(r"[a-z]+", entry["message"] + " " + entry["meaning"])}


def _is_word(stem: str) -> bool:
    """Return whether a file name is a word used in sentences: a level, a territory, a role."""
    word = re.sub(r"[-_ ]?\d*$", "", stem).lower()
    return parse_level(stem) is not None or word in WORDS or word.upper() in {t["code"] for t in territory_table()}
