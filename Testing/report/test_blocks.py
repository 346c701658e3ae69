"""The blocks of a page, and that both ways of writing them say the same."""

from __future__ import annotations

import pytest
from html_page import HtmlPage

from CACBoneAxisLib.report.blocks import (
    Bullets,
    Definitions,
    Drawing,
    Group,
    Heading,
    Page,
    Paragraph,
    Row,
    Section,
    Span,
    Table,
    by_severity,
    escaped,
    of_numbers,
)
from CACBoneAxisLib.report.html import blocks_html, page_html
from CACBoneAxisLib.report.richtext import rich_text

COLUMNS = ("Level", *of_numbers("Mean", "SD"))


def test_findings_are_listed_errors_first_with_what_they_concern() -> None:
    said = [("note", "n", ()), ("error", "e1", ("bone",)), ("warning", "w", ()), ("error", "e2", ("calcium", "bone"))]
    found = by_severity({"severity": s, "message": m, "concerns": c} for s, m, c in said)
    assert [group.kind for group in found] == ["error", "warning", "note"]
    assert HtmlPage(f"<body>{blocks_html(found)}</body>").texts == ["e1", "bone", "e2", "calcium, bone", "w", "n"]
    assert by_severity([]) == []


def test_text_cannot_become_markup_or_control_the_page() -> None:
    assert escaped("a<b> & \"c\" 'd'\x00\x1b\u202e") == "a&lt;b&gt; &amp; &quot;c&quot; &#x27;d&#x27;"
    assert escaped("5\u00a0mm") == "5\u00a0mm"


@pytest.mark.parametrize("cells", [["L1", 120.0], ["L1", 120.0, 3.0, 4.0]])
def test_a_row_has_a_cell_for_each_column(cells: list[object]) -> None:
    page = Page("t", [], [Table("caption", COLUMNS, [Row(cells)])])
    for write in (page_html, rich_text):
        with pytest.raises(ValueError, match="zip"):
            write(page)


def test_columns_of_numbers_are_on_the_right_and_a_group_names_the_rows_below_it() -> None:
    table = Table("c", COLUMNS, [Row(["Lumbar"], "group"), Row(["L1", 1, 2], color=(1, 2, 3))])
    source = blocks_html([table])
    assert source.count('class="number"') == 4
    assert 'colspan="3">Lumbar<' in source
    assert "rgb(1, 2, 3)" in source
    rich = rich_text(Page("t", [], [table]))
    assert rich.count('align="right"') == 4
    assert "background-color: rgb(1, 2, 3)" in rich


def test_lists_side_by_side_are_one_table_on_paper_and_anything_else_follows() -> None:
    lists = [
        Group("column", [Heading(t), Definitions([(t + "1", 1), (t + "2", 2)][:n])]) for t, n in (("A", 2), ("B", 1))
    ]
    together = rich_text(Page("t", [], [Group("columns", lists)]))
    # The banner and one more.
    assert together.count("<table") == 2
    assert together.index("B1") < together.index("A2")
    other = [*lists, Group("column", [Bullets(["x"])])]
    assert rich_text(Page("t", [], [Group("columns", other)])).count("<table") == 3


def test_both_ways_of_writing_say_the_same_words_in_the_same_order() -> None:
    page = Page(
        "title",
        [Heading("head", 1)],
        [
            Group("cards", [Group("card", [Paragraph(["5 ", Span("mg", "small")], "big")]), Group("missing", [])]),
            Group("opportunistic", [Paragraph([Span("opportunistic."), " why"])]),
            Section("section", "id", [Drawing("drawn", "<svg></svg>"), Table("c", COLUMNS, [Row(["L1", 1, 2])])]),
        ],
        "software 1",
    )
    on_paper = [text for text in HtmlPage(rich_text(page)).texts if text.strip("\xa0")]
    assert on_paper == HtmlPage(page_html(page)).texts
    assert page_html(page).count("<title>title</title>") == 1
