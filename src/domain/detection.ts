import type { JsonObject, ToolDefinition } from './chat';
import type { Detector } from './detector';
import type { Evidence, Transcript } from './experiment';

/** Finds a pattern in a text, in time that is linear in the text. `from` is the index to search from (0). */
export type MatchPattern = (
  pattern: string,
  flags: string,
  text: string,
  from?: number,
) => { readonly index: number; readonly text: string } | undefined;

/** What is wrong with a value by a JSON Schema; undefined when it satisfies it. */
export type FindSchemaViolation = (schema: JsonObject, value: unknown) => string | undefined;

/**
 * The engines that detectors, guardrails and tool policies need and the domain does not have.
 * Patterns and schemas are untrusted: both throw a {@link DomainError} `invalid_experiment` for one that cannot be used.
 */
export interface DetectionEngines {
  readonly match: MatchPattern;
  readonly schemaViolation: FindSchemaViolation;
}

export interface DetectionContext {
  readonly engines: DetectionEngines;
  /** The tools that the target could call. */
  readonly offeredTools: readonly ToolDefinition[];
  /** What a judge quotes as showing the failure that the rubric describes, empty when it sees none; without it nobody judged. */
  readonly judged?: readonly Evidence[];
}

export interface Detection {
  readonly fired: boolean;
  /** Never empty when it fired, always empty when it did not. */
  readonly evidence: readonly Evidence[];
}

/** How one kind of detector works; detectors that nest others get at them through `Nested`. */
export interface DetectorKind<D extends Detector> {
  /** What shows that it fires; empty when it does not fire. */
  evidence(detector: D, transcript: Transcript, context: DetectionContext): readonly Evidence[];
  /** What it looks for, after "the run": `says "Paris"`. */
  describe(detector: D): string;
  /** What is wrong with its settings, nested detectors aside; undefined when it can be used. */
  problem(detector: D, engines: DetectionEngines): string | undefined;
}

export type DetectorOf<Kind extends Detector['kind']> = Extract<Detector, { readonly kind: Kind }>;

/** A group of kinds, each with its own settings. */
export type DetectorKinds<Kind extends Detector['kind']> = {
  readonly [K in Kind]: DetectorKind<DetectorOf<K>>;
};

/** The way from a detector that nests others to those. */
export interface Nested {
  evidence(detector: Detector, transcript: Transcript, context: DetectionContext): readonly Evidence[];
  describe(detector: Detector): string;
}
