/**
 * A program that does nothing but ask how late its own timers are: what of a stall is the machine's, because others have its
 * processors, comes to light in it as well.
 *
 *     node bench/scale/idler.mjs    (started by bench/scale/run.mjs, with an IPC channel)
 */

import { watchEventLoop } from './event-loop.mjs';

const eventLoop = watchEventLoop();

process.on('message', (question) => {
  if (question !== 'read') return;
  process.send?.({ longestStallMs: eventLoop.longestStallMs });
  eventLoop.reset();
});
process.on('disconnect', () => process.exit(0));
process.send?.({});
