import { parseArgs } from 'node:util';
import { type BrokerFigures, BrokerFuzz } from './broker-fuzz.ts';
import { type CodecFigures, CodecFuzz } from './codec-fuzz.ts';
import { FuzzFind } from './fuzz-find.ts';
import { type Held, measureHeld } from './heap.ts';
import { fuzzOverTcp, type TcpFigures } from './tcp-fuzz.ts';

const USAGE = 'npm run fuzz -- [codec [--seconds 60] | broker [--streams 100000]] [--seed 1]';
/** How far what is held after garbage collection may grow between a tenth of the streams and all of them. */
const MOST_GROWTH_BYTES = 2 * 1024 * 1024;
/** One of so many streams goes over TCP too. */
const TCP_SHARE = 50;
/** Streams between two looks at the clock. */
const STREAMS_AT_A_TIME = 80;

/**
 * `npm run fuzz`: gives the codec, and then brokers, what peers should never send, with a line of figures each second. A
 * find is printed with the seed and the shortest input that makes it, and the exit code is 1; it becomes a test.
 */
async function main(): Promise<void> {
  const { values, positionals } = readArguments();
  const [command, ...rest] = positionals;
  if (rest.length > 0 || values.help || (command !== undefined && command !== 'codec' && command !== 'broker')) {
    console.error(`usage: ${USAGE}`);
    process.exitCode = 2;
    return;
  }
  const isShort = command === undefined;
  const seed = wholeNumber('seed', values.seed);
  const seconds = wholeNumber('seconds', values.seconds ?? (isShort ? '10' : '60'));
  const streams = wholeNumber('streams', values.streams ?? (isShort ? '5000' : '100000'));
  try {
    if (command !== 'broker') fuzzCodec(seed, seconds);
    if (command !== 'codec') await fuzzBroker(seed, streams);
  } catch (error) {
    if (!(error instanceof FuzzFind)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

function readArguments() {
  const help = { type: 'boolean' } as const;
  const seed = { type: 'string', default: '1' } as const;
  try {
    return parseArgs({
      allowPositionals: true,
      options: { seconds: { type: 'string' }, streams: { type: 'string' }, seed, help },
    });
  } catch {
    return { values: { help: true, seed: '1', seconds: undefined, streams: undefined }, positionals: [] };
  }
}

function fuzzCodec(seed: number, seconds: number): void {
  const fuzz = new CodecFuzz(seed);
  const progress = new Progress();
  try {
    while (progress.elapsedMs < seconds * 1000) {
      fuzz.run(200);
      progress.report(() => describeCodec(fuzz.figures));
    }
  } finally {
    console.log(`codec, seed ${seed}: ${describeCodec(fuzz.figures)}`);
  }
}

async function fuzzBroker(seed: number, streams: number): Promise<void> {
  const rejections: unknown[] = [];
  process.on('unhandledRejection', (reason) => rejections.push(reason));
  const fuzz = await BrokerFuzz.start(seed);
  const progress = new Progress();
  const run = async (until: number): Promise<void> => {
    while (fuzz.figures.streams < until) {
      await fuzz.run(Math.min(STREAMS_AT_A_TIME, until - fuzz.figures.streams));
      progress.report(() => describeBroker(fuzz.figures));
      await new Promise((resolve) => setImmediate(resolve));
      if (rejections.length > 0) throw new FuzzFind(`seed ${seed}: a promise was rejected unseen: ${rejections[0]}`);
    }
  };
  try {
    await run(Math.ceil(streams / 10));
    const before = await measureHeld();
    await run(streams);
    await fuzz.leave();
    const after = await measureHeld();
    console.log(`broker, seed ${seed}: held ${describeHeld(before)} after a tenth, ${describeHeld(after)} at the end`);
    const tcp = await fuzzOverTcp(seed, Math.ceil(streams / TCP_SHARE));
    console.log(`broker, seed ${seed}: ${describeTcp(tcp)}`);
    if (tcp.descriptorsAfter > tcp.descriptorsBefore) throw new FuzzFind(`seed ${seed}: descriptors stay open`);
    const growth = after.heap + after.buffers - before.heap - before.buffers;
    if (growth > MOST_GROWTH_BYTES) {
      throw new FuzzFind(`seed ${seed}: ${mebibytes(growth)} more are held, ${mebibytes(MOST_GROWTH_BYTES)} may be`);
    }
  } finally {
    const took = `${(progress.elapsedMs / 1000).toFixed(1)} s`;
    console.log(
      `broker, seed ${seed}, ${took}: ${describeBroker(fuzz.figures)}, ${describeCounts(fuzz.figures.faults)}`,
    );
  }
}

/** A line once a second. */
class Progress {
  readonly #startedAt = performance.now();
  #reported = 0;

  get elapsedMs(): number {
    return performance.now() - this.#startedAt;
  }

  report(describe: () => string): void {
    const seconds = Math.floor(this.elapsedMs / 1000);
    if (seconds <= this.#reported) return;
    this.#reported = seconds;
    console.log(`${seconds} s: ${describe()}`);
  }
}

function describeCodec({ streams, byteLength, packets, refusals }: CodecFigures): string {
  return `${streams} streams, ${byteLength} bytes, ${packets} packets understood, refused: ${describeCounts(refusals)}`;
}

function describeBroker(figures: BrokerFigures): string {
  const { streams, connections, connects, packetsReceived, packetsSent, messagesMatched, exchanges } = figures;
  return [
    `${streams} streams, ${connections} connections, ${connects} connects accepted`,
    `${packetsReceived} packets received, ${packetsSent} sent, ${messagesMatched} messages matched`,
    `${exchanges} exchanges beside them`,
  ].join(', ');
}

function describeTcp({ streams, connections, descriptorsBefore, descriptorsAfter }: TcpFigures): string {
  const descriptors = `descriptors ${descriptorsBefore} before and ${descriptorsAfter} after`;
  return `${streams} streams over TCP, ${connections} connections, ${descriptors}`;
}

function describeCounts(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([what, count]) => `${what} ${count}`)
    .join(', ');
}

function describeHeld({ heap, buffers }: Held): string {
  return `${mebibytes(heap)} of heap and ${mebibytes(buffers)} of buffers`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

function wholeNumber(name: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0) return value;
  console.error(`--${name} must be a whole number, not ${text}`);
  process.exit(2);
}

await main();
