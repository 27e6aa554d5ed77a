import type { ApprovalRules } from '../src/domain/approval-rules';
import type { DetectionEngines } from '../src/domain/detect';
import type { Mode } from '../src/domain/mode';
import type { TokenPrice } from '../src/domain/money';
import type { RiskPolicy } from '../src/domain/risk';
import type { Severity } from '../src/domain/severity';
import type { ReplayCase } from '../src/domain/replay-case';
import type { TraceFailure } from '../src/domain/trace-failures';
import type { Ledger } from '../src/ports/ledger';
import type { Llm } from '../src/ports/llm';
import type { ScheduleRecords } from '../src/ports/schedules';
import type { Stores } from '../src/ports/stores';
import type { TargetDirectory } from '../src/ports/target';
import type { Tool } from '../src/ports/tool';
import type { TraceIntake } from '../src/ports/trace-intake';
import type { TraceUploadStore } from '../src/ports/trace-uploads';
import type { ExperimentLibrary } from '../src/researcher/library';

/** Settings that depend on the mode. */
interface ModeSettings {
  /** Experiments of a cycle at once, and target calls of an experiment at once. */
  readonly maxParallel: number;
  /** How long one attempt of an experiment or a simulation may take. */
  readonly executionTimeoutMs: number;
  /** The most one experiment or one simulation may spend. */
  readonly costLimitMicroUsd: number;
  /** Plays that following up a failure may ask for; 0: none is followed up. */
  readonly followUpCalls: number;
  readonly approvalTimeoutMs: Readonly<Record<Severity, number>>;
  readonly approval: ApprovalRules;
}

/** Everything the activities need of the world. */
export interface ActivityDeps {
  readonly stores: Stores;
  readonly ledger: Ledger;
  readonly targets: TargetDirectory;
  readonly engines: DetectionEngines;
  /** The policy in force now; it may be another one the next time. */
  readonly policy: () => RiskPolicy;
  /** Aborted when the worker begins to shut down, before it cancels what is still under way. */
  readonly draining: AbortSignal;
  readonly settingsFor: (mode: Mode) => ModeSettings;
  /** How long, and over how many assessed canary pairs, what went live is watched. */
  readonly watch: { readonly watchMs: number; readonly watchReplays: number };
  /** What a model without a known price is charged outside production; in production it is refused. */
  readonly worstCasePrice: TokenPrice;
  /** The tools of this process, as the executor gets at them. */
  readonly tools: { toolFor(name: string): Tool };
  /** What is wrong with the database's schema; undefined when it is that of this version. */
  readonly migrationProblem: () => Promise<string | undefined>;
  readonly schedules: Pick<ScheduleRecords, 'admit'>;
  /** Where traces come in. */
  readonly traces: {
    readonly intake: TraceIntake;
    readonly uploads: TraceUploadStore;
    /** How old a trace may be to say something of its target. */
    readonly bufferMs: number;
    /** Model calls of production behind a failure, so many at most, that can be made again. */
    readonly replayCases: (failure: TraceFailure, limit: number) => Promise<readonly ReplayCase[]>;
  };
  /** What the offline researcher knows. */
  readonly library: ExperimentLibrary;
  /** Undefined: the offline researcher. */
  readonly llm: Llm | undefined;
  /** Output limit of the researcher's model, in tokens. */
  readonly maxAnswerTokens: number;
  /** A deterministic id from its parts: the same on every retry. */
  readonly recordId: (...parts: (string | number)[]) => string;
  readonly onModelCall: (call: {
    readonly model: string;
    readonly status: 'answered' | 'invalid' | 'error';
    readonly latencyMs: number;
  }) => void;
}
