import type { ApprovalDecision } from '../domain/approval';
import type { Principal, Role } from '../domain/access';

/** A key as it may be shown: never its secret, nor the hash of it. */
export interface ApiKeyRecord {
  readonly id: string;
  readonly owner: string;
  readonly role: Role;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly revokedBy: string | null;
  readonly revokedAt: Date | null;
}

export interface ApiKeys {
  /** Makes a key; its text is known only now. @throws {DomainError} `invalid_arguments` for an owner that none may have. */
  create(input: {
    readonly owner: string;
    readonly role: Role;
    readonly createdBy: string;
  }): Promise<{ readonly key: string; readonly record: ApiKeyRecord }>;
  /** Makes the given key the first one, an admin's; false where there are keys already. */
  bootstrap(key: string): Promise<boolean>;
  /** Newest first, the revoked ones too. */
  list(): Promise<readonly ApiKeyRecord[]>;
  /** @throws {DomainError} `not_found`; `state_conflict` when it is revoked already. */
  revoke(id: string, revokedBy: string): Promise<ApiKeyRecord>;
  /** Whether any key is in force. */
  exist(): Promise<boolean>;
  /** Who stands behind a key's text; undefined for one that is malformed, unknown or revoked. */
  principalOf(key: string): Promise<Principal | undefined>;
}

/** What proves who decided, written before the workflow is told. */
export interface ApprovalProofs {
  /**
   * The id of the proof; undefined where no key stands behind the principal. The same decision of the same key has the
   * same proof.
   */
  write(decision: ApprovalDecision, principal: Principal): Promise<string | undefined>;
}
