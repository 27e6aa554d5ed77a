import { ApiClient, problemIn } from './api-client';
import { FakeWorld } from './fake-world';

describe('GET /report', () => {
  const world = new FakeWorld();
  let api: ApiClient;
  beforeAll(async () => {
    api = await ApiClient.start(world);
  });
  afterAll(() => api.close());

  it('is the executive report of the last seven days as JSON', async () => {
    const { status, body, headers } = await api.get('/report');
    expect(status).toBe(200);
    expect(headers.get('content-disposition')).toBe(
      'inline; filename="tinman-executive-2026-11-09-2026-11-16.json"',
    );
    expect(body).toMatchObject({
      type: 'executive',
      period: { since: '2026-11-09T08:30:00.000Z', until: '2026-11-16T08:30:00.000Z' },
    });
  });

  it('is a page for a browser, unless a format is asked for', async () => {
    const accept = 'text/html,application/xhtml+xml,*/*;q=0.8';
    const page = await api.get('/report', { accept });
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(page.body).toMatch(/^<!doctype html>/);
    const json = await api.get('/report?format=json', { accept });
    expect(json.headers.get('content-type')).toBe('application/json; charset=utf-8');
  });

  it.each([
    ['csv', 'application/zip', 'zip', 'PK'],
    ['pdf', 'application/pdf', 'pdf', '%PDF-'],
    ['markdown', 'text/markdown; charset=utf-8', 'md', '# Technical analysis'],
  ])('is kept as a file in format %s', async (format, contentType, extension, start) => {
    const { status, headers, body } = await api.get(
      `/report?type=technical&format=${format}&since=2026-11-01T00:00:00Z&until=2026-11-08T00:00:00Z`,
    );
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe(contentType);
    expect(headers.get('content-disposition')).toBe(
      `attachment; filename="tinman-technical-2026-11-01-2026-11-08.${extension}"`,
    );
    expect(body).toEqual(expect.stringMatching(new RegExp(`^${start}`)));
  });

  it('refuses a period that ends before it begins, and one of more than five years', async () => {
    for (const query of [
      'since=2026-11-02T00:00:00Z&until=2026-11-01T00:00:00Z',
      'since=2019-01-01T00:00:00Z',
    ]) {
      const answer = await api.get(`/report?${query}`);
      expect(answer.status).toBe(422);
      expect(problemIn(answer)).toMatchObject({ code: 'invalid_period' });
    }
  });

  it('shows a compliance report to operators, not to viewers', async () => {
    world.principals.set('viewer-key', { name: 'vic', role: 'viewer', keyId: 'v' });
    world.principals.set('operator-key', { name: 'ops', role: 'operator', keyId: 'o' });
    const asked = (key: string, type: string) =>
      api.get(`/report?type=${type}`, { authorization: `Bearer ${key}` });
    expect((await asked('viewer-key', 'technical')).status).toBe(200);
    expect((await asked('operator-key', 'compliance')).status).toBe(200);
    const refused = await asked('viewer-key', 'compliance');
    expect(refused.status).toBe(403);
    expect(problemIn(refused)).toMatchObject({ code: 'forbidden' });
  });
});
