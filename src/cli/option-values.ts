import { InvalidArgumentError } from 'commander';
import type { Override } from '../config';

/** A whole number within limits, as commander's option parser. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min} to ${max}.`);
  };
}

/** An amount of money that is not negative. */
export function dollars(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected an amount in US dollars, such as 2.50.');
}

/** `name=value`, collected over repetitions. */
export function filter(text: string, earlier: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, name, value] = /^([a-z_]+)=(.+)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('Expected name=value.');
  return { ...earlier, [name]: value };
}

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** A time span as 90s, 15m, 24h or 7d, in seconds. */
export function seconds(text: string): number {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return Number(count) * (SECONDS[unit] ?? NaN);
  throw new InvalidArgumentError('Expected a time span such as 90s, 15m, 24h or 7d.');
}

/** A time as ISO 8601, or how long ago: 90m, 24h, 7d. */
export function moment(text: string): Date {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const time =
    count === undefined ? Date.parse(text) : Date.now() - Number(count) * (SECONDS[unit] ?? NaN) * 1_000;
  if (/^\d/.test(text) && !Number.isNaN(time)) return new Date(time);
  throw new InvalidArgumentError(
    'Expected a time such as 2026-11-23T09:00:00Z, or how long ago: 90m, 24h, 7d.',
  );
}

/** Names with commas between, collected over repetitions. */
export function names(text: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, ...text.split(',')];
}

/** Where the options of `serve`, `worker` and `dev` belong in the configuration. */
export function listenOverrides(options: {
  readonly host?: string;
  readonly port?: number;
  readonly metricsPort?: number;
}): readonly Override[] {
  const all: readonly Override[] = [
    { path: ['host'], value: options.host, from: '--host' },
    { path: ['port'], value: options.port, from: '--port' },
    { path: ['metrics_port'], value: options.metricsPort, from: '--metrics-port' },
  ];
  return all.filter(({ value }) => value !== undefined);
}
