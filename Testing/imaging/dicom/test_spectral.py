from __future__ import annotations

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from CACBoneAxisLib.imaging.dicom.spectral import spectral_image

ORIGINAL, DERIVED = ["ORIGINAL", "PRIMARY", "AXIAL"], ["DERIVED", "SECONDARY", "AXIAL"]


def header(kinds, description="", **more) -> Dataset:
    made = Dataset()
    made.ImageType, made.SeriesDescription = kinds, description
    for keyword, value in more.items():
        setattr(made, keyword, value)
    return made


def macro(kev) -> dict[str, Sequence]:
    item = Dataset()
    item.MonoenergeticEnergyEquivalent = kev
    return {"MultienergyCTCharacteristicsSequence": Sequence([item])}


@pytest.mark.parametrize(
    ("made", "kind", "words"),
    [
        (header([*DERIVED, "CT_SOM5 MONO", "DE_MONO", "MONO_E40"]), "monoenergetic", "40 keV"),
        (header([*DERIVED, "SPECTRAL", "MONOE"], "MonoE 40keV[HU]"), "monoenergetic", "40 keV"),
        (header(DERIVED, "QC MONO 55.5 keV"), "monoenergetic", "55.5 keV"),
        (header(DERIVED, "ME 70"), "monoenergetic", "70 keV"),
        (header([*DERIVED, "VMI"]), "monoenergetic", "virtual monoenergetic image"),
        (header(ORIGINAL, **macro(50.0)), "monoenergetic", "50 keV"),
        (header([*DERIVED, "MAT_REMOVED"]), "virtual non-contrast", ""),
        (header(DERIVED, "VNC 3.0 Br40"), "virtual non-contrast", ""),
        (header(DERIVED, "Virtual unenhanced"), "virtual non-contrast", ""),
        (header([*DERIVED, "MAT_SPECIFIC"]), "map", ""),
        (header([*DERIVED, "EFF_ATOMIC_NUM"]), "map", ""),
        (header([*DERIVED, "ELECTRON_DENSITY"]), "map", ""),
        (header(DERIVED, "Iodine(Water)"), "map", ""),
        (header(DERIVED, "Z Effective"), "map", ""),
        (header(DERIVED, "VNCa spine"), "map", ""),
        (header(DERIVED, MultienergyCTAcquisition="YES"), "unclear", ""),
        # A name alone makes no map of what the scanner reconstructed.
        (header(ORIGINAL, "Electron density phantom"), "unclear", ""),
    ],
)
def test_images_of_several_energies_are_told_by_what_their_headers_say(made, kind, words):
    found = spectral_image(made)
    assert found is not None and found.kind == kind and words in found.words


@pytest.mark.parametrize(
    "made",
    [
        header(ORIGINAL, "CaScore 3.0 120 kV"),
        header([*ORIGINAL, "CT_SOM5 MON"], "PreMonitoring"),
        header(DERIVED, "Thorax Br40 3.0"),
        header(ORIGINAL, "Chest", MultienergyCTAcquisition="YES"),
        header(ORIGINAL, "CTA contrast 80 ml"),
    ],
)
def test_images_at_a_tube_voltage_are_none_of_them(made):
    assert spectral_image(made) is None
