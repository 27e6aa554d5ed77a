import { isSpanContextValid, trace } from '@opentelemetry/api';
import { destination, pino, stdSerializers, type DestinationStream, type Logger } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { currentLogFields } from '../log-context';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

const STANDARD_ERROR = 2;
const REDACTED = '[redacted]';
/** A string member whose name says that it is a secret. Counts of tokens are numbers, and stay. */
const SECRET_MEMBER =
  /"([^"\\]*(?:authorization|api[-_]?key|password|passwd|secret|credential|cookie|[-_]token|access_?token|auth_?token)[^"\\]*)":"(?:[^"\\]|\\.)*"/gi;
/** User name and password of a connection URL. */
const URL_CREDENTIALS = /([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi;
/** Keys that stand in running text, such as an error's message. */
const BARE_SECRET = /\b(Bearer\s+)[\w.~+/=-]{8,}|\bsk-[\w-]{8,}|\btinman_[0-9a-f]{32}_[\w-]+/gi;

let root: Logger | undefined;

/**
 * Makes the process's logger: one JSON line an event on standard error, or readable lines when `pretty`.
 * `getLogger` derives from the one made last. Lines carry the fields of `withLogFields`, and `trace_id`.
 */
export function createLogger(options: {
  readonly level: LogLevel;
  readonly pretty: boolean;
  /** Where lines go instead of standard error. */
  readonly stream?: DestinationStream;
}): Logger {
  const readable = options.pretty ? prettyFactory({ ignore: 'pid', translateTime: 'HH:MM:ss' }) : undefined;
  root = pino(
    {
      level: options.level,
      base: { pid: process.pid },
      mixin: surroundings,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: stdSerializers.errWithCause },
      hooks: { streamWrite: (line) => readable?.(redact(line)) ?? redact(line) },
    },
    options.stream ?? destination({ fd: STANDARD_ERROR, sync: true }),
  );
  return root;
}

/** The logger of one part of the program; its lines carry `component`. */
export function getLogger(component: string): Logger {
  root ??= createLogger({ level: 'info', pretty: false });
  return root.child({ component });
}

/** What is under way where the line is written, with trace and span when it is traced; new, since pino adds to it. */
function surroundings(): Record<string, unknown> {
  const span = trace.getActiveSpan()?.spanContext();
  const fields = { ...currentLogFields() };
  if (span === undefined || !isSpanContextValid(span)) return fields;
  return { ...fields, trace_id: span.traceId, span_id: span.spanId };
}

/** A text, such as a written line, without the secrets that it would tell. */
export function redact(text: string): string {
  return text
    .replace(SECRET_MEMBER, `"$1":"${REDACTED}"`)
    .replace(URL_CREDENTIALS, `$1${REDACTED}@`)
    .replace(BARE_SECRET, (_match, scheme: string | undefined) => `${scheme ?? ''}${REDACTED}`);
}
