import { LoopLag } from '../observe/loop-lag.ts';
import { BufferedBytes } from '../overload/buffered-bytes.ts';
import { processMemory } from '../overload/memory.ts';
import { Overload } from '../overload/overload.ts';
import type { Ground } from './ground.ts';
import type { MessageRooms } from './message-rooms.ts';

/** The rooms that see when there is too much to do. */
export interface LoadRooms {
  readonly overload: Overload;
  readonly loopLag: LoopLag;
  readonly bufferedBytes: BufferedBytes;
}

/** Nothing is watched before {@link LoopLag.start}. */
export function wireLoad(ground: Ground, { queued, retained }: MessageRooms): LoadRooms {
  const { limits, clock, log, limitWatch, readiness } = ground;
  const bufferedBytes = new BufferedBytes(limits);
  const overload = new Overload({
    limits,
    memory: processMemory,
    log,
    limitWatch,
    handleLevel: (reason) => readiness.report('overloaded', reason),
    handleMemory(isOut) {
      queued.isShut = isOut;
      retained.isShut = isOut;
      bufferedBytes.adjust(isOut);
    },
  });
  const loopLag = new LoopLag(clock, (lagMs, now) => overload.handleTick(lagMs, now));
  return { overload, loopLag, bufferedBytes };
}
