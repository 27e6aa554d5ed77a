import type { Mode } from '../domain/mode';

/** What came of a request for another mode. */
export type TransitionAnswer =
  | { readonly state: 'done'; readonly from: Mode; readonly to: Mode; readonly message: string }
  | {
      readonly state: 'waiting';
      readonly from: Mode;
      readonly to: Mode;
      readonly message: string;
      readonly approvalId: string;
      readonly workflowId: string;
    };

/** Changes the mode. */
export interface ModeGateway {
  /**
   * Answers once the mode is changed or the change waits for a person.
   * @throws {DomainError} `transition_not_allowed` with `blocked_reason`, also while another transition is under way.
   */
  request(input: {
    readonly to: Mode;
    readonly comment: string | null;
    readonly requestedBy: string;
  }): Promise<TransitionAnswer>;
  /** From production to shadow, at once, past everything that waits; needs the database alone. */
  rollback(input: { readonly requestedBy: string; readonly reason: string }): Promise<{
    readonly changed: boolean;
    readonly withdrawn: number;
    readonly mode: Mode;
  }>;
}
