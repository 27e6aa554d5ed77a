import type { CycleRequest, CycleSchedule } from './cycle';

/** What becomes of a time that comes while the cycle before still runs. */
export const OVERLAP_POLICIES = ['skip', 'buffer_one', 'buffer_all', 'cancel_other', 'allow_all'] as const;
export type OverlapPolicy = (typeof OVERLAP_POLICIES)[number];

/** When cycles are to start: by cron, or at intervals; one of the two is null. */
export interface ScheduleTiming {
  /** As Temporal reads it. */
  readonly cron: string | null;
  readonly everySeconds: number | null;
  /** An IANA name; what `cron` is meant in. */
  readonly timezone: string;
  /** Each start is later by a random time up to this. */
  readonly jitterSeconds: number;
  readonly overlap: OverlapPolicy;
}

/** The request of a cycle that a schedule starts. */
export type ScheduledRequest = CycleRequest & { readonly schedule: CycleSchedule };

/** All that a schedule was made with. */
export interface ScheduleTerms {
  readonly timing: ScheduleTiming;
  readonly request: ScheduledRequest;
  /** In whose name its cycles run. */
  readonly createdBy: string;
}

/** The input of the workflow that a schedule starts; the same every time. */
export interface ScheduledCycleInput {
  readonly request: ScheduledRequest;
  readonly requestedBy: string;
  /** SHA-256 of the request. */
  readonly requestHash: string;
  /** Whether the focus may stand among the search attributes, which are never encrypted. */
  readonly showsFocus: boolean;
}
