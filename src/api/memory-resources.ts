import { z } from 'zod';
import { NOVELTIES, FAILURE_STATES } from '../domain/failure';
import { EDGE_KINDS, NODE_KINDS } from '../domain/memory';
import { SEVERITIES } from '../domain/severity';
import { FAILURE_TYPES } from '../domain/taxonomy';
import { count, rate, Rate } from './rate-resource';

const time = z.iso.datetime();

export const MemoryNode = z
  .object({
    id: z.guid(),
    kind: z.enum(NODE_KINDS),
    key: z.string(),
    label: z.string(),
    data: z.looseObject({}),
    valid_from: time,
    valid_to: time.nullable().describe('Null while it holds.'),
  })
  .meta({ id: 'MemoryNode' });

export const MemorySearchResult = z
  .object({
    items: z.array(
      MemoryNode.extend({
        similarity: rate
          .nullable()
          .describe('Of the words to the likest part of the label; null without words.'),
      }),
    ),
    next_cursor: z.string().nullable(),
  })
  .meta({ id: 'MemorySearchResult' });

export const MemoryNeighbours = z
  .object({
    node: MemoryNode,
    nodes: z.array(MemoryNode.extend({ distance: z.int().min(1).max(3) })),
    edges: z.array(
      z.object({
        id: z.guid(),
        kind: z.enum(EDGE_KINDS),
        from_id: z.guid(),
        to_id: z.guid(),
        valid_from: time,
        valid_to: time.nullable(),
      }),
    ),
    truncated: z.boolean().describe('Whether there are more than are shown.'),
  })
  .meta({ id: 'MemoryNeighbours' });

const Finding = z.object({
  id: z.guid(),
  cycle_id: z.guid(),
  failure_type: z.string(),
  trigger: z.string(),
  severity: z.enum(SEVERITIES),
  novelty: z.enum(NOVELTIES),
  created_at: time,
  rate: Rate,
  state: z.enum(FAILURE_STATES),
  state_changed_at: time.nullable(),
  state_set_by: z.string().nullable(),
  state_reason: z.string().nullable(),
});

const Deployed = z.object({
  id: z.guid(),
  channel: z.string(),
  state: z.string(),
  end_reason: z.string().nullable(),
  created_at: time,
  published_at: time.nullable(),
  ended_at: time.nullable(),
});

export const FailureLineage = z
  .object({
    failure: Finding,
    cycle: z.looseObject({ id: z.guid(), target: z.string() }),
    hypothesis: z.looseObject({ id: z.guid(), expected_failure: z.string(), created_at: time }),
    experiment: z.looseObject({ id: z.guid(), title: z.string(), state: z.string(), created_at: time }),
    failed_runs: z.array(z.looseObject({ id: z.guid(), ordinal: z.int(), seed: z.int(), ended_at: time })),
    previous: Finding.nullable(),
    next: z.array(Finding),
    interventions: z.array(
      z.object({
        id: z.guid(),
        type: z.string(),
        name: z.string(),
        created_at: time,
        simulations: z.array(
          z.object({
            id: z.guid(),
            state: z.string(),
            verdict: z.string().nullable(),
            reason: z.string().nullable(),
            created_at: time,
            ended_at: time.nullable(),
          }),
        ),
        deployments: z.array(Deployed),
      }),
    ),
  })
  .meta({ id: 'FailureLineage' });

export const FailureEvolution = z
  .object({
    target: z.string(),
    trigger_signature: z.string(),
    failure_type: z.string(),
    trigger: z.string(),
    findings: z.array(Finding),
    deployments: z.array(Deployed),
  })
  .meta({ id: 'FailureEvolution' });

export const Beliefs = z
  .object({
    target: z.string(),
    beliefs: z.array(
      z.object({
        failure_type: z.enum(FAILURE_TYPES),
        experiments: count,
        assessed_runs: count,
        failed_runs: count,
        alpha: z.number().min(0).describe('Of the Beta distribution.'),
        beta: z.number().min(0),
        rate: rate.describe('The expected rate of failure.'),
        low: rate.describe('Of the 95 % credible interval.'),
        high: rate,
        half_life_days: z.number(),
        last_seen_days_ago: count.nullable().describe('Null when nothing that was seen still counts.'),
        run_usd: z.number().nullable().describe('The mean cost of a run; null where runs cost nothing.'),
        failures: z
          .record(z.enum(FAILURE_STATES), count)
          .or(z.object({}))
          .describe('Known ones, by their state.'),
      }),
    ),
  })
  .meta({ id: 'Beliefs' });
