"""A reading's parameters as the module's parameter node has them, as far as the scene code uses them."""

from __future__ import annotations

from typing import Any


class StubParameters:
    """Keeps everything in a script node, as Slicer's wrapper does."""

    def __init__(self, scene: Any, volume: Any) -> None:
        self.parameterNode = scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode", "reading")
        self.volume = volume
        self.noneFound = False
        self.regions = []

    def choose(self, name: str, value: str) -> None:
        """Set a choice."""
        self.parameterNode.SetParameter(name, value)

    @property
    def noneFound(self) -> bool:
        """Whether the reader said that there is no calcium."""
        return self.parameterNode.GetParameter("noneFound") == "True"

    @noneFound.setter
    def noneFound(self, said: bool) -> None:
        self.parameterNode.SetParameter("noneFound", str(bool(said)))

    @property
    def regions(self) -> list[Any]:
        """The ROI nodes."""
        count = int(self.parameterNode.GetParameter("regions.len") or 0)
        return [self.parameterNode.GetNodeReference(f"regions.{n}") for n in range(count)]

    @regions.setter
    def regions(self, nodes: list[Any]) -> None:
        for n, node in enumerate(nodes):
            self.parameterNode.SetParameter(f"regions.{n}", "")
            self.parameterNode.SetNodeReferenceID(f"regions.{n}", node.GetID())
        self.parameterNode.SetParameter("regions.len", str(len(nodes)))


def _reference(name: str) -> property:
    def read(self: StubParameters) -> Any:
        return self.parameterNode.GetNodeReference(name)

    def write(self: StubParameters, node: Any) -> None:
        self.parameterNode.SetNodeReferenceID(name, None if node is None else node.GetID())

    return property(read, write)


for _name in ("volume", "seeds", "vertebrae", "heart", "heartSegmentation", "secondVolume", "baseline"):
    setattr(StubParameters, _name, _reference(_name))
