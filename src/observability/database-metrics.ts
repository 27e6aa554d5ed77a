import { Counter, Gauge, Registry } from 'prom-client';
import { APPROVAL_STATES } from '../domain/approval';
import { CYCLE_STATES } from '../domain/cycle';
import { MODES, type Mode } from '../domain/mode';
import { RISK_TIERS } from '../domain/risk';
import { SEVERITIES } from '../domain/severity';
import { FAILURE_CLASSES } from '../domain/taxonomy';
import type { Effects } from '../ports/records';

/**
 * The families that are counted in the database, in the Prometheus text format. Every process shows the same figures:
 * take their maximum over processes, not their sum. Closed label sets start at 0.
 */
export async function renderDatabaseMetrics(effects: Effects, mode: Mode): Promise<string> {
  const registry = new Registry();
  const { running = 0, ...ended } = effects.cyclesByState;
  count(
    registry,
    'tinman_research_cycles_total',
    'Research cycles that have ended, by how.',
    ['state'],
    [
      ...CYCLE_STATES.filter((state) => state !== 'running').map((state) => sample(0, { state })),
      ...Object.entries(ended).map(([state, cycles]) => sample(cycles, { state })),
    ],
  );
  gauge(registry, 'tinman_research_cycles_running', 'Research cycles under way.', running);
  countFailures(registry, effects);
  countApprovals(registry, effects);
  count(
    registry,
    'tinman_cost_usd_total',
    'Settled cost in USD.',
    ['source', 'model'],
    [...effects.costUsd.map(({ source, model, usd }) => sample(usd, { source, model }))],
  );
  count(
    registry,
    'tinman_tool_executions_total',
    'Guarded tool calls.',
    ['status'],
    [...effects.toolExecutions.map(({ status, count: calls }) => sample(calls, { status }))],
  );
  const current = new Gauge({
    name: 'tinman_current_mode',
    help: 'Operating mode in force: 1 for one mode, 0 for the others.',
    labelNames: ['mode'],
    registers: [registry],
  });
  for (const each of MODES) current.set({ mode: each }, each === mode ? 1 : 0);
  return registry.metrics();
}

function countFailures(registry: Registry, effects: Effects): void {
  const name = 'tinman_failures_discovered_total';
  count(
    registry,
    name,
    'Failures discovered.',
    ['severity', 'failure_class'],
    [
      ...SEVERITIES.flatMap((severity) =>
        FAILURE_CLASSES.map((failureClass) => sample(0, { severity, failure_class: failureClass })),
      ),
      ...effects.failures.map((each) =>
        sample(each.count, { severity: each.severity, failure_class: each.failureClass }),
      ),
    ],
  );
}

function countApprovals(registry: Registry, effects: Effects): void {
  const name = 'tinman_approval_decisions_total';
  const decisions = APPROVAL_STATES.filter((state) => state !== 'pending');
  count(
    registry,
    name,
    'Decisions on approvals.',
    ['decision', 'tier'],
    [
      ...decisions.flatMap((decision) => RISK_TIERS.map((tier) => sample(0, { decision, tier }))),
      ...effects.approvalDecisions.map((each) =>
        sample(each.count, { decision: each.decision, tier: each.tier }),
      ),
    ],
  );
  gauge(registry, 'tinman_pending_approvals', 'Approvals that wait for a person.', effects.pendingApprovals);
}

interface Sample {
  readonly value: number;
  readonly labels: Readonly<Record<string, string>>;
}

function sample(value: number, labels: Readonly<Record<string, string>>): Sample {
  return { value, labels };
}

/** Samples of the same labels add up. */
function count(
  registry: Registry,
  name: string,
  help: string,
  labelNames: readonly string[],
  samples: readonly Sample[],
): void {
  const counter = new Counter({ name, help, labelNames: [...labelNames], registers: [registry] });
  for (const { labels, value } of samples) counter.inc({ ...labels }, value);
}

function gauge(registry: Registry, name: string, help: string, value: number): void {
  new Gauge({ name, help, registers: [registry] }).set(value);
}
