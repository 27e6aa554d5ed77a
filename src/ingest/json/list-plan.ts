/**
 * Which lists of a document hold its records, so that a document larger than memory can be cut between them: by key, what
 * lists their elements may hold in turn; the empty key stands for an array that is itself an element, or the document.
 */
export interface ListPlan {
  readonly [key: string]: ListPlan;
}

export const LEAF: ListPlan = {};
