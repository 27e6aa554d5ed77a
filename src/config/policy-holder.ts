import { basename } from 'node:path';
import type { RiskPolicy } from '../domain/risk';
import { loadRiskPolicy, type PolicySource } from './risk-policy';

/** The risk policy in force in this process, until the file is read again. */
export class PolicyHolder {
  /** The name of the file, without its folder. */
  readonly file: string;
  private policy: RiskPolicy;

  /** @throws {ConfigError} with every mistake in the file. */
  constructor(private readonly source: PolicySource) {
    this.file = basename(source.path);
    this.policy = loadRiskPolicy(source);
  }

  readonly current = (): RiskPolicy => this.policy;

  /**
   * Reads the file again; returns the policy that was in force before.
   * @throws {ConfigError} with every mistake in the file; the policy then stays as it is.
   */
  reload(): RiskPolicy {
    const before = this.policy;
    this.policy = loadRiskPolicy(this.source);
    return before;
  }
}
