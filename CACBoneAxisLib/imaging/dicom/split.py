"""Split a DICOM series into its volumes: phases, reconstructions, acquisitions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np

from CACBoneAxisLib.imaging.dicom.slices import SliceHeader
from CACBoneAxisLib.imaging.dicom.stack import SAME_COSINE, SAME_POSITION_MM, stack_slices
from CACBoneAxisLib.imaging.dicom.traits import TRAITS, alike, trait
from CACBoneAxisLib.imaging.findings import UnusableInputError

# A scout is one image or two.
FEW = 3
MANY = 5
# At most three traits are combined.
DEEPEST = 3
# Largest number of interleaved scans, and fewest slices of each.
MOST_INTERLEAVED, SHORTEST_STACK = 5, 3
# With this many slices, an arbitrary order separates alternate slices by chance about once in five hundred times.
MANY_SLICES = 12
Way = Callable[[list[SliceHeader]], dict[str, list[SliceHeader]]]


def split(slices: Sequence[SliceHeader]) -> list[tuple[str, tuple[SliceHeader, ...]]]:
    """Split the images of one series into volumes, each with a label.

    One unlabelled volume where the images form one stack, or where nothing separates them
    into overlapping volumes (reading then reports the problem).
    """
    grids = _by_grid(list(slices))
    if len(grids) == 1:
        return [(label, tuple(part)) for label, part in _split(list(slices), WAYS)]
    largest = max(len(part) for part in grids.values())
    # A scout or another picture among the slices.
    kept = {k: part for k, part in grids.items() if len(part) >= FEW or largest < MANY * len(part)}
    if len(kept) == 1:
        return [(label, tuple(part)) for label, part in _split(next(iter(kept.values())), WAYS)]
    return [(_joined(grid, label), tuple(p)) for grid, part in kept.items() for label, p in _split(part, WAYS)]


def _split(slices: list[SliceHeader], ways: Sequence[Way], depth: int = 0) -> list[tuple[str, list[SliceHeader]]]:
    if depth == DEEPEST or len(slices) < 2:
        return [("", slices)]
    if is_volume(slices):
        return [
            (_joined(label, more), deeper)
            for label, part in interleaved(slices)
            for more, deeper in (_split(part, ways, depth + 1) if label else [("", part)])
        ]
    best: list[tuple[str, list[SliceHeader]]] = []
    for index, way in enumerate(ways):
        parts = way(slices)
        if len(parts) < 2 or not _share_heights(list(parts.values())):
            continue
        done = [
            (_joined(label, more), deeper)
            for label, part in parts.items()
            for more, deeper in _split(part, ways[index + 1 :], depth + 1)
        ]
        if not best or _quality(done) > _quality(best):
            best = done
        if all(is_volume(part) for _, part in done):
            break
    return best if best and _quality(best)[0] > 0 else [("", slices)]


def _joined(label: str, more: str) -> str:
    return f"{label}, {more}" if label and more else label or more


def _quality(parts: list[tuple[str, list[SliceHeader]]]) -> tuple[int, int]:
    """Rank a split: more images in proper volumes, then fewer parts."""
    return sum(len(part) for _, part in parts if is_volume(part)), -len(parts)


def is_volume(slices: Sequence[SliceHeader]) -> bool:
    """Return whether slices form one regular stack."""
    try:
        stack_slices(slices, "")
    except UnusableInputError:
        return False
    return True


def interleaved(slices: Sequence[SliceHeader]) -> list[tuple[str, list[SliceHeader]]]:
    """Separate interleaved stacks (every second, third ... slice), each with a label.

    Two scans offset by half an increment look like one at half the increment. They are separated
    by one of ``TRAITS``, the root of the SOP Instance UIDs, or disjoint ranges of instance
    numbers, times or files. One unlabelled stack where nothing separates them.
    """
    ordered = list(stack_slices(slices, "").slices)
    files = {path: number for number, path in enumerate(sorted({one.path for one in ordered}))}
    for count in range(2, MOST_INTERLEAVED + 1):
        if len(ordered) < SHORTEST_STACK * count:
            break
        stacks = [ordered[start::count] for start in range(count)]
        for index, (name, unit) in enumerate(TRAITS.items()):
            values = [{one.traits[index] for one in stack} for stack in stacks]
            distinct = set.union(*values)
            if all(len(v) == 1 for v in values) and len(distinct) == count and not alike(name, distinct):
                return [(_trait_label(name, unit, stack[0], n), stack) for n, stack in enumerate(stacks, 1)]
        orders: list[Callable[[SliceHeader], float | None]] = [
            lambda one: one.instance_number,
            lambda one: one.times_s[0],
            lambda one: one.times_s[1],
            lambda one: files[one.path] if len(files) == len(ordered) else None,
        ]
        # Numbers in any order fall apart by chance where slices are few.
        many = len(ordered) >= MANY_SLICES
        apart = many and any(_apart([[order(one) for one in stack] for stack in stacks]) for order in orders)
        roots = [{one.instance_uid.rpartition(".")[0] for one in stack} for stack in stacks]
        if (
            apart
            or (many and _numbered_anew(stacks))
            or (all(len(root) == 1 for root in roots) and len(set.union(*roots)) == count)
        ):
            return [(f"stack {n} of {count}", stack) for n, stack in enumerate(stacks, 1)]
    return [("", ordered)]


def _numbered_anew(stacks: list[list[SliceHeader]]) -> bool:
    """Return whether each stack is numbered along itself, with the numbers of another or the other way round."""
    numbers = [[one.instance_number for one in stack] for stack in stacks]
    if any(None in of_stack or len(of_stack) < SHORTEST_STACK for of_stack in numbers):
        return False
    steps = [np.diff(np.array(of_stack, dtype=float)) for of_stack in numbers]
    if not all((step > 0).all() or (step < 0).all() for step in steps):
        return False
    again = any(set(one) & set(other) for one, other in pairwise(numbers))
    return again or len({bool(step[0] > 0) for step in steps}) > 1


def _apart(orders: list[list[float | None]]) -> bool:
    """Return whether the stacks' values lie in disjoint ranges."""
    if any(value is None for order in orders for value in order):
        return False
    ranges = sorted((min(order), max(order)) for order in orders)  # type: ignore[type-var]
    return all(earlier[1] < later[0] for earlier, later in pairwise(ranges))  # type: ignore[operator]


def _by_grid(slices: list[SliceHeader]) -> dict[str, list[SliceHeader]]:
    """Return the images by orientation, matrix and pixel size, labelled by the matrix or as views."""
    groups: list[tuple[SliceHeader, list[SliceHeader]]] = []
    for one in slices:
        for leader, members in groups:
            if _same_grid(one, leader):
                members.append(one)
                break
        else:
            groups.append((one, [one]))
    labels = [_grid_label(leader) for leader, _ in groups]
    if len(set(labels)) < len(labels):
        labels = [f"{label}, grid {n}" for n, label in enumerate(labels, 1)]
    return {label: members for label, (_, members) in zip(labels, groups, strict=True)}


def _same_grid(one: SliceHeader, other: SliceHeader) -> bool:
    pairs = ((one.row, other.row), (one.column, other.column), (one.spacing_mm, other.spacing_mm))
    if (one.rows, one.columns) != (other.rows, other.columns):
        return False
    return all(
        a == b or (a is not None and b is not None and np.abs(np.subtract(a, b)).max() <= SAME_COSINE) for a, b in pairs
    )


def _grid_label(one: SliceHeader) -> str:
    if one.row is None or one.column is None:
        return "no orientation"
    normal = np.abs(np.cross(one.row, one.column))
    view = ("sagittal", "coronal", "axial")[int(np.argmax(normal))]
    pixel = f", pixels of {one.spacing_mm[0]:.3g} mm" if one.spacing_mm else ""
    return f"{view} {one.columns} x {one.rows}{pixel}"


def _by_trait(index: int) -> Callable[[list[SliceHeader]], dict[str, list[SliceHeader]]]:
    name, unit = list(TRAITS.items())[index]

    def by_trait(slices: list[SliceHeader]) -> dict[str, list[SliceHeader]]:
        groups: dict[str, list[SliceHeader]] = {}
        for one in slices:
            groups.setdefault(one.traits[index], []).append(one)
        return {_trait_label(name, unit, part[0], number_): part for number_, part in enumerate(groups.values(), 1)}

    return by_trait


def _trait_label(name: str, unit: str, one: SliceHeader, number: int) -> str:
    if name in ("frame of reference", "stack"):
        return f"{name} {number}"
    value = trait(one.traits, name)
    if name == "lossy compression":
        return name if value else f"no {name}"
    return f"{name} {value} {unit}".strip() if value else f"no {name}"


def _by_passes(slices: list[SliceHeader]) -> dict[str, list[SliceHeader]]:
    """Return the images by pass, where instance numbers go through the patient several times in one direction."""
    if any(None in (one.instance_number, one.position_mm, one.row, one.column) for one in slices):
        return {}
    ordered = sorted(slices, key=lambda one: one.instance_number or 0)
    normal = np.cross(np.asarray(ordered[0].row), np.asarray(ordered[0].column))
    steps = np.diff([float(np.dot(np.asarray(one.position_mm), normal)) for one in ordered])
    direction = float(np.sign(np.median(steps)))
    if direction == 0:
        return {}
    passes: list[list[SliceHeader]] = [[ordered[0]]]
    for one, step in zip(ordered[1:], steps, strict=True):
        if step * direction <= SAME_POSITION_MM:
            passes.append([])
        passes[-1].append(one)
    if len({len(part) for part in passes}) > 1:
        return {}
    return {f"pass {n}": part for n, part in enumerate(passes, 1)}


WAYS: tuple[Way, ...] = (*(_by_trait(index) for index in range(len(TRAITS))), _by_passes)


def _share_heights(parts: list[list[SliceHeader]]) -> bool:
    """Return whether the parts overlap in space, as volumes of one region do, unlike pieces of one volume."""
    if any(one.position_mm is None or one.row is None for part in parts for one in part):
        return False
    first = parts[0][0]
    normal = np.cross(np.asarray(first.row), np.asarray(first.column))
    ranges = []
    for part in parts:
        heights = [float(np.dot(np.asarray(one.position_mm), normal)) for one in part]
        ranges.append((min(heights), max(heights)))
    ranges.sort()
    return any(later[0] <= earlier[1] + SAME_POSITION_MM for earlier, later in pairwise(ranges))
