import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { z } from 'zod';
import { startAnthropicServer, type AnthropicServer } from '../support/anthropic-server';
import { startStack, type Stack } from '../support/stack';
import { ResearchClient, SMALL } from './research-client';
import { goodAnswer } from './scripted-claude';

const EXAMPLES = join(__dirname, '..', '..', 'examples');

interface Query {
  readonly where: string;
  readonly expr: string;
}

const dashboardSchema = z.object({
  schemaVersion: z.int().min(39),
  templating: z.object({
    list: z.array(z.looseObject({ name: z.string(), definition: z.string().optional() })),
  }),
  panels: z.array(
    z.looseObject({
      id: z.int(),
      title: z.string(),
      gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
      targets: z.array(z.looseObject({ expr: z.string() })).default([]),
    }),
  ),
});
const alertsSchema = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string(),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.strictObject({ severity: z.enum(['warning', 'critical']) }),
          annotations: z.looseObject({ summary: z.string() }),
        }),
      ),
    }),
  ),
});

async function queries(): Promise<readonly Query[]> {
  const dashboard = dashboardSchema.parse(
    JSON.parse(await readFile(join(EXAMPLES, 'grafana-dashboard.json'), 'utf8')),
  );
  const alerts = alertsSchema.parse(
    parse(await readFile(join(EXAMPLES, 'prometheus', 'alerts.yml'), 'utf8')),
  );
  return [
    ...dashboard.panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => ({ where: `panel ${title}`, expr })),
    ),
    ...dashboard.templating.list.flatMap(({ name, definition }) => {
      const [, metric, label] = /^label_values\((\w+), (\w+)\)$/.exec(definition ?? '') ?? [];
      return metric === undefined
        ? []
        : [{ where: `variable ${name}`, expr: `count by (${label}) (${metric})` }];
    }),
    ...alerts.groups.flatMap(({ rules }) =>
      rules.map(({ alert, expr }) => ({ where: `alert ${alert}`, expr })),
    ),
  ];
}

/** What a query asks for: metrics by name, and the labels it matches or groups by. */
function askedBy({ where, expr }: Query): {
  readonly metrics: readonly string[];
  readonly labels: readonly string[];
} {
  const text = expr.replaceAll('$__rate_interval', '5m').replaceAll(/"\$\w+"/g, '".*"');
  const metrics: string[] = [];
  const labels: string[] = [];
  parser.parse(text).iterate({
    enter: ({ type, from, to, name, node }) => {
      if (type.isError) throw new Error(`${where} is no PromQL at ${from}: ${text}`);
      if (name === 'Identifier' && node.parent?.name === 'VectorSelector') metrics.push(text.slice(from, to));
      if (name === 'LabelName') labels.push(text.slice(from, to));
    },
  });
  return { metrics, labels };
}

describe('dashboard and alerts', () => {
  let provider: AnthropicServer;
  let stack: Stack;
  let series: readonly { readonly name: string; readonly labels: ReadonlySet<string> }[];
  beforeAll(async () => {
    provider = await startAnthropicServer((question) => goodAnswer(question));
    stack = await startStack({
      env: { TINMAN_RESEARCHER: 'anthropic', ANTHROPIC_API_KEY: 'k', ANTHROPIC_BASE_URL: provider.url },
      settings: { targets: { shop: { kind: 'demo', faults: ['decimal_versions'] } } },
    });
    const client = await ResearchClient.at(stack.url);
    await client.run({ ...SMALL, target: 'shop' });
    const pages = await Promise.all(
      [stack.apis[0]?.metricsUrl ?? '', ...stack.workerMetricsUrls].map(async (url) =>
        (await fetch(`${url}/metrics`)).text(),
      ),
    );
    series = pages
      .join('\n')
      .split('\n')
      .flatMap((line) => {
        const [, name, labels = ''] = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? /.exec(line) ?? [];
        const names = [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label);
        return name === undefined ? [] : [{ name, labels: new Set([...names, 'job', 'instance']) }];
      });
  }, 120_000);
  afterAll(async () => {
    await stack?.stop();
    await provider?.close();
  });

  it('ask for metrics and labels that the running system has', async () => {
    const asked = await queries();
    expect(asked.length).toBeGreaterThan(40);
    const missing = asked.flatMap((query) => {
      const { metrics, labels } = askedBy(query);
      const unknown = metrics.filter((metric) => !series.some(({ name }) => name === metric));
      const has = (label: string) =>
        metrics.some((metric) => series.some(({ name, labels: own }) => name === metric && own.has(label)));
      const unlabelled = labels.filter((label) => !has(label));
      return metrics.length > 0 && unknown.length + unlabelled.length === 0
        ? []
        : [`${query.where}: ${[...unknown, ...unlabelled].join(', ')} in ${query.expr}`];
    });
    expect(missing).toEqual([]);
  });

  it('have panels that do not lie on each other', async () => {
    const { panels } = dashboardSchema.parse(
      JSON.parse(await readFile(join(EXAMPLES, 'grafana-dashboard.json'), 'utf8')),
    );
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
  });
});
