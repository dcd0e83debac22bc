import { createStyle } from '../terminal/style.ts';
import type { Finding, ProbeReport } from './findings.ts';

/** The report as a table for people. */
export function renderReport({ server, sections }: ProbeReport, isColorful: boolean): string {
  const style = createStyle(isColorful);
  const paint = {
    yes: style.green,
    no: style.yellow,
    odd: style.red,
    told: (text: string) => text,
  } as const satisfies Record<Finding['verdict'], (text: string) => string>;
  const width = Math.max(...sections.flatMap(({ findings }) => findings.map(({ name }) => name.length)));
  const lines = sections.flatMap(({ title, findings }) => [
    '',
    style.bold(title),
    ...findings.map(({ name, verdict, value }) => `  ${name.padEnd(width)}  ${paint[verdict](clean(value))}`),
  ]);
  return `${style.bold(server)}\n${lines.join('\n')}\n`;
}

/** What a server says must not steer the terminal. */
function clean(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
