/** The style sheet of a report: no file beside it, light or dark as the reader's system is, and its own for print. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --page: #f8fafc; --card: #ffffff; --ink: #0f172a; --muted: #64748b; --line: #e2e8f0; --accent: #4f46e5;
  --good: #15803d; --bad: #b91c1c; --quote: #f1f5f9;
  --s0: #94a3b8; --s1: #3b82f6; --s2: #ca8a04; --s3: #ea580c; --s4: #b91c1c;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0b1120; --card: #131c2e; --ink: #e2e8f0; --muted: #94a3b8; --line: #26334a; --accent: #818cf8;
    --good: #4ade80; --bad: #f87171; --quote: #0f1729;
    --s0: #64748b; --s1: #60a5fa; --s2: #facc15; --s3: #fb923c; --s4: #f87171;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
header, main, footer { max-width: 1080px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 40px; }
header p { margin: 6px 0 0; color: var(--muted); }
h1 { margin: 0; font-size: 30px; line-height: 1.2; letter-spacing: -0.02em; }
h2 { margin: 44px 0 14px; font-size: 20px; letter-spacing: -0.01em; }
h3 { margin: 22px 0 8px; font-size: 15px; }
p { margin: 8px 0; max-width: 78ch; overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: 6px 8px; margin-top: 20px; }
nav a {
  padding: 3px 12px; border: 1px solid var(--line); border-radius: 999px; background: var(--card);
  color: var(--ink); font-size: 13px; text-decoration: none;
}
nav a:hover { border-color: var(--accent); color: var(--accent); }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(190px, 1fr)); gap: 12px; margin: 12px 0; }
.figure { padding: 14px 16px; border: 1px solid var(--line); border-radius: 12px; background: var(--card); }
.figure .label { color: var(--muted); font-size: 13px; }
.figure .value { font-size: 26px; font-weight: 650; line-height: 1.25; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; }
.figure .basis, .figure .note { color: var(--muted); font-size: 12px; overflow-wrap: anywhere; }
.figure .basis { color: var(--ink); font-variant-numeric: tabular-nums; }
.panel { margin: 12px 0; padding: 14px 16px; border: 1px solid var(--line); border-radius: 12px; background: var(--card); }
.panel h3 { margin: 0 0 10px; }
.chart svg { display: block; width: 100%; height: auto; }
.scroll { overflow-x: auto; }
table { min-width: 60%; border-collapse: collapse; font-size: 13px; }
th, td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { color: var(--muted); font-weight: 500; white-space: nowrap; }
tr:last-child td { border-bottom: 0; }
td { max-width: 360px; overflow-wrap: break-word; }
td.long { min-width: 200px; }
th.number, td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.fixed { font: 12px/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; white-space: nowrap; max-width: none; }
.more, .empty { color: var(--muted); font-size: 13px; }
.mark {
  display: inline-block; padding: 1px 8px; border-radius: 6px; color: #fff; background: var(--tone, var(--s0));
  font-size: 12px; font-weight: 600;
}
@media (prefers-color-scheme: dark) { .mark { color: #0b1120; } }
.S0 { --tone: var(--s0); } .S1 { --tone: var(--s1); } .S2 { --tone: var(--s2); } .S3 { --tone: var(--s3); }
.S4 { --tone: var(--s4); } .good { --tone: var(--good); } .bad { --tone: var(--bad); } .plain { --tone: var(--accent); }
.finding { border-left: 4px solid var(--tone, var(--s0)); }
.finding h3 { display: flex; gap: 10px; align-items: baseline; font-size: 16px; overflow-wrap: anywhere; }
.finding .mark { flex: none; }
.finding .figures { grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); }
.finding .figure { background: transparent; padding: 8px 12px; border-radius: 8px; }
.finding .figure .value { font-size: 20px; }
dl { display: grid; grid-template-columns: minmax(120px, 190px) 1fr; gap: 4px 16px; margin: 10px 0; font-size: 14px; }
dt { color: var(--muted); overflow-wrap: anywhere; } dd { margin: 0; white-space: pre-line; overflow-wrap: anywhere; }
blockquote { margin: 10px 0; padding: 10px 14px; border-radius: 8px; background: var(--quote); font-size: 13px; }
blockquote .quote { white-space: pre-wrap; overflow-wrap: anywhere; font: 12.5px/1.6 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
blockquote .source { margin-top: 6px; color: var(--muted); overflow-wrap: anywhere; }
footer { margin-top: 48px; padding-bottom: 40px; color: var(--muted); font-size: 12px; }
@media (max-width: 640px) { header, main, footer { padding-left: 14px; padding-right: 14px; } dl { grid-template-columns: 1fr; } dd { margin-bottom: 6px; } }
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --card: #fff; --ink: #000; --muted: #475569; --line: #cbd5e1; --accent: #4338ca; --quote: #f8fafc;
    --good: #15803d; --bad: #b91c1c; --s0: #94a3b8; --s1: #2563eb; --s2: #ca8a04; --s3: #ea580c; --s4: #b91c1c;
  }
  @page { size: A4; margin: 14mm 12mm; }
  body { font-size: 10.5pt; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  header, main, footer { max-width: none; padding: 0; }
  nav { display: none; }
  h2 { break-after: avoid; margin-top: 26px; } h3 { break-after: avoid; }
  .figure, .chart, blockquote, tr { break-inside: avoid; }
  .figures { grid-template-columns: repeat(4, 1fr); gap: 8px; }
  .finding .figures { grid-template-columns: repeat(3, 1fr); }
  .figure .value { font-size: 16pt; } .finding .figure .value { font-size: 13pt; }
  .scroll { overflow: visible; }
  table { font-size: 7pt; } th, td { padding-right: 5px; } th { white-space: normal; }
  td { max-width: none; overflow-wrap: anywhere; } td.long { min-width: 0; } th.number, td.number { white-space: normal; }
  td.fixed { font-size: 6pt; white-space: normal; overflow-wrap: anywhere; }
  thead { display: table-header-group; }
  .mark { color: #fff; }
}
`;
