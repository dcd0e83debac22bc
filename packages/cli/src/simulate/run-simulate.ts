import { readFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { SocketTransport } from '@busbar/transport';
import { parse } from 'yaml';
import { StopSignal } from '../command/stop-signal.ts';
import type { DeviceAccess, DeviceOwner } from '../plant/device.ts';
import { Plant } from '../plant/plant.ts';
import { readScenario } from '../plant/read-scenario.ts';
import type { Scenario } from '../plant/scenario.ts';
import { ScenarioError, SignalModel } from '../plant/signal-model.ts';
import { DialFailure, lowerFirst, systemWords } from '../tool/system-words.ts';
import type { ToolSettings } from '../tool/tool-settings.ts';
import { describePlace, dialWire } from '../tool/wire-dial.ts';
import type { Simulating } from './simulating.ts';
import { StreamTransport } from './stream-transport.ts';

/** Plays the devices of a scenario. @returns The exit code. */
export async function runSimulate(settings: ToolSettings, file: string, simulating: Simulating): Promise<number> {
  const { seed = Math.floor(Math.random() * 2 ** 31), forMs, checksOnly } = simulating;
  const scenario = await loadScenario(file);
  if (scenario === undefined) return 1;
  const readings = scenario.devices.reduce((sum, device) => sum + device.readings.length, 0);
  const summary = `${scenario.devices.length} devices, ${readings} readings, ${Object.keys(scenario.signals).length} signals`;
  if (checksOnly) {
    process.stdout.write(`${file} can be played: ${summary}\n`);
    return 0;
  }
  try {
    (await dialWire(settings)).destroy(); // better to know at once than to hear from every device
  } catch (error) {
    if (!(error instanceof DialFailure)) throw error;
    process.stderr.write(`Error: ${error.message}\n`);
    return 1;
  }
  const owner = new Watcher(scenario.devices.length);
  const place = describePlace(settings);
  const server = settings.unixPath === undefined ? `mqtt://${place}` : 'mqtt://localhost';
  const plant = new Plant(scenario, { server, seed, owner, access: accessOf(settings) });
  process.stdout.write(`${summary}; publishing to ${place} below ${scenario.topicRoot}/, seed ${seed}\n`);
  const stop = new StopSignal();
  let isTimeOver = false;
  const endInTime = () => {
    isTimeOver = true;
    stop.stop('time is over');
  };
  const timer = forMs === undefined ? undefined : setTimeout(endInTime, forMs);
  plant.start();
  await stop.received;
  clearTimeout(timer);
  await plant.stop();
  owner.end();
  stop.ignore();
  if (owner.hasSeenOne || !isTimeOver) return 0;
  process.stderr.write(`Error: ${place} has let none of the devices in\n`);
  return 1;
}

/** @returns Undefined when it cannot be played, which is told. */
async function loadScenario(file: string): Promise<Scenario | undefined> {
  try {
    const scenario = readScenario(parse(await readFile(file, 'utf8')));
    new SignalModel(scenario.signals, 0); // throws when signals follow each other in a circle
    return scenario;
  } catch (error) {
    const isExpected =
      error instanceof ScenarioError || (error instanceof Error && ('code' in error || 'linePos' in error));
    if (!isExpected) throw error;
    const line =
      'syscall' in error ? `cannot read ${file}: ${lowerFirst(systemWords(error))}` : `${file}: ${error.message}`;
    process.stderr.write(`Error: ${line.split('\n')[0]}\n`);
    return undefined;
  }
}

function accessOf(settings: ToolSettings): DeviceAccess {
  const dial = async () => {
    const stream = await dialWire(settings);
    if (stream instanceof Socket) return new SocketTransport(stream);
    return new StreamTransport(stream, { address: '', port: 0 });
  };
  return { userName: settings.userName, password: settings.password, dial };
}

/** Tells how many devices are there, whenever that changes. */
class Watcher implements DeviceOwner {
  readonly #all: number;
  readonly #present = new Set<string>();
  #hasSeenOne = false;
  /** Why devices were not let in, as it was told; forgotten when one is. */
  readonly #reasons = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(all: number) {
    this.#all = all;
  }

  /** Whether any device has been connected. */
  get hasSeenOne(): boolean {
    return this.#hasSeenOne;
  }

  handleConnected(device: string): void {
    this.#hasSeenOne = true;
    this.#reasons.clear();
    this.#present.add(device);
    this.#tellSoon();
  }

  /** Every device says it with each attempt: once is enough. */
  handleNotLetIn(device: string, { message }: Error): void {
    if (this.#reasons.has(message)) return;
    this.#reasons.add(message);
    process.stderr.write(`${device} was not let in and tries again: ${message}\n`);
  }

  handleLost(device: string): void {
    this.#present.delete(device);
    this.#tellSoon();
  }

  handleCaughtUp(): void {}

  end(): void {
    clearTimeout(this.#timer);
  }

  /** Many change at a time: one line for all of them. */
  #tellSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      process.stdout.write(`${this.#present.size} of ${this.#all} devices connected\n`);
    }, 500);
  }
}
