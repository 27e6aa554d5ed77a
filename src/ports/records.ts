import type { CycleProgress } from '../domain/cycle';
import type { Channel } from '../domain/deployment';

/** The resources that can be listed. */
export const RESOURCES = [
  'cycles',
  'hypotheses',
  'experiments',
  'failures',
  'interventions',
  'simulations',
  'deployments',
  'approvals',
  'tool_executions',
] as const;
export type Resource = (typeof RESOURCES)[number];

/** A record as the API shows it: snake_case fields, ISO times, money in USD. */
export type ApiRecord = Readonly<Record<string, unknown>>;

export interface Page {
  readonly items: readonly ApiRecord[];
  /** Opaque; null on the last page. */
  readonly nextCursor: string | null;
}

/** What narrows the deployments in force; nothing is required. */
export interface ActiveFilter {
  readonly channel?: Channel | undefined;
  readonly target?: string | undefined;
}

export interface ListQuery {
  readonly limit: number;
  readonly cursor?: string;
  /** Equality filters on the fields that the resource allows, by their API names. */
  readonly filters: Readonly<Record<string, string>>;
}

/** Service state for `GET /status`. */
export interface StatusCounts {
  readonly hypothesesGenerated: number;
  readonly experimentsRun: number;
  readonly failuresDiscovered: number;
  readonly interventionsProposed: number;
  readonly pendingApprovals: number;
  readonly activeCycles: number;
  readonly currentFocus: string | null;
  readonly approvalStats: Readonly<
    Record<'approved' | 'rejected' | 'expired' | 'pending' | 'cancelled', number>
  >;
}

/** The read side of the API and the CLI: PostgreSQL only, newest first. */
export interface Records {
  /** Filters allowed per resource, by API name. */
  readonly filters: Readonly<Record<Resource, readonly string[]>>;
  /** @throws {DomainError} `invalid_cursor` for a cursor this list did not give. */
  list(resource: Resource, query: ListQuery): Promise<Page>;
  /** One record with its details (runs of an experiment, replays of a simulation); undefined when unknown. */
  get(resource: Resource, id: string): Promise<ApiRecord | undefined>;
  progress(cycleId: string): Promise<CycleProgress | undefined>;
  /** The result of a cycle as `POST /research/cycle?wait=` answers it. */
  result(cycleId: string): Promise<ApiRecord | undefined>;
  status(): Promise<StatusCounts>;
  /** Counters of effects for the scrape, read from the database. */
  effects(): Promise<Effects>;
  /**
   * The deployments that applications are to have in force, in the order in which they went live; those of the channel
   * production only while the mode is production.
   */
  active(filter: ActiveFilter): Promise<readonly ApiRecord[]>;
}

export interface Effects {
  readonly cyclesByState: Readonly<Record<string, number>>;
  /** Of the cycles that have ended: from being asked for to the end. */
  readonly cycleSeconds: number;
  /** Cycles that run, by the phase they are in. */
  readonly runningByPhase: Readonly<Record<string, number>>;
  /** Since the oldest of them was asked for; 0 when none runs. */
  readonly oldestRunningCycleSeconds: number;
  readonly failures: readonly {
    readonly severity: string;
    readonly failureClass: string;
    readonly count: number;
  }[];
  readonly approvalDecisions: readonly {
    readonly decision: string;
    readonly tier: string;
    readonly count: number;
  }[];
  readonly costUsd: readonly { readonly source: string; readonly model: string; readonly usd: number }[];
  readonly pendingApprovals: number;
  /** Since the oldest of them was asked for; 0 when none waits. */
  readonly oldestPendingApprovalSeconds: number;
  readonly toolExecutions: readonly { readonly status: string; readonly count: number }[];
  readonly webhookDeliveries: Readonly<Record<string, number>>;
  /** Since the event of the oldest delivery that is pending; 0 when none is. */
  readonly oldestPendingDeliverySeconds: number;
  /** Entries of the audit log of the last hour that are not in the chain yet. */
  readonly unsealedAuditEntries: number;
}
