"""Classify spectral CT images: monoenergetic, virtual non-contrast, or material map."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from CACBoneAxisLib.data import load_table
from CACBoneAxisLib.imaging.dicom.elements import first, image_type, number, text

ENERGIES = (re.compile(r"(?<![\d.])(\d{2,3}(?:\.\d+)?) ?KEV\b"), re.compile(r"\b(?:MONO(?: ?E)?[ +]?|ME ?)(\d{2,3})\b"))
LOWEST_KEV, HIGHEST_KEV = 35.0, 200.0
MACRO = "the multi-energy macro"


@dataclass(frozen=True)
class SpectralImage:
    """Classification of a spectral image, and its evidence.

    Parameters
    ----------
    kind : ``map``, ``virtual non-contrast``, ``monoenergetic`` or ``unclear``
    words : in words, with the energy where it is known
    by : part of the header that says so
    """

    kind: str
    words: str
    by: str


def spectral_image(header: Any, frame_type: str = "") -> SpectralImage | None:
    """Classify a header as a spectral image; None for an image at a tube voltage.

    Parameters
    ----------
    header : classic or enhanced, pydicom dataset
    frame_type : Frame Type of an enhanced CT, in words
    """
    original = (image_type(header) or ("",))[0].upper() == "ORIGINAL"
    kinds = _plain(" ".join((*image_type(header), frame_type)))
    description = _plain(text(header, "SeriesDescription"))
    energy = _energy(header, f"{kinds} {description}")
    at = f", {energy:g} keV" if energy is not None else ""
    for by, words, key in (("Image Type", kinds, "type"), ("the series description", description, "described")):
        for row in load_table("spectral_images")["rows"]:
            if re.search(row[key], words):
                # A description alone does not turn an original image into a map.
                kind = "unclear" if row["kind"] == "map" and key == "described" and original else row["kind"]
                return SpectralImage(kind, row["words"] + (at if kind == "monoenergetic" else ""), by)
    if text(header, "RescaleType").upper() == "HU_MOD":
        return SpectralImage("unclear", "image with modified Hounsfield units", "Rescale Type")
    if _macro_energy(header) is not None:
        return SpectralImage("monoenergetic", f"virtual monoenergetic image{at}", MACRO)
    if text(header, "MultienergyCTAcquisition").upper() == "YES" and not original:
        return SpectralImage("unclear", "image derived from several energies", MACRO)
    return None


def _plain(words: str) -> str:
    return " ".join(words.upper().replace("_", " ").split())


def _macro_energy(header: Any) -> float | None:
    shared = first(header, "SharedFunctionalGroupsSequence")
    places = [header, *(first(header, name) for name in ("MultienergyCTProcessingSequence",))]
    places += [first(one, "MultienergyCTCharacteristicsSequence") for one in (header, shared)]
    places += [first(shared, "MultienergyCTProcessingSequence")]
    return next((v for one in places if (v := number(one, "MonoenergeticEnergyEquivalent")) is not None), None)


def _energy(header: Any, words: str) -> float | None:
    stated = _macro_energy(header)
    if stated is None:
        stated = next((float(found[1]) for one in ENERGIES if (found := one.search(words))), None)
    return stated if stated is not None and LOWEST_KEV <= stated <= HIGHEST_KEV else None
