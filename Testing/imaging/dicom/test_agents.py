from __future__ import annotations

import pytest

from CACBoneAxisLib.imaging.dicom.agents import contrast_stated

DENIED = (
    "PRE CONTRAST",
    *(
        "NONE",
        "no",
        "WITHOUT CONTRAST",
        "NO IV CONTRAST",
        "NON CONTRAST",
        "non-contrast",
        "W/O CONTRAST",
        "C-",
        "PLAIN",
    ),
    *("UNENHANCED", "NOT GIVEN", "0ml", "0 ml", "ohne KM", "nativ", "CT natif", "sans injection", "senza mdc"),
    *("SIN CONTRASTE", "sem contraste", "bez kontrastu", "KM-", "None.", "平扫"),
)
GIVEN = (
    *("IV", "OMNIPAQUE", "APPLIED", "Ultravist 370", "ISOVUE300/100", "Iomeron 400 80ml", "Non-ionic", "80 ml", "YES"),
    *("KM i.v.", "w/ contrast", "C+", "oral and IV", "contraste IV", "IOHEXOL", "CONTRAST"),
)
NOTHING = (
    "",
    "-",
    "--",
    "N/A",
    "NA",
    "n/a",
    "UNKNOWN",
    "not applicable",
    "keine Angabe",
    "?",
    "ORAL",
    "Omnipaque oral",
)
UNKNOWN = ("PRE/POST CONTRAST", "KMX", "Jopamiro", "without Omnipaque", "gadolinium")


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        *((words, (False, True)) for words in DENIED),
        *((words, (True, True)) for words in GIVEN),
        *((words, (None, True)) for words in NOTHING),
        *((words, (None, False)) for words in UNKNOWN),
    ],
)
def test_words_affirm_deny_say_nothing_or_are_not_understood(words, meaning):
    assert contrast_stated(words) == meaning
