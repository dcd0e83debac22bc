/**
 * A broker in a process of its own, which tells the process that started it how it is: memory, CPU time, and the longest
 * delay of its event loop since it was last asked.
 *
 *     node bench/scale/broker.mjs    (started by bench/scale/run.mjs, with an IPC channel)
 */

import { createBroker } from '@busbar/broker';
import { watchEventLoop } from './event-loop.mjs';

const UNBOUNDED = Number.MAX_SAFE_INTEGER;

const broker = await createBroker({
  listeners: [{ host: '127.0.0.1', port: 0 }],
  systemTopicsInterval: 0,
  limits: {
    maximumSubscriptions: UNBOUNDED,
    maximumRetainedMessages: UNBOUNDED,
    maximumRetainedBytes: UNBOUNDED,
    maximumQueuedMessages: UNBOUNDED,
    maximumQueuedBytes: UNBOUNDED,
  },
});

const eventLoop = watchEventLoop();
let cpuBefore = process.cpuUsage();

process.on('message', (question) => {
  if (question !== 'read') return;
  const { longestStallMs } = eventLoop;
  const { user, system } = process.cpuUsage(cpuBefore);
  globalThis.gc?.();
  cpuBefore = process.cpuUsage();
  const { rss, heapUsed, external } = process.memoryUsage();
  const { clients, subscriptions, retained } = broker.stats();
  const reading = {
    cpuMs: (user + system) / 1000,
    longestStallMs,
    rss,
    heapUsed,
    external,
    clients,
    subscriptions,
    retained,
  };
  // The timer that fires next is late because of the collection of garbage just made.
  setTimeout(() => {
    eventLoop.reset();
    process.send?.(reading);
  }, 5);
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port: broker.listeners[0]?.port });
