import { readProcessMemory } from '../observe/process-memory.ts';
import { EXPOSITION_TYPE, renderMetric } from './exposition.ts';
import type { Metric, MetricRooms } from './metric.ts';
import { METRICS } from './metric-list.ts';
import { SessionSweeper } from './session-sweep.ts';

/**
 * What goes on in a broker, for Prometheus: reads what is counted anyway, at the moment that somebody asks.
 *
 * @example
 * response.writeHead(200, { 'content-type': broker.metrics.contentType }).end(await broker.metrics.text());
 */
export class Metrics {
  /** The media type of {@link text}. */
  readonly contentType = EXPOSITION_TYPE;
  readonly #rooms: MetricRooms;
  readonly #sweeper: SessionSweeper;
  #scrape: Promise<string> | undefined = undefined;

  constructor(rooms: MetricRooms) {
    this.#rooms = rooms;
    this.#sweeper = new SessionSweeper(rooms.sessions);
  }

  /** All metrics in Prometheus' text format. Whoever asks while another one is being answered gets the same answer. */
  text(): Promise<string> {
    this.#scrape ??= this.#read().finally(() => {
      this.#scrape = undefined;
    });
    return this.#scrape;
  }

  async #read(): Promise<string> {
    const sweep = await this.#sweeper.sweep();
    const reading = { sweep, memory: readProcessMemory() };
    return METRICS.map((metric: Metric) => {
      const value = metric.read(this.#rooms, reading);
      return value === undefined ? '' : renderMetric(metric, value);
    }).join('');
  }
}
