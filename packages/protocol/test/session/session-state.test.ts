import assert from 'node:assert/strict';
import { test } from 'vitest';
import { Verdict } from '../../src/session/inbound-flow.ts';
import { Stage } from '../../src/session/outbound-flow.ts';
import { SessionState } from '../../src/session/session-state.ts';

function lively(): SessionState<string> {
  const session = new SessionState<string>();
  session.outbound.handleConnected(10);
  session.outbound.send('a', 1);
  session.outbound.handlePubrec(session.outbound.send('b', 2));
  session.inbound.handlePublish(2, 5, 10);
  session.inbound.accept(5);
  session.inbound.handlePublish(2, 6, 10);
  return session;
}

test('as plain data it holds what section 4.1 asks for, and nothing of the connection', () => {
  const plain = lively().toPlain();
  assert.deepEqual(plain, {
    inFlight: [
      { packetId: 1, stage: Stage.awaitingPuback, message: 'a' },
      { packetId: 2, stage: Stage.awaitingPubcomp, message: undefined },
    ],
    accepted: [5],
  });
});

test('from plain data it goes on where it was', () => {
  const session = SessionState.fromPlain(lively().toPlain());
  session.outbound.handleConnected(10);
  assert.equal(session.outbound.takeResend()?.message, 'a');
  assert.equal(session.outbound.takeResend()?.stage, Stage.awaitingPubcomp);
  assert.equal(session.outbound.takeResend(), undefined);
  assert.equal(session.outbound.send('c', 1), 3);
  assert.equal(session.inbound.handlePublish(2, 5, 10), Verdict.acknowledge);
  assert.equal(session.inbound.handlePublish(2, 6, 10), Verdict.deliver, 'was not accepted before the crash');
});

test('clear forgets both directions', () => {
  const session = lively();
  assert.deepEqual(session.clear(), ['a']);
  assert.deepEqual(session.toPlain(), { inFlight: [], accepted: [] });
});
