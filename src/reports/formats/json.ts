import type { Report, ReportBlock, ReportEvidence, ReportFigure, ReportFinding } from '../../domain/report';

/** By docs/report.schema.json; one section at a time. */
// oxlint-disable-next-line typescript/require-await -- a generator, for sections are written one by one
export async function* writeJson(report: Report): AsyncGenerator<string> {
  const { type, title, period, generatedAt, version, sections } = report;
  const head = {
    schema_version: 1,
    type,
    title,
    period: { since: period.since.toISOString(), until: period.until.toISOString() },
    generated_at: generatedAt.toISOString(),
    tinman_version: version,
  };
  yield `${JSON.stringify(head).slice(0, -1)},"sections":[`;
  for (const [index, { id, title: sectionTitle, blocks }] of sections.entries()) {
    yield `${index === 0 ? '' : ','}${JSON.stringify({ id, title: sectionTitle, blocks: blocks.map(block) })}`;
  }
  yield ']}\n';
}

function block(given: ReportBlock): unknown {
  switch (given.kind) {
    case 'figures':
      return { kind: given.kind, figures: given.figures.map(figure) };
    case 'findings':
      return {
        kind: given.kind,
        findings: given.findings.map(finding),
        omitted: given.omitted,
        empty: given.empty,
      };
    case 'text':
    case 'table':
    case 'chart':
      return given;
  }
}

/** Null where a figure is a plain count. */
function figure({ id, label, value, unit, n, low, high, note }: ReportFigure): unknown {
  return { id, label, value, unit, n: n ?? null, low: low ?? null, high: high ?? null, note: note ?? null };
}

function finding(given: ReportFinding): unknown {
  const { id, title, mark, tone, figures, facts, evidence, evidenceOmitted } = given;
  return {
    id,
    title,
    mark,
    tone,
    figures: figures.map(figure),
    facts,
    evidence: evidence.map(({ source, quote, explanation }: ReportEvidence) => ({
      source,
      quote,
      explanation,
    })),
    evidence_omitted: evidenceOmitted,
  };
}
