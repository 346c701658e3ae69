"""A page of this software read back as a tree of elements, to be written in another form."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "img", "br", "link", "hr", "input"}


@dataclass
class Node:
    """An element of the page with its attributes and what is in it."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Node | str] = field(default_factory=list)

    @property
    def classes(self) -> set[str]:
        """The words of the class attribute."""
        return set(self.attributes.get("class", "").split())

    def elements(self, *tags: str) -> list[Node]:
        """Return the children that are elements, of these tags where any are named."""
        return [c for c in self.children if isinstance(c, Node) and (not tags or c.tag in tags)]

    def all(self, tag: str) -> Iterator[Node]:
        """Yield every element of a tag at any depth, in order."""
        for child in self.elements():
            if child.tag == tag:
                yield child
            yield from child.all(tag)


class _Tree(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        if any(node.tag == tag for node in self._open[1:]):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


def tree(page: str) -> Node:
    """Return a page of this software as a tree of elements."""
    parser = _Tree()
    parser.feed(page)
    parser.close()
    return parser.root


def title(page: str) -> str:
    """Return the page's title as plain text."""
    found = next(tree(page).all("title"), None)
    return "" if found is None else " ".join("".join(c for c in found.children if isinstance(c, str)).split())


def texts(page: str) -> Iterator[str]:
    """Yield every text of a page's body, with blanks and line ends as one blank."""

    def walk(node: Node) -> Iterator[str]:
        for child in node.children:
            if isinstance(child, Node):
                yield from walk(child)
            elif child.strip():
                yield " ".join(child.split())

    yield from walk(next(tree(page).all("body")))
