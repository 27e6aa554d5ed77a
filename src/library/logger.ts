import { getLogger as internalLogger } from '../observability/logger';

type Fields = Readonly<Record<string, unknown>>;

/** Writes one line: what happened, and what is known of it. The other order, that of `TinmanOptions.logger`, is taken too. */
interface Write {
  (message: string, fields?: Fields): void;
  (fields: Fields, message: string): void;
}

/** The log of one part of a program. */
export type ComponentLogger = Readonly<Record<'debug' | 'info' | 'warn' | 'error', Write>>;

/**
 * A logger whose lines carry `component` and go where Tinman's own go: JSON on standard error, secrets redacted. An error
 * is told under `err`, with its stack and its causes.
 */
export function getLogger(component: string): ComponentLogger {
  const logger = internalLogger(component);
  const writing =
    (level: keyof ComponentLogger): Write =>
    (...said: readonly (string | Fields | undefined)[]) => {
      const fields = said.find((part) => typeof part === 'object');
      const message = said.find((part) => typeof part === 'string');
      logger[level](fields ?? {}, message ?? '');
    };
  return {
    debug: writing('debug'),
    info: writing('info'),
    warn: writing('warn'),
    error: writing('error'),
  };
}
