"""Recognise sharp kernels, and kernels that keep calcium the same at every tube voltage."""

from __future__ import annotations

import re

from CACBoneAxisLib.data import load_table


def is_sharp(kernel: str | None, manufacturer: str | None = None) -> bool:
    """Return whether a kernel is a vendor's lung or bone (edge-enhancing) kernel.

    Names and sources are in ``data/kernels.json``; an unlisted kernel does not count as sharp.
    """
    return _is_listed("kernels", kernel, manufacturer)


def is_calcium_aware(kernel: str | None, manufacturer: str | None = None) -> bool:
    """Return whether calcium measures the same under a kernel at every tube voltage."""
    return _is_listed("calcium_aware", kernel, manufacturer)


def _is_listed(table: str, kernel: str | None, manufacturer: str | None) -> bool:
    if not kernel or not kernel.strip():
        return False
    vendor = (manufacturer or "").lower()
    name = kernel.strip().upper()
    tables = load_table("kernels")
    # Anonymisers write any word for the manufacturer; a name is then compared with every vendor's.
    vendors = {entry["manufacturer"] for rows in (tables["kernels"], tables["calcium_aware"]) for entry in rows}
    known = any(re.search(rf"\b({one})", vendor) for one in vendors)
    for entry in tables[table]:
        if known and re.search(rf"\b({entry['manufacturer']})", vendor) is None:
            continue
        # Siemens puts the strength of iterative reconstruction behind the name ("Br38f 3").
        if any(re.fullmatch(entry["pattern"], one, re.IGNORECASE) for one in {name, name.split()[0]}):
            return True
    return False
