import { getLogger, type Logger } from '../../src';
import { createLogger } from '../../src/observability/logger';

function linesOf(write: () => void): readonly unknown[] {
  const lines: unknown[] = [];
  const stream = { write: (line: string) => void lines.push(JSON.parse(line)) };
  createLogger({ level: 'debug', pretty: false, stream });
  write();
  return lines;
}

describe('a logger of the library', () => {
  it('writes what happened and what is known of it, with its component', () => {
    const written = linesOf(() =>
      getLogger('my_component').info('Operation completed', {
        operation: 'research_cycle',
        duration_ms: 1_500,
        failures_found: 3,
      }),
    );
    expect(written).toMatchObject([
      {
        level: 'info',
        component: 'my_component',
        msg: 'Operation completed',
        operation: 'research_cycle',
        duration_ms: 1_500,
        failures_found: 3,
      },
    ]);
  });

  it.each(['debug', 'info', 'warn', 'error'] as const)('writes at level %s without fields', (level) => {
    const written = linesOf(() => getLogger('part')[level]('so it is, 100 %s'));
    expect(written).toMatchObject([{ level, msg: 'so it is, 100 %s' }]);
  });

  it('can be the logger of a Tinman', () => {
    const logger: Logger = getLogger('part');
    const written = linesOf(() =>
      getLogger('part').error({ err: new Error('no'), api_key: 'k-1' }, 'failed'),
    );
    expect(typeof logger.info).toBe('function');
    expect(written).toMatchObject([{ msg: 'failed', err: { message: 'no' }, api_key: '[redacted]' }]);
  });
});
