"""Transfer syntaxes: which are read as they are, which GDCM decodes, and what the others are called."""

from __future__ import annotations

import warnings

# Read without a decoder; a file of before 1993 names none.
PLAIN_SYNTAXES = {"", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"}
# What the GDCM in SimpleITK (and in Slicer) decodes: JPEG baseline, extended, lossless (both), JPEG-LS (both),
# JPEG 2000 (both), RLE, and GE's own byte order. Of a deflated file that is too short it would make values up.
GDCM_SYNTAXES = PLAIN_SYNTAXES | {
    *("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"),
    *("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"),
    *("1.2.840.10008.1.2.5", "1.2.840.113619.5.2"),
}
DEFLATED = "1.2.840.10008.1.2.1.99"
# Values that these give back are not those of the scanner.
LOSSY_SYNTAXES = {
    *("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91"),
    *("1.2.840.10008.1.2.4.203", "1.2.840.10008.1.2.4.112"),
}


def syntax_name(syntax: str) -> str:
    """Return what a transfer syntax is called, its UID where nobody has named it."""
    import pydicom  # the name alone needs its dictionary

    with warnings.catch_warnings():
        # A damaged one is named as it is.
        warnings.simplefilter("ignore")
        return str(pydicom.uid.UID(syntax).name) if syntax else "unknown"
