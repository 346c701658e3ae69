"""Transfer syntaxes: read directly, decoded by GDCM, or named in a refusal."""

from __future__ import annotations

import warnings

# Read without a decoder; files from before 1993 name no syntax.
PLAIN_SYNTAXES = {"", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"}
# What the GDCM in SimpleITK (and in Slicer) decodes: JPEG baseline, extended, lossless (both), JPEG-LS (both),
# JPEG 2000 (both), RLE, and GE's own byte order. It would invent values for a truncated deflated file.
GDCM_SYNTAXES = PLAIN_SYNTAXES | {
    *("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"),
    *("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91"),
    *("1.2.840.10008.1.2.5", "1.2.840.113619.5.2"),
}
DEFLATED = "1.2.840.10008.1.2.1.99"
# Lossy: decoded values are not the scanner's.
LOSSY_SYNTAXES = {
    *("1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91"),
    *("1.2.840.10008.1.2.4.203", "1.2.840.10008.1.2.4.112"),
}


def syntax_name(syntax: str) -> str:
    """Return the name of a transfer syntax, or its UID."""
    import pydicom  # only the name needs pydicom's dictionary

    with warnings.catch_warnings():
        # A damaged UID is shown as it is.
        warnings.simplefilter("ignore")
        return str(pydicom.uid.UID(syntax).name) if syntax else "unknown"
