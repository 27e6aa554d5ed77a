import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { JsonObject } from '../domain/chat';
import { DomainError } from '../domain/errors';
import type { Tool } from '../ports/tool';
import { AllowList, hostOf } from './allow-list';
import { isPublicAddress, systemResolve, type Resolve } from './public-address';
import { textArgument } from './text-argument';

const MAX_REDIRECTS = 5;
const MAX_BODY_BYTES = 131_072;
const MAX_URL_LENGTH = 2_000;
const TIMEOUT_MS = 15_000;

export interface HttpGetSettings {
  /** Hosts that may be asked; nothing else is. */
  readonly allow: readonly string[];
}

/**
 * Reads a page of a listed host. A name is resolved once, every address of it must be public, and the connection goes to
 * the very address that was checked, so that a name cannot be rebound in between; each redirect is checked like a request.
 */
export function createHttpGet({ allow }: HttpGetSettings, resolve: Resolve = systemResolve): Tool {
  const allowed = new AllowList(allow);
  return {
    name: 'http_get',
    description: 'Reads a page over HTTP or HTTPS from a host of the allow list (tools.http_get.allow).',
    riskLevel: 'low',
    reversible: false,
    idempotent: true,
    timeoutMs: TIMEOUT_MS,
    parameters: {
      type: 'object',
      properties: { url: { type: 'string', minLength: 1, maxLength: MAX_URL_LENGTH } },
      required: ['url'],
      additionalProperties: false,
    },
    execute: async (args, { signal }) => {
      let current = checked(textArgument(args, 'url'), allowed);
      for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
        const response = await get(current, await addressOf(current, allowed, resolve), signal);
        const { statusCode = 0, headers } = response;
        if (statusCode < 300 || statusCode >= 400 || headers.location === undefined) {
          return { url: current.href, status: statusCode, ...(await bodyOf(response)) };
        }
        response.destroy();
        current = checked(new URL(headers.location, current).href, allowed);
      }
      throw refusal(`more than ${MAX_REDIRECTS} redirects`);
    },
  };
}

function checked(text: string, allowed: AllowList): URL {
  if (!URL.canParse(text)) throw refusal('that is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw refusal(`${url.protocol} is neither http nor https`);
  if (url.username !== '' || url.password !== '') throw refusal('a URL with credentials');
  if (!allowed.allows(url)) throw refusal(`${url.host} is not on the allow list`);
  return url;
}

/** The address to connect to. */
async function addressOf(url: URL, allowed: AllowList, resolve: Resolve): Promise<string> {
  const host = hostOf(url);
  if (isIP(host) !== 0) {
    if (!isPublicAddress(host) && !allowed.names(url)) throw refusal(`${host} is no public address`);
    return host;
  }
  const addresses = await resolve(host);
  const inner = addresses.find(({ address }) => !isPublicAddress(address));
  if (inner !== undefined) throw refusal(`${host} leads to ${inner.address}, which is no public address`);
  const [first] = addresses;
  if (first === undefined) throw refusal(`${host} has no address`);
  return first.address;
}

function get(url: URL, address: string, signal: AbortSignal): Promise<IncomingMessage> {
  const family = isIP(address);
  const lookup: LookupFunction = (_hostname, options, callback) => {
    // Later, as a look-up answers: whoever listens to the socket does by then.
    setImmediate(() => {
      if (options.all === true) callback(null, [{ address, family }]);
      else callback(null, address, family);
    });
  };
  const send = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const headers = { accept: '*/*', 'user-agent': 'tinman', connection: 'close' };
    const sent = send(url, { method: 'GET', lookup, signal, headers, agent: false });
    sent.once('response', resolve).once('error', reject).end();
  });
}

/** At most so much of it; the rest is not read. */
async function bodyOf(response: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_BODY_BYTES) break;
  }
  response.destroy();
  const bytes = Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES);
  return {
    content_type: response.headers['content-type'] ?? null,
    body: bytes.toString('utf8'),
    truncated: size > MAX_BODY_BYTES,
  };
}

function refusal(reason: string): DomainError {
  return new DomainError('action_blocked', `http_get refuses: ${reason}`);
}
