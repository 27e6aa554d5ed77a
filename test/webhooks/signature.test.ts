import { assert, property, string, uint8Array, uuid } from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { retryDelayMs } from '../../src/webhooks/retry-delay';
import { secretBytes, signedHeaders } from '../../src/webhooks/signature';

const secretOf = (bytes: Uint8Array) => `whsec_${Buffer.from(bytes).toString('base64')}`;

describe('a signature', () => {
  it('is what a Standard Webhooks library verifies, whatever secret and body', () => {
    assert(
      property(
        uint8Array({ minLength: 24, maxLength: 64 }),
        uuid(),
        string({ unit: 'grapheme' }),
        (bytes, id, text) => {
          const secret = secretOf(bytes);
          const body = JSON.stringify({ text });
          const headers = signedHeaders(secretBytes(secret)!, id, new Date(), body);
          expect(new Webhook(secret).verify(body, headers)).toEqual({ text });
          expect(() => new Webhook(secret).verify(`${body} `, headers)).toThrow('No matching signature');
        },
      ),
    );
  });

  it('needs a secret of the right form and size', () => {
    const good = secretOf(Buffer.alloc(32, 1));
    expect(secretBytes(`${good}\n`)).toEqual(Buffer.alloc(32, 1));
    const bad = [
      '',
      'whsec_',
      good.slice(6),
      `${good}!`,
      secretOf(Buffer.alloc(23)),
      secretOf(Buffer.alloc(65)),
    ];
    expect(bad.map((text) => secretBytes(text))).toEqual(bad.map(() => undefined));
  });
});

describe('the wait before the next attempt', () => {
  it('doubles from a second to an hour, a random half left out', () => {
    const range = (attempt: number) => [retryDelayMs(attempt, 0), Math.ceil(retryDelayMs(attempt, 1 - 1e-9))];
    expect([1, 2, 3, 11, 12, 13, 200].map(range)).toEqual([
      [1_000, 2_000],
      [2_000, 4_000],
      [4_000, 8_000],
      [1_024_000, 2_048_000],
      [1_800_000, 3_600_000],
      [1_800_000, 3_600_000],
      [1_800_000, 3_600_000],
    ]);
  });
});
