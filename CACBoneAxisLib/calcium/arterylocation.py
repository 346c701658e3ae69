"""Suggest the artery of a candidate from its position."""

from __future__ import annotations

from collections.abc import Mapping

# Courses of the arteries relative to the centre of the descending aorta, mm to the left and to the front. The
# project's own choice from one patient and the digital torso: a hint for a reader, not a rule of anatomy.
RIGHT_OF_ROOT_MM, LEFT_OF_ROOT_MM, FRONT_OF_ROOT_MM = -33.0, 10.0, 83.0
LEFT_MAIN_FROM_MM, LEFT_MAIN_BACK_MM, LEFT_MAIN_FRONT_MM = -8.0, 48.0, 66.0
GROOVE_FRONT_MM = 56.0
# The hila of the lungs lie behind these.
RIGHT_BACK_MM, LEFT_BACK_MM = 40.0, 15.0
# The artery of each groove runs between two chambers.
GROOVES: Mapping[str, tuple[str, str]] = {"LAD": ("LV", "RV"), "LCX": ("LA", "LV"), "RCA": ("RA", "RV")}
# Length of the left main artery from the wall of the root; the project's own choice.
LEFT_MAIN_MM = 12.0


def territory_at(left_mm: float, front_mm: float) -> tuple[str, float]:
    """Return the territory suggested by a position, and its distance from the next territory, mm.

    Parameters
    ----------
    left_mm, front_mm : from the centre of the descending aorta in the same slice

    Examples
    --------
    >>> territory_at(30.0, 76.0)
    ('LAD', 20.0)
    """
    if left_mm < RIGHT_OF_ROOT_MM or (left_mm < LEFT_OF_ROOT_MM and front_mm > FRONT_OF_ROOT_MM):
        return "RCA", max(RIGHT_OF_ROOT_MM - left_mm, min(LEFT_OF_ROOT_MM - left_mm, front_mm - FRONT_OF_ROOT_MM))
    if LEFT_MAIN_FROM_MM < left_mm < LEFT_OF_ROOT_MM and LEFT_MAIN_BACK_MM < front_mm < LEFT_MAIN_FRONT_MM:
        sides = min(left_mm - LEFT_MAIN_FROM_MM, LEFT_OF_ROOT_MM - left_mm)
        return "LM", min(sides, front_mm - LEFT_MAIN_BACK_MM, LEFT_MAIN_FRONT_MM - front_mm)
    if left_mm < LEFT_OF_ROOT_MM:
        return "AA", min(left_mm - RIGHT_OF_ROOT_MM, FRONT_OF_ROOT_MM - front_mm, LEFT_OF_ROOT_MM - left_mm)
    if front_mm > GROOVE_FRONT_MM:
        return "LAD", min(front_mm - GROOVE_FRONT_MM, left_mm - LEFT_OF_ROOT_MM)
    return "LCX", min(GROOVE_FRONT_MM - front_mm, left_mm - LEFT_OF_ROOT_MM)


def at_hilum(left_mm: float, front_mm: float, territory: str) -> bool:
    """Return whether a position, as in :func:`territory_at`, lies as far back as the hila of the lungs."""
    return front_mm < {"RCA": RIGHT_BACK_MM, "LCX": LEFT_BACK_MM}.get(territory, 0.0)


def territory_in_groove(distances_mm: Mapping[str, float]) -> tuple[str, float]:
    """Return the territory of the nearest groove, and how much farther the next groove is, mm.

    The distance of a groove is that of the farther of its two chambers. Beside the aortic root,
    on the side of the left ventricle and atrium, the artery is the left main.

    Parameters
    ----------
    distances_mm : from the chambers ``LA``, ``LV``, ``RA``, ``RV``, and from the ascending aorta where it is labelled

    Examples
    --------
    >>> territory_in_groove({"LA": 40.0, "LV": 5.0, "RA": 30.0, "RV": 8.0})
    ('LAD', 22.0)
    """
    far = {code: max(distances_mm[a], distances_mm[b]) for code, (a, b) in GROOVES.items()}
    nearest, second = sorted(far, key=lambda code: far[code])[:2]
    margin = far[second] - far[nearest]
    root = distances_mm.get("aorta")
    if root is not None and root <= LEFT_MAIN_MM and nearest != "RCA":
        return "LM", LEFT_MAIN_MM - root
    return nearest, margin
