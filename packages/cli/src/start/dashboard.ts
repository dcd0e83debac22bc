import type { Paint, Style } from '../terminal/style.ts';
import { cutTo, fit, widthOf, withoutControls } from '../terminal/width.ts';
import type { DemoEvent } from './event-list.ts';
import { formatAge, formatClock, formatRate, sparkline } from './numbers.ts';
import type { TopicRow } from './telemetry.ts';
import { formatTotals, type Totals } from './totals.ts';

/** Everything that the dashboard shows. */
export interface DashboardView {
  /** Program and version. */
  readonly program: string;
  readonly url: string;
  readonly plant: { readonly name: string; readonly topicRoot: string; readonly state: string };
  readonly elapsedMs: number;
  /** When it ends by itself; absent: never. */
  readonly lastsMs: number | undefined;
  readonly rows: readonly TopicRow[];
  /** Newest last. */
  readonly events: readonly DemoEvent[];
  readonly totals: Totals;
  /** How to join in: a command and what it does. */
  readonly hints: readonly string[];
}

/** Size of the terminal in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/**
 * Draws the dashboard: as many lines as the terminal has rows, none wider than the terminal. What does not fit is left out
 * in this order: presence of devices that are there, quiet topics, events, hints.
 *
 *     header  program, address, state of the line, time
 *     table   topic, last value, its course, messages a second, age, QoS, retained
 *     events  a device lost, its will published, it is back, its queued readings
 *     totals  messages, connections, CPU
 *     hints   how to join in
 */
export function renderDashboard(view: DashboardView, { columns, rows }: Size, style: Style): string[] {
  const width = Math.max(20, columns);
  const hints = rows >= 18 ? view.hints : view.hints.slice(0, rows >= 10 ? 1 : 0);
  const eventCount = rows >= 36 ? 8 : rows >= 28 ? 6 : rows >= 22 ? 4 : rows >= 14 ? 2 : 1;
  const around = 1 + 1 + 1 + eventCount + 1 + 1 + hints.length;
  const tableRows = Math.max(0, rows - around);
  const shown = mostImportant(view.rows, tableRows, view.plant.topicRoot);
  const hidden = view.rows.length - shown.length;
  const table = shown.map((row) => renderRow(row, layoutOf(width), view.plant.topicRoot, style));
  const events = view.events.slice(-eventCount).map((event) => renderEvent(event, width, style));
  const lines = [
    renderHeader(view, width, style),
    renderTitles(layoutOf(width), style),
    ...fillUp(table, tableRows),
    renderRule(hidden > 0 ? `events, and ${hidden} more topics in a taller window` : 'events', width, style),
    ...fillUp(events, eventCount),
    renderRule('totals (q ends)', width, style),
    cutTo(` ${formatTotals(view.totals)}`, width),
    ...hints.map((hint) => style.cyan(cutTo(` ${hint}`, width))),
  ];
  return lines.slice(0, rows);
}

function fillUp(lines: readonly string[], count: number): string[] {
  return Array.from({ length: count }, (_, at) => lines[at] ?? '');
}

// --- header ------------------------------------------------------------------------------------------------------------

const STATE_PAINTS: Readonly<Record<string, keyof Style>> = {
  producing: 'green',
  online: 'green',
  starting: 'cyan',
  blocked: 'yellow',
  fault: 'red',
  offline: 'red',
};

function paintState(state: string, style: Style): Paint {
  return style[STATE_PAINTS[state] ?? 'dim'];
}

function renderHeader(view: DashboardView, width: number, style: Style): string {
  const { program, url, plant, elapsedMs, lastsMs } = view;
  const time = lastsMs === undefined ? formatClock(elapsedMs) : `${formatClock(elapsedMs)} of ${formatClock(lastsMs)}`;
  const title = ` ${program} `;
  const space = width - widthOf(title) - widthOf(time) - 1;
  if (space < 12) return style.bold(cutTo(title + url, width));
  const long = ` ${url}   ${plant.name}: ● ${plant.state}`;
  const rest = fit(widthOf(long) <= space ? long : ` ${url}   ● ${plant.state}`, space);
  const stateAt = rest.lastIndexOf('● ');
  const painted = stateAt < 0 ? rest : rest.slice(0, stateAt) + paintState(plant.state, style)(rest.slice(stateAt));
  return `${style.inverse(style.bold(title))}${painted} ${style.bold(time)}`;
}

// --- table -------------------------------------------------------------------------------------------------------------

interface Layout {
  readonly topic: number;
  readonly value: number;
  readonly course: number;
  readonly hasQos: boolean;
  readonly hasRetained: boolean;
}

const RATE = 7;
const AGE = 6;
const QOS = 5;
const RETAINED = 10;

function layoutOf(width: number): Layout {
  const hasQos = width >= 56;
  const hasRetained = width >= 70;
  const course = width >= 110 ? 24 : width >= 92 ? 14 : 0;
  const fixed = 1 + RATE + AGE + (hasQos ? QOS : 0) + (hasRetained ? RETAINED : 0) + (course > 0 ? course + 2 : 0);
  const free = Math.max(2, width - fixed);
  const topic = Math.min(36, Math.ceil(free * 0.6));
  return { topic, value: free - topic, course, hasQos, hasRetained };
}

function renderTitles(layout: Layout, style: Style): string {
  const cells = [
    ` ${fit('topic', layout.topic)}`,
    fit(' last value', layout.value),
    layout.course > 0 ? fit('  its course', layout.course + 2) : '',
    fit('msg/s', RATE, 'right'),
    fit('age', AGE, 'right'),
    layout.hasQos ? fit('QoS', QOS, 'right') : '',
    layout.hasRetained ? fit('retained', RETAINED, 'right') : '',
  ];
  return style.dim(cells.join(''));
}

/** From this age on a value is shown as old, when it used to come often. */
const OLD_MS = 3000;

function renderRow(row: TopicRow, layout: Layout, topicRoot: string, style: Style): string {
  const { topicName, value, qos, retain, messagesPerSecond, ageMs, history } = row;
  const topic = paintTopic(topicName, layout.topic, `${topicRoot}/`, style);
  const isOld = ageMs > OLD_MS && messagesPerSecond > 0.2;
  const paintValue = Object.hasOwn(STATE_PAINTS, value) ? paintState(value, style) : style.bold;
  const course = fit(sparkline(history, layout.course), layout.course);
  return [
    ` ${topic}`,
    ` ${paintValue(fit(value, layout.value - 1))}`,
    layout.course > 0 ? `  ${style.blue(course)}` : '',
    fit(formatRate(messagesPerSecond), RATE, 'right'),
    (isOld ? style.yellow : plain)(fit(formatAge(ageMs), AGE, 'right')),
    layout.hasQos ? fit(String(qos), QOS, 'right') : '',
    layout.hasRetained ? fit(retain ? 'retained' : '', RETAINED, 'right') : '',
  ].join('');
}

/** What all topics of the plant begin with steps back, and is left out where there is no room for it. */
function paintTopic(topicName: string, width: number, root: string, style: Style): string {
  if (!topicName.startsWith(root)) return style.cyan(fit(withoutControls(topicName), width));
  const shownRoot = widthOf(topicName) <= width ? root : '…/';
  return style.dim(shownRoot) + fit(topicName.slice(root.length), width - widthOf(shownRoot));
}

const plain: Paint = (text) => text;

/** The rows that are shown when not all can be, in their order; those of other clients come first. */
function mostImportant(rows: readonly TopicRow[], count: number, topicRoot: string): TopicRow[] {
  const rank = ({ topicName, value }: TopicRow): number => {
    if (!topicName.startsWith(`${topicRoot}/`)) return 0;
    if (topicName.endsWith('/status')) return value === 'online' ? 3 : 1;
    return topicName.endsWith('/state') ? 1 : 2;
  };
  const isForeign = (row: TopicRow) => rank(row) === 0;
  const chosen = new Set([...rows].sort((one, other) => rank(one) - rank(other)).slice(0, count));
  const inOrder = rows.filter((row) => chosen.has(row));
  return [...inOrder.filter(isForeign), ...inOrder.filter((row) => !isForeign(row))];
}

// --- below the table ---------------------------------------------------------------------------------------------------

function renderRule(title: string, width: number, style: Style): string {
  return style.dim(fit(`── ${title} ${'─'.repeat(width)}`, width).replace(/…$/, '─'));
}

const EVENT_SIGNS = { bad: '✖', good: '✔', note: '•', warning: '!' } as const;
const EVENT_PAINTS = { bad: 'red', good: 'green', note: 'cyan', warning: 'yellow' } as const;

function renderEvent({ atMs, kind, text }: DemoEvent, width: number, style: Style): string {
  const sign = style[EVENT_PAINTS[kind]](EVENT_SIGNS[kind]);
  const clock = formatClock(atMs);
  return ` ${style.dim(clock)} ${sign} ${cutTo(text, Math.max(0, width - widthOf(clock) - 4))}`;
}
