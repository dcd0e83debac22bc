import { readdirSync, readFileSync } from 'node:fs';

/** The kernel's unit of CPU time in /proc, the same on all machines that Node runs on. */
const TICKS_PER_SECOND = 100;
const SAMPLE_MS = 200;

/** What the broker's processes took while something was measured. */
export interface BrokerCost {
  /** Seconds, of all threads, in the program and in the kernel. */
  readonly cpuSeconds: number;
  /** Bytes of memory that were resident at the most. */
  readonly peakResidentBytes: number;
}

/** Measures processes of this machine, by /proc. */
export class CostMeter {
  readonly #pids: readonly number[];
  #atStart = 0;
  #atEnd = 0;
  #peak = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @throws {RangeError} A process cannot be read. */
  constructor(pids: readonly number[]) {
    this.#pids = pids;
    for (const pid of pids) {
      if (cpuSeconds(pid) === undefined) throw new RangeError(`there is no process ${pid} that can be measured`);
    }
  }

  start(): void {
    this.#atStart = this.#cpuSeconds();
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#sample();
    this.#atEnd = this.#cpuSeconds();
  }

  /** Undefined when no process was asked for. */
  get cost(): BrokerCost | undefined {
    if (this.#pids.length === 0) return undefined;
    return { cpuSeconds: Math.max(0, this.#atEnd - this.#atStart), peakResidentBytes: this.#peak };
  }

  #cpuSeconds(): number {
    return this.#pids.reduce((sum, pid) => sum + (cpuSeconds(pid) ?? 0), 0);
  }

  #sample(): void {
    const bytes = this.#pids.reduce((sum, pid) => sum + residentBytes(pid), 0);
    this.#peak = Math.max(this.#peak, bytes);
  }
}

/** What a process with all its threads has used of the processors; undefined when there is none. */
function cpuSeconds(pid: number): number | undefined {
  return nanosecondsOfThreads(pid) ?? ticksOfProcess(pid);
}

/** The first field of each thread's schedstat: the same time as in `stat`, but not in steps of 10 ms. */
function nanosecondsOfThreads(pid: number): number | undefined {
  let sum = 0;
  for (const thread of list(`/proc/${pid}/task`)) {
    sum += Number(read(`/proc/${pid}/task/${thread}/schedstat`)?.split(' ')[0] ?? 0);
  }
  return sum === 0 ? undefined : sum / 1e9;
}

/** User and system time, fields 14 and 15 of proc_pid_stat(5). */
function ticksOfProcess(pid: number): number | undefined {
  const fields = read(`/proc/${pid}/stat`)?.split(') ').at(-1)?.split(' ');
  return fields && (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function residentBytes(pid: number): number {
  const [, kilobytes = '0'] = /^VmRSS:\s*(\d+)/m.exec(read(`/proc/${pid}/status`) ?? '') ?? [];
  return Number(kilobytes) * 1024;
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
