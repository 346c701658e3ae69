"""Style sheet of the page, for screen and A4."""

CSS = """
:root { --ink: #1c2430; --soft: #5b6675; --line: #d9dfe6; --ground: #f4f6f8; --accent: #14507a; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); line-height: 1.45;
  font: 15px/1.45 "Segoe UI", system-ui, -apple-system, "Helvetica Neue", Arial, "Noto Sans", sans-serif; }
main, header, footer { max-width: 1120px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 28px; }
h1 { font-size: 24px; margin: 0 0 2px; }
h2 { font-size: 18px; margin: 34px 0 10px; color: var(--accent); }
h3 { font-size: 15px; margin: 18px 0 6px; }
p { margin: 4px 0; }
.soft, figcaption, caption { color: var(--soft); }
.research { background: #7a1f1f; color: #fff; text-align: center; padding: 5px; font-weight: 600; font-size: 14px; }
.cards { display: grid; grid-template-columns: 1fr 1fr; gap: 18px; margin-top: 18px; }
.card { background: #fff; border: 1px solid var(--line); border-top: 4px solid var(--accent); border-radius: 6px;
  padding: 14px 20px 16px; }
.card h2 { margin: 0; font-size: 16px; }
.big { font-size: 38px; font-weight: 650; line-height: 1.15; margin: 4px 0 0; }
.big small { font-size: 17px; font-weight: 400; color: var(--soft); }
.missing .big { font-size: 25px; color: #8a3b12; }
.lead { font-size: 17px; font-weight: 600; margin: 4px 0; }
.lead small, .line small { display: block; font-size: 13px; font-weight: 400; color: var(--soft); }
.line { margin: 6px 0 0; }
.line b { font-weight: 600; }
.card ul { font-size: 13.5px; }
.verdict { margin-top: 12px; padding: 8px 12px; border-left: 4px solid #888; background: var(--ground);
  font-size: 14px; }
.verdict.standard { border-color: #2c7a4b; } .verdict.opportunistic { border-color: #b7791f; }
.verdict.unsuitable { border-color: #b3261e; background: #fdf0ee; }
.verdict b { text-transform: capitalize; } .verdict p { margin: 0; }
section.panel { background: #fff; border: 1px solid var(--line); border-radius: 6px; padding: 2px 20px 16px;
  margin-top: 18px; }
section.panel h2 { margin-top: 14px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; font-variant-numeric: tabular-nums; }
caption { text-align: left; padding: 6px 0; font-size: 13px; }
th, td { text-align: left; padding: 4px 10px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
thead th { color: var(--soft); font-weight: 600; border-bottom: 2px solid var(--line); }
tbody th { font-weight: 600; white-space: nowrap; }
td.number, th.number { text-align: right; white-space: nowrap; }
tr.total th, tr.total td { border-top: 2px solid var(--ink); font-weight: 700; }
tr.beside th, tr.beside td { color: var(--soft); }
tr.group th { color: var(--soft); font-weight: 400; font-style: italic; padding-top: 10px; }
.key { display: inline-block; width: 11px; height: 11px; border-radius: 2px; margin-right: 7px;
  border: 1px solid rgba(0, 0, 0, .35); }
ul { margin: 4px 0 8px; padding-left: 20px; } li { margin: 3px 0; }
.error h3 { color: #b3261e; } .warning h3 { color: #8a5a00; } .note h3 { color: var(--soft); }
.tag { font-size: 12px; color: var(--soft); white-space: nowrap; }
.pictures { display: grid; grid-template-columns: repeat(3, 1fr); gap: 16px; }
figure { margin: 14px 0 0; break-inside: avoid; }
figure svg { max-width: 100%; height: auto; }
figure img { display: block; width: 100%; height: auto; border-radius: 3px; background: #fff; }
.pictures figure { margin: 0; } .pictures img { background: #000; }
#bone-pictures img { width: auto; max-width: 100%; max-height: 440px; }
figcaption { font-size: 13px; padding-top: 4px; } figcaption b { color: var(--ink); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 3px 18px; margin: 4px 0; font-size: 14px; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
.columns { display: grid; grid-template-columns: 1fr 1fr; gap: 0 36px; }
code { font: 12px/1.4 ui-monospace, Consolas, Menlo, monospace; overflow-wrap: anywhere; }
footer { padding-top: 14px; padding-bottom: 40px; color: var(--soft); font-size: 13px; }
@media screen and (max-width: 760px) { .cards, .columns { grid-template-columns: 1fr; }
  .pictures { grid-template-columns: 1fr; }
  section.panel { overflow-x: auto; } }
@page { size: A4; margin: 14mm 13mm; }
@media print {
  body { background: #fff; font-size: 10.5pt; } main, header, footer { max-width: none; padding: 0; }
  header { padding-top: 8px; } .big { font-size: 26pt; } h2 { break-after: avoid; }
  .research { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  .card, .verdict, .key { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  .cards { gap: 10px; } .card { padding: 8px 12px 10px; } section.panel { padding: 0 12px 10px; margin-top: 12px; }
  table { font-size: 8.5pt; } th, td { padding-right: 6px; } dl, .verdict, .line, .card ul {
  font-size: 9pt; }
  .lead { font-size: 12pt; } h2 { font-size: 13pt; } dl { gap: 2px 12px; } figcaption { font-size: 8pt; }
  .card h2 { font-size: 11pt; } .lead small, .line small { font-size: 8pt; }
  tr, table.whole, .card, .verdict, dl > *, li { break-inside: avoid; } thead { display: table-header-group; }
  .pictures { gap: 8px; }
}
"""
