import type { PublishPacket } from '@busbar/codec';
import { AROUND, HISTORY_LINES, previewOf, type TopView } from './render-top.ts';
import { ORDERS, type Order, type TopicEntry, TopicTable } from './topic-table.ts';

const KEPT_PAYLOADS = 50;
const KEPT_SECONDS = 60;

/** What `busbar top` knows and what its keys do. Reads no clock and no terminal. */
export class TopModel {
  readonly #table = new TopicTable();
  readonly #server: string;
  #order: Order = 'rate';
  #filter = '';
  #isTyping = false;
  #isPaused = false;
  #selected = 0;
  #shown: readonly TopicEntry[] = [];
  #history: { topicName: string; rates: number[]; payloads: { at: number; text: string }[] } | undefined;
  #escape = '';
  #lastMessages = 0;
  #lastBytes = 0;
  #messageRate = 0;
  #byteRate = 0;

  constructor(server: string) {
    this.#server = server;
  }

  handleMessage({ topicName, payload, qos, retain }: PublishPacket, now: number): void {
    const entry = this.#table.add(topicName, payload, qos, retain, now);
    if (this.#history?.topicName !== topicName) return;
    this.#history.payloads.push({ at: now, text: previewOf(entry) });
    if (this.#history.payloads.length > KEPT_PAYLOADS) this.#history.payloads.shift();
  }

  /** A second is over. */
  tick(): void {
    const { messages, bytes } = this.#table;
    this.#messageRate = messages - this.#lastMessages;
    this.#byteRate = bytes - this.#lastBytes;
    this.#lastMessages = messages;
    this.#lastBytes = bytes;
    if (this.#history !== undefined) {
      this.#history.rates.push(this.#table.find(this.#history.topicName)?.fresh ?? 0);
      if (this.#history.rates.length > KEPT_SECONDS) this.#history.rates.shift();
    }
    this.#table.tick();
  }

  /** @returns Whether the key means the end. */
  handleKey(key: string): boolean {
    if (key === '\x03' || key === '\x1c') return true;
    if (this.#isTyping) return this.#type(key);
    if (this.#escape !== '' || key === '\x1b') return this.#handleEscape(key);
    switch (key) {
      case 'q':
      case '\x04':
        return true;
      case 's':
        this.#order = ORDERS[(ORDERS.indexOf(this.#order) + 1) % ORDERS.length] ?? 'rate';
        break;
      case '/':
        this.#isTyping = true;
        this.#filter = '';
        break;
      case ' ':
        this.#isPaused = !this.#isPaused;
        break;
      case 'c':
        this.#table.clear();
        this.#lastMessages = 0;
        this.#lastBytes = 0;
        this.#shown = [];
        break;
      case 'k':
        this.#move(-1);
        break;
      case 'j':
        this.#move(1);
        break;
      case '\r':
        this.#toggleHistory();
        break;
    }
    return false;
  }

  view(rows: number, now: number): TopView {
    const room = Math.max(1, rows - AROUND - (this.#history === undefined ? 0 : HISTORY_LINES));
    if (!this.#isPaused || this.#shown.length === 0) this.#shown = this.#table.first(room, this.#order, this.#filter);
    const shown = this.#shown.slice(0, room);
    this.#selected = Math.max(0, Math.min(this.#selected, shown.length - 1));
    return {
      server: this.#server,
      now,
      topics: this.#table.size,
      messageRate: this.#messageRate,
      byteRate: this.#byteRate,
      order: this.#order,
      filter: this.#filter,
      isTyping: this.#isTyping,
      isPaused: this.#isPaused,
      rows: shown,
      selected: this.#selected,
      history: this.#history,
    };
  }

  /** Letters of the filter, until Enter; Escape takes it back. */
  #type(key: string): boolean {
    if (key === '\r') this.#isTyping = false;
    else if (key === '\x1b') {
      this.#isTyping = false;
      this.#filter = '';
    } else if (key === '\x7f') this.#filter = this.#filter.slice(0, -1);
    else if (key >= ' ') this.#filter += key;
    return false;
  }

  /** Arrow keys come as Escape, a bracket and a letter. */
  #handleEscape(key: string): boolean {
    this.#escape += key;
    if (this.#escape.length < 3) return false;
    if (this.#escape === '\x1b[A' || this.#escape === '\x1bOA') this.#move(-1);
    if (this.#escape === '\x1b[B' || this.#escape === '\x1bOB') this.#move(1);
    this.#escape = '';
    return false;
  }

  #move(by: number): void {
    this.#selected = Math.max(0, Math.min(this.#shown.length - 1, this.#selected + by));
    if (this.#history !== undefined) this.#openHistory();
  }

  #toggleHistory(): void {
    if (this.#history === undefined) this.#openHistory();
    else this.#history = undefined;
  }

  #openHistory(): void {
    const entry = this.#shown[this.#selected];
    if (entry === undefined || entry.topicName === this.#history?.topicName) return;
    this.#history = {
      topicName: entry.topicName,
      rates: [],
      payloads: [{ at: entry.lastAt, text: previewOf(entry) }],
    };
  }
}
