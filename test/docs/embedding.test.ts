import { GUARD_EVENT_KINDS } from '../../src/embedding/guard-options';
import { readDocument } from './markdown';

it('docs/embedding.md explains every event of a guard', () => {
  const text = readDocument('docs/embedding.md');
  expect(GUARD_EVENT_KINDS.filter((kind) => !text.includes(`\`${kind}\``))).toEqual([]);
});
