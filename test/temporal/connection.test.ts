import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endpointOf } from '../../src/temporal/connection';

describe('where Temporal is', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tinman-profile-'));
  const file = join(folder, 'temporal.toml');
  writeFileSync(file, '[profile.default]\naddress = "profile:7233"\nnamespace = "of-profile"\n');
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is as configured, else as the profile says, else where it is by convention', () => {
    const env = { TEMPORAL_CONFIG_FILE: file };
    const open = { namespace: 'default', taskQueue: 'tinman' };
    const set = { address: 'mine:1', namespace: 'mine', taskQueue: 'tinman' };
    expect(endpointOf(set, env)).toMatchObject({ address: 'mine:1', namespace: 'mine' });
    expect(endpointOf(open, env)).toMatchObject({ address: 'profile:7233', namespace: 'of-profile' });
    const none = { TEMPORAL_CONFIG_FILE: join(folder, 'missing.toml') };
    expect(endpointOf(open, none)).toMatchObject({ address: '127.0.0.1:7233', namespace: 'default' });
  });

  it('says which settings cannot be used', () => {
    writeFileSync(file, 'not a profile');
    expect(() =>
      endpointOf({ namespace: 'default', taskQueue: 't' }, { TEMPORAL_CONFIG_FILE: file }),
    ).toThrow('Temporal settings cannot be used');
  });
});
