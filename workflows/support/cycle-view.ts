import * as wf from '@temporalio/workflow';
import { defineSearchAttributeKey } from '@temporalio/common';
import type { CycleInput, CyclePhase } from '../../src/domain/cycle';
import type { Mode } from '../../src/domain/mode';
import type { CycleStatus } from '../messages';

const MODE = defineSearchAttributeKey('TinmanMode', 'KEYWORD');
const PHASE = defineSearchAttributeKey('TinmanPhase', 'KEYWORD');
const PENDING_APPROVALS = defineSearchAttributeKey('TinmanPendingApprovals', 'INT');

/** The counters of a cycle: small, carried over continue-as-new. */
export interface CycleCounts {
  phase: CyclePhase;
  hypotheses: number;
  experiments: { total: number; ended: number };
  failures: number;
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
    simulations: { total: 0, ended: 0 },
    paused: false,
    budgetExhausted: false,
  };
}

/** What the Web UI shows of a cycle: search attributes, current details and the status query. */
export class CycleView {
  private modeShown = false;
  private pending = 0;

  constructor(
    private readonly input: CycleInput,
    readonly counts: CycleCounts,
  ) {}

  /**
   * Shows the phase, and the mode with the first one. Phases that pass within one workflow task can be seen by nobody in
   * between; their upserts would only be events: they are `brief`.
   */
  enter(phase: CyclePhase, mode: Mode, brief: boolean): void {
    this.counts.phase = phase;
    if (!brief) {
      const pairs = this.modeShown ? [] : [{ key: MODE, value: mode }];
      wf.upsertSearchAttributes([...pairs, { key: PHASE, value: phase }]);
      this.modeShown = true;
    }
    this.refresh();
  }

  showPending(pending: number): void {
    this.pending = pending;
    wf.upsertSearchAttributes([{ key: PENDING_APPROVALS, value: pending }]);
    this.refresh();
  }

  /** Markdown: a list needs an empty line before it. */
  refresh(): void {
    const { phase, hypotheses, experiments, failures, simulations, paused } = this.counts;
    wf.setCurrentDetails(
      [
        `**${phase.replaceAll('_', ' ')}**${paused ? ' (paused)' : ''}`,
        '',
        `- hypotheses: ${hypotheses}`,
        `- experiments: ${experiments.ended} of ${experiments.total} ended`,
        `- failures: ${failures}`,
        `- simulations: ${simulations.ended} of ${simulations.total} ended`,
        ...(this.pending > 0 ? [`- decisions waited for: **${this.pending}**`] : []),
      ].join('\n'),
    );
  }

  status(approvals: CycleStatus['approvals']): CycleStatus {
    const { phase, paused, experiments, failures, simulations } = this.counts;
    return { cycleId: this.input.cycleId, phase, paused, experiments, failures, simulations, approvals };
  }
}
