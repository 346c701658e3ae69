"""Bind widgets to choices that the reading keeps as settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from CACBoneAxisLib.mrml.choices import choose, chosen
from CACBoneAxisLib.panel.section import Section, connect

Items = Sequence[tuple[str, Any]]


@dataclass
class _Bound:
    widget: Any
    path: str
    show: Callable[[Any], None]


class Choices:
    """Binds combo boxes and spin boxes to settings by their dotted path.

    Parameters
    ----------
    section : section whose reading holds the settings
    """

    def __init__(self, section: Section) -> None:
        self.section = section
        self._bound: list[_Bound] = []
        self._values: dict[str, list[Any]] = {}
        self._updating = False

    def combo(
        self, widget: Any, path: str, items: Items, more: Callable[[Any], Mapping[str, Any]] | None = None
    ) -> None:
        """Offer (text, value) pairs in a combo box; value None means not stated.

        Parameters
        ----------
        more : returns further choices changing with a value, by path
        """
        self.fill(widget, items)

        def changed(index: int) -> None:
            value = self.value(widget, index)
            if not self._updating and self.section.parameters is not None:
                choose(self.section.parameters, {**(more(value) if more else {}), path: value})

        connect(widget, "currentIndexChanged(int)", changed)
        self._bound.append(_Bound(widget, path, lambda value: self._show_item(widget, value)))

    def number(self, widget: Any, path: str, nothing: float | None = 0.0, default: float = 0.0) -> None:
        """Edit a number in a spin box.

        Parameters
        ----------
        path : path of the setting
        nothing : number that means not stated, None if every number is a choice
        default : shown without a choice
        """
        signal = "valueChanged(int)" if _is_whole(widget) else "valueChanged(double)"

        def changed(value: float) -> None:
            self._choose(path, None if value == nothing else float(value))

        def show(value: Any) -> None:
            shown = default if value is None else value
            if float(widget.value) != float(shown):
                widget.setValue(int(shown) if _is_whole(widget) else float(shown))

        connect(widget, signal, changed)
        self._bound.append(_Bound(widget, path, show))

    def fill(self, widget: Any, items: Items) -> None:
        """Replace the (text, value) pairs of a combo box."""
        values = [value for _, value in items]
        texts = [text for text, _ in items]
        shown = [widget.itemText(n) for n in range(widget.count)]
        if shown == texts and self._values.get(widget.objectName) == values:
            return
        before = widget.blockSignals(True)
        widget.clear()
        for text in texts:
            widget.addItem(text)
        self._values[widget.objectName] = values
        widget.blockSignals(before)

    def value(self, widget: Any, index: int | None = None) -> Any:
        """Return the value of a combo box's current item."""
        values = self._values[widget.objectName]
        number = widget.currentIndex if index is None else index
        return values[number] if 0 <= number < len(values) else None

    def update(self) -> None:
        """Show the reading's choices; disabled without a reading or once approved."""
        parameters = self.section.parameters
        self._updating = True
        try:
            for bound in self._bound:
                bound.widget.enabled = parameters is not None and not self.section.locked()
                bound.show(chosen(parameters, bound.path) if parameters is not None else None)
        finally:
            self._updating = False

    def _show_item(self, widget: Any, value: Any) -> None:
        values = self._values[widget.objectName]
        if value is not None and value not in values:
            # Set elsewhere, as in a settings file: shown unchanged.
            before = widget.blockSignals(True)
            widget.addItem(str(value))
            widget.blockSignals(before)
            values.append(value)
        widget.setCurrentIndex(values.index(value) if value in values else 0)

    def _choose(self, path: str, value: Any) -> None:
        if not self._updating and self.section.parameters is not None:
            choose(self.section.parameters, {path: value})


def _is_whole(widget: Any) -> bool:
    return not hasattr(widget, "decimals")
