import { sparkline } from '../start/numbers.ts';
import type { Style } from '../terminal/style.ts';
import { cutTo, fit, widthOf, withoutControls } from '../terminal/width.ts';
import type { Order, TopicEntry } from './topic-table.ts';

/** What the selected topic has had lately. */
export interface TopicHistory {
  readonly topicName: string;
  /** Messages in each of the last seconds. */
  readonly rates: readonly number[];
  /** Newest last. */
  readonly payloads: readonly { readonly at: number; readonly text: string }[];
}

/** Everything that is shown. */
export interface TopView {
  readonly server: string;
  readonly now: number;
  readonly topics: number;
  readonly messageRate: number;
  readonly byteRate: number;
  readonly order: Order;
  readonly filter: string;
  /** What is being typed after `/`. */
  readonly isTyping: boolean;
  readonly isPaused: boolean;
  readonly rows: readonly TopicEntry[];
  readonly selected: number;
  readonly history: TopicHistory | undefined;
}

const TITLES = '     msg/s   messages      bytes    age  q  topic and last payload';
const HELP = ' ↑↓ select · Enter history · s order · / filter · space pause · c clear · q end';
/** Lines around the table. */
export const AROUND = 3;
export const HISTORY_LINES = 8;

/** Draws the view: as many lines as the terminal has rows, none wider than it. */
export function renderTop(view: TopView, columns: number, style: Style): string[] {
  const width = Math.max(40, columns);
  const state = [
    `${view.topics} topics`,
    `${formatNumber(view.messageRate)} msg/s`,
    `${formatNumber(view.byteRate)} B/s`,
    `by ${view.order}`,
    ...(view.filter !== '' || view.isTyping ? [`/${withoutControls(view.filter)}${view.isTyping ? '_' : ''}`] : []),
    ...(view.isPaused ? ['paused'] : []),
  ].join('  ');
  return [
    style.bold(cutTo(`busbar top  ${view.server}  ${state}`, width)),
    style.dim(cutTo(TITLES, width)),
    ...view.rows.map((entry, at) => renderRow(entry, view, at === view.selected, width, style)),
    ...(view.history === undefined ? [] : renderHistory(view.history, width, style)),
    style.cyan(cutTo(HELP, width)),
  ];
}

function renderRow(entry: TopicEntry, { now }: TopView, isSelected: boolean, width: number, style: Style): string {
  const figures = [
    fit(formatNumber(entry.rate), 10, 'right'),
    fit(formatNumber(entry.count), 10, 'right'),
    fit(formatNumber(entry.byteLength), 10, 'right'),
    fit(formatAge(now - entry.lastAt), 6, 'right'),
    `${entry.qos}${entry.retain ? 'r' : ' '}`,
  ].join(' ');
  const left = Math.max(0, width - figures.length - 2);
  const topic = cutTo(withoutControls(entry.topicName), left);
  const preview = cutTo(` ${previewOf(entry)}`, Math.max(0, left - widthOf(topic)));
  if (isSelected) return style.inverse(fit(`${figures}  ${topic}${preview}`, width));
  return `${entry.rate > 0 ? figures : style.dim(figures)}  ${style.cyan(topic)}${style.dim(preview)}`;
}

function renderHistory({ topicName, rates, payloads }: TopicHistory, width: number, style: Style): string[] {
  const title = ` ${withoutControls(topicName)}  ${sparkline(rates.length === 0 ? [0] : rates, 30)} `;
  const lines = payloads.slice(-(HISTORY_LINES - 1)).map(({ at, text }) => {
    const time = new Date(at).toTimeString().slice(0, 8);
    return cutTo(`  ${time}  ${text}`, width);
  });
  const blank = Array.from({ length: HISTORY_LINES - 1 - lines.length }, () => '');
  return [
    style.bold(cutTo(`──${title}${'─'.repeat(Math.max(0, width - title.length - 2))}`, width)),
    ...lines,
    ...blank,
  ];
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** A payload as one line: text where it is text, hexadecimal otherwise. */
export function previewOf({ preview, payloadLength }: Pick<TopicEntry, 'preview' | 'payloadLength'>): string {
  const goesOn = payloadLength > preview.length ? '…' : '';
  try {
    // The cut may have gone through a character.
    const whole = goesOn === '' ? preview : preview.subarray(0, preview.length - 3);
    return `${withoutControls(strictUtf8.decode(whole))}${goesOn}`;
  } catch {
    return `${Buffer.from(preview).toString('hex')}${goesOn}`;
  }
}

function formatNumber(value: number): string {
  if (value < 10 && !Number.isInteger(value)) return value.toFixed(1);
  if (value < 100_000) return String(Math.round(value));
  const [scaled, unit] = value < 1e8 ? [value / 1e3, 'k'] : value < 1e11 ? [value / 1e6, 'M'] : [value / 1e9, 'G'];
  return `${Math.round(scaled)}${unit}`;
}

function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
