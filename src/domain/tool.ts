import type { JsonObject, JsonValue } from './chat';
import type { ActionType } from './risk';
import type { Severity } from './severity';

/** What calling a tool can do at worst. */
export const TOOL_RISK_LEVELS = ['low', 'medium', 'high', 'destructive'] as const;
export type ToolRiskLevel = (typeof TOOL_RISK_LEVELS)[number];

/** `unknown`: it was begun, and its end was never seen. */
export const TOOL_STATUSES = [
  'requested',
  'running',
  'succeeded',
  'failed',
  'refused',
  'unknown',
  'rolled_back',
] as const;
export type ToolStatus = (typeof TOOL_STATUSES)[number];

/** A tool as it may be shown: everything but what it does. */
export interface ToolDescription {
  readonly name: string;
  readonly description: string;
  readonly riskLevel: ToolRiskLevel;
  /** JSON Schema (draft 2020-12) of its arguments, an object. */
  readonly parameters: JsonObject;
  /** Whether what it did can be taken back by a function of its own. */
  readonly reversible: boolean;
  /** Whether doing it twice is as good as once: only then is it tried again after a crash. */
  readonly idempotent: boolean;
}

/** One call of a tool, from the request to its end. */
export interface ToolExecution {
  readonly id: string;
  readonly tool: string;
  readonly riskLevel: ToolRiskLevel;
  readonly actionType: ActionType;
  readonly reversible: boolean;
  /** Why, for the person who decides. */
  readonly description: string;
  readonly arguments: JsonObject;
  readonly requestedBy: string;
  readonly workflowId: string;
  readonly status: ToolStatus;
  readonly result: JsonValue;
  readonly error: string | null;
  /** The execution that this one takes back. */
  readonly rollbackOf: string | null;
}

const SEVERITY: Readonly<Record<ToolRiskLevel, Severity>> = {
  low: 'S0',
  medium: 'S1',
  high: 'S2',
  destructive: 'S3',
};

/** The impact of calling a tool of this level. */
export function toolSeverity(level: ToolRiskLevel): Severity {
  return SEVERITY[level];
}

/** What the policy knows a call of this level as; a destructive one is never anything else, whatever the caller says. */
export function toolActionType(level: ToolRiskLevel, asked: ActionType = 'TOOL_CALL'): ActionType {
  return level === 'destructive' ? 'DESTRUCTIVE_TOOL_CALL' : asked;
}

/** Names that tools may have. */
export const TOOL_NAME = /^[a-z][a-z0-9_]{0,62}$/;
/** The longest that a call may take: less than an attempt of its activity may. */
export const TOOL_TIMEOUT_LIMIT_MS = 540_000;
/** The longest arguments and the longest result, as JSON, in bytes. */
export const TOOL_ARGUMENTS_LIMIT = 65_536;
export const TOOL_RESULT_LIMIT = 262_144;
