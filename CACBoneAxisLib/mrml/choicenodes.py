"""Store choices as script node attributes without Slicer's parameter wrapper.

Values have the format of Slicer's ``parameterNodeWrapper`` (numbers as text, ``True``/``False``,
enum member names, node references, ``name.len`` and ``name.0`` for lists), so each can read the
other's scenes. Fields and defaults match ``CACBoneAxisParameterNode`` and
``CACBoneAxisSessionNode``.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from pathlib import Path
from typing import Any

import slicer

from CACBoneAxisLib.calcium.protocol import DEFAULT_PROTOCOL

Contrast = enum.Enum("Contrast", {"UNKNOWN": None, "NO": False, "YES": True})
Sex = enum.Enum("Sex", {"UNKNOWN": None, "FEMALE": "F", "MALE": "M"})


class Field:
    """A number, text, path, enum member, node (``default`` None) or node list."""

    def __init__(self, default: Any = None, kind: type | None = None) -> None:
        self.default = default
        self.kind = kind or type(default)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, choices: Any, owner: type | None = None) -> Any:
        if choices is None:
            return self
        node = choices.parameterNode
        if self.kind is list:
            count = int(node.GetParameter(f"{self.name}.len") or 0)
            return [node.GetNodeReference(f"{self.name}.{n}") for n in range(count)]
        if self.default is None:
            return node.GetNodeReference(self.name)
        text = node.GetParameter(self.name)
        if issubclass(self.kind, enum.Enum):
            return self.kind[text]
        read: Callable[[str], Any] = self.kind
        return text == "True" if self.kind is bool else read(text)

    def __set__(self, choices: Any, value: Any) -> None:
        node = choices.parameterNode
        with slicer.util.NodeModify(node):
            if self.kind is list:
                for n in range(max(len(value), int(node.GetParameter(f"{self.name}.len") or 0))):
                    self._refer(node, f"{self.name}.{n}", value[n] if n < len(value) else None)
                node.SetParameter(f"{self.name}.len", str(len(value)))
            elif self.default is None:
                self._refer(node, self.name, value)
            else:
                node.SetParameter(self.name, value.name if isinstance(value, enum.Enum) else str(value))

    def begin(self, choices: Any) -> None:
        """Write the default if the node has no value."""
        if not choices.parameterNode.HasParameter(f"{self.name}.len" if self.kind is list else self.name):
            self.__set__(choices, self.default)

    @staticmethod
    def _refer(node: Any, name: str, chosen: Any) -> None:
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, chosen.GetID() if chosen is not None else None)


class ChoiceNode:
    """Attributes stored in a script node."""

    def __init__(self, node: Any) -> None:
        self.parameterNode = node
        for field in vars(type(self)).values():
            if isinstance(field, Field):
                field.begin(self)

    def AddObserver(self, *arguments: Any) -> int:  # noqa: N802 as VTK's
        """Observe the node."""
        return int(self.parameterNode.AddObserver(*arguments))

    def RemoveObserver(self, tag: int) -> None:  # noqa: N802 as VTK's
        """Stop observing the node."""
        self.parameterNode.RemoveObserver(tag)


class ReadingChoices(ChoiceNode):
    """The choices for one volume."""

    volume = Field()
    kvp = Field(0)
    contrast = Field(Contrast.UNKNOWN)
    ageYears = Field(0)
    sex = Field(Sex.UNKNOWN)
    seeds = Field()
    territory = Field("LAD")
    noneFound = Field(False)
    heart = Field()
    limitToHeart = Field(True)
    heartSegmentation = Field()
    protocol = Field(DEFAULT_PROTOCOL)
    threshold = Field(130.0)
    minimumArea = Field(1.0)
    massFactor = Field(0.0)
    contrastThreshold = Field(0.0)
    contrastSd = Field(0.0)
    visual = Field("")
    regions = Field([])
    vertebrae = Field()
    secondVolume = Field()
    otherSettings = Field("")
    baseline = Field()
    baselineFolder = Field(Path(), Path)
    yearsBetween = Field(0.0)


class SessionChoices(ChoiceNode):
    """The choices for the scene."""

    volume = Field()
    liveUpdate = Field(True)
    makeLabelVolume = Field(False)
    scoreByClicks = Field(True)
    cutTool = Field(False)
    cutRadius = Field(3.0)
    sliceOnly = Field(False)
    showCandidates = Field(True)
    showProtocols = Field(False)
    outputFolder = Field(Path(), Path)
    batchFolder = Field(Path(), Path)
    readerName = Field("")


# Choices for the scene rather than a volume.
SESSION_FIELDS = tuple(name for name, field in vars(SessionChoices).items() if isinstance(field, Field))
