import { Counter, Gauge, Registry } from 'prom-client';
import { APPROVAL_STATES } from '../domain/approval';
import { remainingUsd, type BudgetStatus } from '../domain/budget';
import { CYCLE_PHASES, CYCLE_STATES } from '../domain/cycle';
import { usdOfMicro } from '../domain/money';
import { MODES, type Mode } from '../domain/mode';
import { DELIVERY_STATES } from '../domain/outbound-events';
import { RISK_TIERS } from '../domain/risk';
import { SEVERITIES } from '../domain/severity';
import { FAILURE_CLASSES } from '../domain/taxonomy';
import { TOOL_STATUSES } from '../domain/tool';
import type { PaidModel } from '../ports/metrics';
import type { Effects } from '../ports/records';

/**
 * The families that are counted in the database, in the Prometheus text format. Every process shows the same figures:
 * take their maximum over processes, not their sum. Closed label sets start at 0.
 */
export async function renderDatabaseMetrics(
  effects: Effects,
  mode: Mode,
  budgets: readonly BudgetStatus[],
  models: readonly PaidModel[],
): Promise<string> {
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
  showCycles(registry, effects);
  countFailures(registry, effects);
  countApprovals(registry, effects);
  showBudgets(registry, budgets);
  count(
    registry,
    'tinman_cost_usd_total',
    'Settled cost in USD.',
    ['source', 'model'],
    [
      ...models.map(({ source, model }) => sample(0, { source, model })),
      ...effects.costUsd.map(({ source, model, usd }) => sample(usd, { source, model })),
    ],
  );
  count(
    registry,
    'tinman_tool_executions_total',
    'Guarded tool calls.',
    ['status'],
    [
      ...TOOL_STATUSES.map((status) => sample(0, { status })),
      ...effects.toolExecutions.map(({ status, count: calls }) => sample(calls, { status })),
    ],
  );
  showWebhooks(registry, effects);
  const current = new Gauge({
    name: 'tinman_current_mode',
    help: 'Operating mode in force: 1 for one mode, 0 for the others.',
    labelNames: ['mode'],
    registers: [registry],
  });
  for (const each of MODES) current.set({ mode: each }, each === mode ? 1 : 0);
  return registry.metrics();
}

function showCycles(registry: Registry, effects: Effects): void {
  const phases = new Gauge({
    name: 'tinman_research_cycles_in_phase',
    help: 'Research cycles under way, by the phase they are in.',
    labelNames: ['phase'],
    registers: [registry],
  });
  for (const phase of CYCLE_PHASES) phases.set({ phase }, effects.runningByPhase[phase] ?? 0);
  gauge(
    registry,
    'tinman_research_cycle_oldest_running_seconds',
    'How long ago the oldest of them was asked for.',
    effects.oldestRunningCycleSeconds,
  );
  count(
    registry,
    'tinman_research_cycle_seconds_total',
    'Time that ended research cycles took, waiting for people included; divided by their number, the mean.',
    [],
    [sample(effects.cycleSeconds, {})],
  );
  gauge(
    registry,
    'tinman_audit_unsealed_entries',
    'Entries of the audit log of the last hour that are not in the chain yet.',
    effects.unsealedAuditEntries,
  );
}

function countFailures(registry: Registry, effects: Effects): void {
  const name = 'tinman_failures_discovered_total';
  count(
    registry,
    name,
    'Failures discovered.',
    ['severity', 'class'],
    [
      ...SEVERITIES.flatMap((severity) =>
        FAILURE_CLASSES.map((failureClass) => sample(0, { severity, class: failureClass })),
      ),
      ...effects.failures.map((each) =>
        sample(each.count, { severity: each.severity, class: each.failureClass }),
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
  gauge(
    registry,
    'tinman_approval_queue_age_seconds',
    'How long the oldest of them has waited.',
    effects.oldestPendingApprovalSeconds,
  );
}

function showWebhooks(registry: Registry, effects: Effects): void {
  const deliveries = new Gauge({
    name: 'tinman_webhook_deliveries',
    help: 'Events told to webhooks, by how their delivery stands.',
    labelNames: ['state'],
    registers: [registry],
  });
  for (const state of DELIVERY_STATES) deliveries.set({ state }, effects.webhookDeliveries[state] ?? 0);
  gauge(
    registry,
    'tinman_webhook_oldest_pending_seconds',
    'Age of the oldest event that is not delivered yet.',
    effects.oldestPendingDeliverySeconds,
  );
}

/** Of the configured budgets, whose scopes are few. A budget without a limit has neither limit nor remainder. */
function showBudgets(registry: Registry, budgets: readonly BudgetStatus[]): void {
  const show = (figure: string, help: string, usdOf: (budget: BudgetStatus) => number | null): void => {
    const name = `tinman_budget_${figure}_usd`;
    const shown = new Gauge({ name, help, labelNames: ['scope'], registers: [registry] });
    for (const budget of budgets) {
      const usd = usdOf(budget);
      if (usd !== null) shown.set({ scope: budget.scope }, usd);
    }
  };
  show('limit', 'Budget of the current period in USD.', ({ limitMicroUsd }) =>
    limitMicroUsd === null ? null : usdOfMicro(limitMicroUsd),
  );
  show('spent', 'Settled in the current period in USD.', (each) => usdOfMicro(each.settledMicroUsd));
  show('reserved', 'Reserved for calls under way in USD.', (each) => usdOfMicro(each.reservedMicroUsd));
  show('remaining', 'Neither settled nor reserved of the budget in USD.', remainingUsd);
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
