import assert from 'node:assert/strict';
import { publishPacket } from '@busbar/testkit';
import { describe, test } from 'vitest';
import { Delivery, type Successor } from '../../src/message/delivery.ts';
import { messageFrom, NOW } from './messages.ts';

const first = messageFrom(publishPacket('t', 'first'), 5).message;
const second = messageFrom(publishPacket('u', 'second'), 5).message;

describe('the delivery of another message in its place', () => {
  test('has the same QoS, RETAIN flag and Subscription Identifiers', () => {
    const { message, qos, retain, subscriptionIdentifiers, successor } = new Delivery(first, 2, true, [7]).withMessage(
      second,
    );
    assert.equal(message, second);
    assert.deepEqual([qos, retain, subscriptionIdentifiers, successor], [2, true, [7], undefined]);
  });

  test('is taken over by others as it was before', () => {
    const taken: [Delivery, number][] = [];
    const group: Successor = {
      sharedFilter: '$share/g/t',
      takeOver: (...delivered) => void taken.push(delivered),
    };
    const given = new Delivery(first, 1, false, undefined, group);
    const seen = given.withMessage(second);
    assert.equal(seen.successor?.sharedFilter, '$share/g/t');
    seen.successor?.takeOver(seen, NOW);
    assert.equal(taken.length, 1);
    assert.equal(taken[0]?.[0], given);
    assert.equal(taken[0]?.[1], NOW);
  });
});
