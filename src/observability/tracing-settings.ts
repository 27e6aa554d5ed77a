import { parseKeyPairsIntoRecord } from '@opentelemetry/core';
import { DomainError } from '../domain/errors';

/** How spans are sent, by OpenTelemetry's environment variables. */
export interface TracingSettings {
  /** Of the receiver, with its path. */
  readonly url: string;
  readonly form: 'protobuf' | 'json';
  /** How long sending a batch may take, further attempts included; the end of the process waits as long. */
  readonly timeoutMs: number;
  /** Sent along, say a key; secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** What OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say of this process. */
  readonly resource: Readonly<Record<string, string>>;
}

/** Shorter than the ten seconds of the specification, so that a receiver that is away holds up no shutdown. */
const TIMEOUT_MS = 3_000;

const FORMS: Readonly<Record<string, TracingSettings['form']>> = {
  'http/protobuf': 'protobuf',
  'http/json': 'json',
};

/**
 * The settings of tracing, or undefined where it is off: it is on when OTEL_EXPORTER_OTLP_ENDPOINT or
 * OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set, unless OTEL_SDK_DISABLED is `true` or OTEL_TRACES_EXPORTER `none`.
 * Names and precedence are those of OpenTelemetry: https://opentelemetry.io/docs/specs/otel/protocol/exporter/ and
 * https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/.
 * @throws {DomainError} `invalid_configuration` for an endpoint or a protocol that cannot be used.
 */
export function tracingSettings(
  env: Readonly<Record<string, string | undefined>>,
): TracingSettings | undefined {
  const given = (name: string): string | undefined => env[name]?.trim() || undefined;
  const forTraces = (name: string): string | undefined =>
    given(`OTEL_EXPORTER_OTLP_TRACES_${name}`) ?? given(`OTEL_EXPORTER_OTLP_${name}`);
  const url = endpointOf(given('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'), given('OTEL_EXPORTER_OTLP_ENDPOINT'));
  const off =
    given('OTEL_SDK_DISABLED')?.toLowerCase() === 'true' || given('OTEL_TRACES_EXPORTER') === 'none';
  if (url === undefined || off) return undefined;
  const protocol = forTraces('PROTOCOL') ?? 'http/protobuf';
  const form = FORMS[protocol];
  if (form === undefined) {
    const known = Object.keys(FORMS).join(' and ');
    throw new DomainError('invalid_configuration', `spans cannot be sent by ${protocol}, only by ${known}`);
  }
  const timeoutMs = Number(forTraces('TIMEOUT') ?? TIMEOUT_MS);
  if (!(timeoutMs > 0)) {
    throw new DomainError('invalid_configuration', 'OTEL_EXPORTER_OTLP_TIMEOUT is a number of milliseconds');
  }
  const serviceName = given('OTEL_SERVICE_NAME');
  return {
    url,
    form,
    timeoutMs,
    headers: {
      ...parseKeyPairsIntoRecord(given('OTEL_EXPORTER_OTLP_HEADERS')),
      ...parseKeyPairsIntoRecord(given('OTEL_EXPORTER_OTLP_TRACES_HEADERS')),
    },
    resource: {
      ...parseKeyPairsIntoRecord(given('OTEL_RESOURCE_ATTRIBUTES')),
      ...(serviceName === undefined ? {} : { 'service.name': serviceName }),
    },
  };
}

/** That for traces is taken as it is; to the general one the path of traces is added. */
function endpointOf(ofTraces: string | undefined, general: string | undefined): string | undefined {
  const url = ofTraces ?? (general === undefined ? undefined : `${general.replace(/\/+$/, '')}/v1/traces`);
  if (url === undefined || isHttp(url)) return url;
  throw new DomainError('invalid_configuration', 'the OTLP endpoint for spans is no http(s) address');
}

function isHttp(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}
