/** Roles of an API key, each with the rights of those before it. */
export const ROLES = ['viewer', 'operator', 'approver', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** Who asks. */
export interface Principal {
  /** The owner of the API key; `ANONYMOUS` where no key is asked for. */
  readonly name: string;
  readonly role: Role;
  /** Null where no key stands behind it: what such a principal decides is recorded as unproven. */
  readonly keyId: string | null;
}

/** Stands in records where nobody is proven; no key may have this owner. */
export const ANONYMOUS = 'anonymous';

/** Whether a role has the rights of another. */
export function roleIncludes(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}
