import { assert, double, integer, oneof, property } from 'fast-check';
import { retryAfterMs } from '../../src/model-http/call-failure';

const NOW = Date.UTC(2026, 0, 1);
const wait = (headers: Record<string, string>): number | undefined => retryAfterMs(new Headers(headers), NOW);

describe('retryAfterMs', () => {
  it('reads seconds, a date, and milliseconds first', () => {
    expect(wait({ 'retry-after': '1.5' })).toBe(1_500);
    expect(wait({ 'retry-after': new Date(NOW + 5_000).toUTCString() })).toBe(5_000);
    expect(wait({ 'retry-after': '9', 'retry-after-ms': '20' })).toBe(20);
  });

  it('knows nothing of what cannot be read', () => {
    expect(wait({})).toBeUndefined();
    expect(wait({ 'retry-after': 'soon' })).toBeUndefined();
  });

  it('is a whole number between nothing and an hour, whatever the server says', () => {
    assert(
      property(oneof(double(), integer()), (value) => {
        const ms = wait({ 'retry-after': String(value) }) ?? 0;
        expect(Number.isInteger(ms) && ms >= 0 && ms <= 3_600_000).toBe(true);
      }),
    );
  });
});
