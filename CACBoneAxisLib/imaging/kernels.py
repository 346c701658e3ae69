"""Which reconstruction kernels are known to be sharp."""

from __future__ import annotations

import re

from CACBoneAxisLib.data import load_table


def is_sharp(kernel: str | None, manufacturer: str | None = None) -> bool:
    """Return whether a kernel is one that its vendor made for the detail of lung or bone.

    Names and their sources stand in ``data/kernels.json``; a kernel that is not there is
    not called sharp.
    """
    if not kernel:
        return False
    vendor = (manufacturer or "").lower()
    name = kernel.strip().upper()
    for entry in load_table("kernels")["kernels"]:
        of_vendor = re.search(rf"\b({entry['manufacturer']})", vendor) is not None
        if vendor and not of_vendor:
            continue
        # Siemens puts the strength of iterative reconstruction behind the name ("Br38f 3").
        if any(re.fullmatch(entry["pattern"], one, re.IGNORECASE) for one in {name, name.split()[0]}):
            return True
    return False
