import assert from 'node:assert/strict';
import fc from 'fast-check';
import { test } from 'vitest';
import type { RetainedReplay } from '../../src/session/retained-replay.ts';
import { RetainedReplays } from '../../src/session/retained-replays.ts';

const replayOf = (topicFilter: string): RetainedReplay => ({ topicFilter }) as RetainedReplay;

const step = fc.record({
  kind: fc.constantFrom('add', 'delete', 'look'),
  topicFilter: fc.constantFrom('a', 'b', 'c', 'd'),
});

test('property: one after the other as they were added, the newest of each filter, and none that was deleted', () => {
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const replays = new RetainedReplays();
      let model: RetainedReplay[] = [];
      for (const { kind, topicFilter } of steps) {
        const others = model.filter((replay) => replay.topicFilter !== topicFilter);
        if (kind === 'add') {
          const replay = replayOf(topicFilter);
          replays.add(replay);
          model = [...others, replay];
        } else if (kind === 'delete') {
          replays.delete(topicFilter);
          model = others;
        } else assert.equal(replays.first, model[0]);
        assert.equal(replays.isEmpty, model.length === 0);
      }
      assert.equal(replays.first, model[0]);
    }),
  );
});
