import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transform } from '@swc/core';
import { parse } from 'yaml';
import { z } from 'zod';
import { SETTINGS } from '../../src/config/schema';
import { OUTBOUND_EVENT_TYPES } from '../../src/domain/outbound-events';
import { secretBytes, signedHeaders } from '../../src/webhooks/signature';
import { SECRET } from '../support/webhook-receiver';
import { readDocument, tableIn } from './markdown';

type Verify = (secret: string, headers: Record<string, string>, body: string) => unknown;

const block = (language: string): string =>
  new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(readDocument('docs/webhooks.md'))?.[1] ??
  '';

/** The sample of the document, as a program has it. */
async function sample(): Promise<Verify> {
  const folder = await mkdtemp(join(tmpdir(), 'tinman-sample-'));
  try {
    const { code } = await transform(block('ts'), {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
      module: { type: 'commonjs' },
    });
    const file = join(folder, 'sample.cjs');
    await writeFile(file, code);
    const exported: unknown = createRequire(__filename)(file);
    return z
      .object({ verifyWebhook: z.custom<Verify>((value) => typeof value === 'function') })
      .parse(exported).verifyWebhook;
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe('docs/webhooks.md', () => {
  it('lists every type of event', () => {
    const listed = tableIn('docs/webhooks.md', 'events').map(([type]) => type?.replaceAll('`', ''));
    expect(listed).toEqual([...OUTBOUND_EVENT_TYPES]);
  });

  it('shows a configuration that is one', () => {
    const { webhooks } = SETTINGS.parse(parse(block('yaml')));
    expect(webhooks.map(({ name }) => name)).toEqual(['team-chat', 'archive']);
  });

  it('has a sample that takes what Tinman signs, and nothing else', async () => {
    const verify = await sample();
    const event = { type: 'mode.changed', timestamp: '2026-11-23T12:00:00.000Z', data: { version: 2 } };
    const body = JSON.stringify(event);
    const secret = secretBytes(SECRET)!;
    const headers = signedHeaders(secret, 'an-id', new Date(), body);
    expect(verify(SECRET, headers, body)).toEqual(event);
    const two = { ...headers, 'webhook-signature': `v1,AAAA ${headers['webhook-signature']}` };
    expect(verify(SECRET, two, body)).toEqual(event);

    const old = signedHeaders(secret, 'an-id', new Date(Date.now() - 301_000), body);
    expect(() => verify(SECRET, old, body)).toThrow('too old');
    expect(() => verify(SECRET, {}, body)).toThrow('without a time');
    const forgeries = [
      () => verify(SECRET, headers, `${body} `),
      () => verify(SECRET, { ...headers, 'webhook-id': 'another' }, body),
      () => verify(SECRET, { ...headers, 'webhook-signature': 'v1,' }, body),
      () => verify(`whsec_${Buffer.alloc(32).toString('base64')}`, headers, body),
    ];
    for (const forgery of forgeries) expect(forgery).toThrow('not signed by Tinman');
  });
});
