/** One structured line an event. `fields` are merged into the line; an error goes under `err`. */
type Write = (fields: Readonly<Record<string, unknown>>, message: string) => void;

/** What every layer may write to; made by `src/observability/logger.ts`. */
export interface Logger {
  readonly debug: Write;
  readonly info: Write;
  readonly warn: Write;
  readonly error: Write;
}
