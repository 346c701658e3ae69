"""The page as a tree."""

from __future__ import annotations

from CACBoneAxisLib.report.pagetree import texts, title, tree

PAGE = (
    "<!DOCTYPE html><html><head><title>A &amp; B</title><style>p { }</style></head>"
    '<body><p class="soft wide">one <b>two</b><br>three</p><img src="x" alt="y"><ul><li>4</li></ul></body></html>'
)


def test_elements_close_where_they_end_and_empty_ones_hold_nothing() -> None:
    body = next(tree(PAGE).all("body"))
    assert [node.tag for node in body.elements()] == ["p", "img", "ul"]
    assert body.elements("p")[0].classes == {"soft", "wide"}
    assert [node.tag for node in body.elements("p")[0].elements()] == ["b", "br"]
    assert body.elements("img")[0].children == []


def test_texts_are_those_of_the_body_in_order() -> None:
    assert list(texts(PAGE)) == ["one", "two", "three", "4"]


def test_the_title_is_plain_text() -> None:
    assert title(PAGE) == "A & B"
    assert title("<html><body></body></html>") == ""
