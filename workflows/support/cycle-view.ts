import * as wf from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { SearchAttributePair } from '@temporalio/common';
import type { CycleInput, CyclePhase, CycleState, EndedCycleState } from '../../src/domain/cycle';
import type { Mode } from '../../src/domain/mode';
import type { Severity } from '../../src/domain/severity';
import type { CycleStatus } from '../messages';

const MODE = defineSearchAttributeKey('TinmanMode', 'KEYWORD');
const PHASE = defineSearchAttributeKey('TinmanPhase', 'KEYWORD');
const SEVERITY = defineSearchAttributeKey('TinmanSeverity', 'KEYWORD');
const PENDING_APPROVALS = defineSearchAttributeKey('TinmanPendingApprovals', 'INT');

/** The counters of a cycle: small, carried over continue-as-new. */
export interface CycleCounts {
  phase: CyclePhase;
  hypotheses: number;
  experiments: { total: number; ended: number };
  failures: number;
  followUps: { total: number; ended: number };
  simulations: { total: number; ended: number };
  paused: boolean;
  budgetExhausted: boolean;
}

export function freshCounts(): CycleCounts {
  return {
    phase: 'hypothesis_generation',
    hypotheses: 0,
    experiments: { total: 0, ended: 0 },
    failures: 0,
    followUps: { total: 0, ended: 0 },
    simulations: { total: 0, ended: 0 },
    paused: false,
    budgetExhausted: false,
  };
}

/** What the Web UI shows of a cycle: search attributes, current details and the status query. */
export class CycleView {
  private state: CycleState = 'running';
  private pending = 0;
  /** Found out since the last upsert. */
  private unseen: SearchAttributePair[] = [];

  constructor(
    private readonly input: CycleInput,
    readonly counts: CycleCounts,
  ) {}

  began(mode: Mode): void {
    this.unseen.push({ key: MODE, value: mode });
    this.log('the cycle begins', { mode });
  }

  /**
   * Phases that pass within one workflow task can be seen by nobody in between; their upserts would only be events: they
   * are `brief`, and what they found out is shown with the next phase.
   */
  enter(phase: CyclePhase, brief: boolean): void {
    this.counts.phase = phase;
    this.log('a phase begins');
    if (!brief) {
      wf.upsertSearchAttributes([...this.unseen, { key: PHASE, value: phase }]);
      this.unseen = [];
    }
    this.refresh();
  }

  found(failures: number, highestSeverity: Severity | null): void {
    this.counts.failures = failures;
    this.log('failures were discovered', { failures, highest_severity: highestSeverity });
    if (highestSeverity !== null) this.unseen.push({ key: SEVERITY, value: highestSeverity });
  }

  showPending(pending: number): void {
    this.pending = pending;
    this.log('decisions are waited for', { pending_approvals: pending });
    wf.upsertSearchAttributes([{ key: PENDING_APPROVALS, value: pending }]);
    this.refresh();
  }

  ended(state: EndedCycleState, error: string | null): void {
    this.state = state;
    this.pending = 0;
    this.refresh();
    const { hypotheses, experiments, failures, simulations } = this.counts;
    this.log('the cycle ended', {
      state,
      hypotheses,
      experiments: experiments.ended,
      failures,
      simulations: simulations.ended,
      ...(error === null ? {} : { error }),
    });
  }

  paused(paused: boolean): void {
    this.counts.paused = paused;
    this.refresh();
    this.log(paused ? 'the cycle is paused' : 'the cycle goes on');
  }

  /** Markdown: a list needs an empty line before it. */
  refresh(): void {
    const { phase, hypotheses, experiments, failures, followUps, simulations, paused } = this.counts;
    const now = this.state === 'running' ? phase : this.state;
    wf.setCurrentDetails(
      [
        `**${now.replaceAll('_', ' ')}**${paused ? ' (paused)' : ''}`,
        '',
        `- hypotheses: ${hypotheses}`,
        `- experiments: ${experiments.ended} of ${experiments.total} ended`,
        `- failures: ${failures}, ${followUps.ended} of ${followUps.total} followed up`,
        `- simulations: ${simulations.ended} of ${simulations.total} ended`,
        ...(this.pending > 0 ? [`- decisions waited for: **${this.pending}**`] : []),
      ].join('\n'),
    );
  }

  private log(message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    wf.log.info(message, { cycle_id: this.input.cycleId, phase: this.counts.phase, ...fields });
  }

  status(approvals: CycleStatus['approvals']): CycleStatus {
    const { phase, paused, hypotheses, experiments, failures, simulations } = this.counts;
    const { cycleId } = this.input;
    return {
      cycleId,
      state: this.state,
      phase,
      paused,
      hypotheses,
      experiments,
      failures,
      simulations,
      approvals,
    };
  }
}
