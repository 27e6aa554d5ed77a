/** Operating modes, least to most consequential. */
export const MODES = ['lab', 'shadow', 'production'] as const;
export type Mode = (typeof MODES)[number];

/** The mode in force, with the version that fences writes which depend on it. */
export interface CurrentMode {
  readonly mode: Mode;
  readonly version: number;
}

/** The stricter of two modes: a running cycle obeys the stricter of the mode it started in and the mode now. */
export function stricterMode(a: Mode, b: Mode): Mode {
  return MODES.indexOf(a) >= MODES.indexOf(b) ? a : b;
}

/** Runs of an experiment that a mode permits: lab all; shadow half, rounded up, at least min(3, n); production at most 3. */
export function runsPermitted(mode: Mode, requested: number): number {
  if (mode === 'lab') return requested;
  if (mode === 'production') return Math.min(requested, 3);
  return Math.max(Math.ceil(requested / 2), Math.min(3, requested));
}
