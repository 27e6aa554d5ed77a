import { isIP } from 'node:net';
import { ALLOW_ENTRY } from '../domain/allow-entry';

interface Entry {
  readonly host: string;
  /** Also the names below it. */
  readonly suffix: boolean;
  readonly port: string | undefined;
}

/** Hosts that may be asked: `api.example.com`, `*.example.com`, an address; each with a port where only that is meant. */
export class AllowList {
  private readonly entries: readonly Entry[];

  constructor(texts: readonly string[]) {
    this.entries = texts.map((text) => {
      const [, star, host = '', port] = ALLOW_ENTRY.exec(text) ?? [];
      return { host: withoutBrackets(host).toLowerCase(), suffix: star !== undefined, port };
    });
  }

  allows(url: URL): boolean {
    return this.entries.some((entry) => fits(entry, url));
  }

  /** Whether the address of the URL itself was listed: only so may it be none of the public internet. */
  names(url: URL): boolean {
    const host = hostOf(url);
    return isIP(host) !== 0 && this.entries.some((entry) => !entry.suffix && fits(entry, url));
  }
}

/** The host without brackets and without the dot that ends a full name. */
export function hostOf({ hostname }: URL): string {
  return withoutBrackets(hostname).replace(/\.$/, '').toLowerCase();
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

function fits({ host, suffix, port }: Entry, url: URL): boolean {
  const asked = hostOf(url);
  const named = suffix ? asked.endsWith(`.${host}`) : asked === host;
  return named && (port === undefined || port === portOf(url));
}

function portOf({ port, protocol }: URL): string {
  if (port !== '') return port;
  return protocol === 'https:' ? '443' : '80';
}
