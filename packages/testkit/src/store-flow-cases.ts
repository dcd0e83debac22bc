import assert from 'node:assert/strict';
import { delivery, drain, inFlight, type StoreCase, StoreRun, send, sendNext, WINDOW } from './store-case.ts';

/** What is in flight, both ways. */
export const storeFlowCases: readonly StoreCase[] = [
  {
    name: 'what is in flight is there again in the order of sending, under its Packet Identifiers, and nothing that is done',
    async run(kind) {
      const run = await new StoreRun(kind).begin();
      const record = run.create('pump');
      const ids = [send(record, 'a', 1), send(record, 'b', 2), send(record, 'c', 1), send(record, 'd', 2)];
      for (const text of ['e', 'f', 'g']) record.queue.push(delivery(text));
      ids.push(sendNext(record, 1), sendNext(record, 1));
      await run.kept();
      const [a, b, c, d, e, f] = ids as [number, number, number, number, number, number];
      for (const packetId of [a, e]) {
        record.flows.outbound.handlePuback(packetId);
        record.journal.finished(packetId);
      }
      record.flows.outbound.handlePubrec(d);
      record.journal.received(d);
      await run.restart();
      const again = run.session('pump');
      assert.deepEqual(inFlight(again), [
        [b, 2, 'b'],
        [c, 1, 'c'],
        [d, 3, undefined],
        [f, 1, 'f'],
      ]);
      assert.deepEqual(drain(again), ['g']);
      again.flows.outbound.handlePubcomp(d);
      again.journal.finished(d);
      again.flows.outbound.handlePuback(c);
      again.journal.finished(c);
      await run.restart();
      assert.deepEqual(inFlight(run.session('pump')), [
        [b, 2, 'b'],
        [f, 1, 'f'],
      ]);
    },
  },
  {
    name: 'Packet Identifiers of accepted QoS 2 messages are there again until they are released',
    async run(kind) {
      const run = await new StoreRun(kind).begin();
      const record = run.create('pump');
      const accept = (packetId: number) => {
        record.flows.inbound.handlePublish(2, packetId, WINDOW);
        record.flows.inbound.accept(packetId);
        record.journal.accepted(packetId);
      };
      for (const packetId of [7, 8, 9, 65_535, 1]) accept(packetId);
      await run.kept();
      record.flows.inbound.handlePubrel(8);
      record.journal.released(8);
      await run.restart();
      const { accepted } = run.session('pump').flows.inbound;
      assert.deepEqual(
        [...accepted].sort((one, other) => one - other),
        [1, 7, 9, 65_535],
      );
    },
  },
];
