"""Interpret free text in Contrast/Bolus Agent."""

from __future__ import annotations

import re
import unicodedata

from CACBoneAxisLib.data import load_table

SILENT = re.compile(
    r"N ?/ ?A|NOT? (APPLICABLE|STATED|SPECIFIED|KNOWN|AVAILABLE|RECORDED|DATA|INFO\w*)"
    r"|KEINE ANGABEN?|NON (RENSEIGNE|PRECISE)"
)
PARTS = re.compile(r"[\s,;:()\[\]_=|/^&]+")
VOLUME = re.compile(r"(\d+(?:[.,]\d+)?) ?(ML|CC)\b")


def contrast_stated(words: str) -> tuple[bool | None, bool]:
    """Return whether the text of Contrast/Bolus Agent says that contrast agent was given, and whether it is understood.

    True where an agent is named or affirmed, False where it is denied, None where the text
    does not tell (``N/A``, by mouth), contradicts itself or is unknown; only the last two
    count as not understood.
    """
    table = load_table("contrast_words")
    denials, silences, affirmations = (frozenset(table[key]) for key in ("denied", "silent", "given"))
    plain = unicodedata.normalize("NFKD", words.upper())
    plain = "".join(one for one in plain if not unicodedata.combining(one)).strip()
    plain = re.sub(r"\bNON[ -]?IONIC", "NONIONIC", plain)
    if not plain.strip("-_.?*/ ") or plain in silences or SILENT.fullmatch(plain):
        return None, True
    tokens = {plain, *PARTS.split(plain.replace("W/O", "WITHOUT"))} - {""}
    tokens |= {part for token in tokens if not token.endswith(("-", "+")) for part in token.split("-") if part}
    tokens |= {token.strip(".") for token in tokens} - {""}
    named = any(token.startswith(tuple(table["agents"])) for token in tokens)
    amounts = [float(one[1].replace(",", ".")) for one in VOLUME.finditer(plain)]
    denied = bool(tokens & denials) or any(token.startswith(("UNENHANC", "NATIV")) for token in tokens)
    denied = denied or (bool(amounts) and not any(amounts))
    given = named or bool(tokens & affirmations) or any(amounts)
    mouth = bool(tokens & set(table["by_mouth"])) or any(
        token.startswith(tuple(table["by_mouth_beginnings"])) for token in tokens
    )
    if denied:
        # "No IV contrast" is a denial; a named agent together with a denial is ambiguous, and so is "pre and post".
        return (None, False) if named or "POST" in tokens else (False, True)
    if mouth:
        return (True if tokens & {"IV", "I.V", "INTRAVENOUS"} else None), True
    if tokens & silences:
        return None, True
    return (True, True) if given else (None, False)
