/** What bounds memory and time, whatever a document holds. */
export const LIMITS = {
  /** One record: a span, a segment document, a line, or a document whose records are in no list. */
  recordBytes: 32 * 1_024 * 1_024,
  /**
   * About as much of a larger document is parsed at a time. Small, so that what is parsed becomes garbage before the
   * collector has moved it: at eight times this size half the speed is gone.
   */
  sliceBytes: 64 * 1_024,
  /** What is looked at to tell the format. */
  headBytes: 256 * 1_024,
  /** Values within values, in an attribute. */
  attributeDepth: 64,
  attributesPerSpan: 10_000,
} as const;
