import { messages, publish, type ToolCase } from './tool-case.ts';

/** What `rr` says on the wire and prints. */
export const ASKING_CASES: readonly ToolCase[] = [
  {
    tool: 'rr',
    args: ['-t', 'q', '-e', 'r', '-m', 'x', '-d'],
    script: messages(publish('r', 'y', { version5: true })),
  },
  { tool: 'rr', args: ['-t', 'q', '-e', 'r', '-n', '-v'], script: messages(publish('r', 'y', { version5: true })) },
  { tool: 'rr', args: ['-t', 'q', '-e', 'r', '-m', 'x', '-V', '311', '-q', '1'], script: messages(publish('r', 'y')) },
  {
    tool: 'rr',
    args: ['-t', 'q', '-e', 'r', '-m', 'x', '-D', 'publish', 'user-property', 'k', 'v', '-F', '%t %p %R'],
    script: messages(publish('r', 'y', { version5: true })),
  },
  { tool: 'rr', args: ['-t', 'q', '-e', 'r', '-m', 'x', '-W', '1'] },
  {
    tool: 'rr',
    args: ['-t', 'q', '-e', 'r', '-m', 'x', '-W', '1', '-R'],
    script: messages(publish('r', 'y', { version5: true, retain: true })),
    differs: { in: ['stdout', 'stderr', 'exitCode', 'packets'], why: '2.0 takes -R of rr and forgets it' },
  },
  { tool: 'rr', args: ['-t', 'q', '-e', 'r', '-m', 'x'], script: { subackCodes: [0x80] } },
  { tool: 'rr', args: ['-t', 'q', '-e', 'r', '-m', 'x'], script: { connack: '2003008700' } },
  {
    tool: 'rr',
    args: ['-t', 'q', '-e', 'r', '-s'],
    input: 'xy',
    script: messages(publish('r', 'z', { version5: true })),
    differs: { in: ['packets'], why: '2.0 sends a request from stdin empty' },
  },
  { tool: 'rr', args: ['-t', 'q', '-e', 'r', '-m', 'x', '-D', 'publish', 'response-topic', 'z'] },
  { tool: 'rr', args: ['-t', '', '-e', 'r', '-m', 'x'] },
  { tool: 'rr', args: ['-t', 'q', '-e', 'r', '-m', 'x', '-i', ''] },
  { tool: 'rr', args: ['-t', '', '-e', 'r', '-m', 'x', '-D', 'publish', 'topic-alias', '1', '-W', '1'] },
  {
    tool: 'rr',
    args: ['-t', 'q', '-e', 'r', '-m', 'x', '-d'],
    script: messages(publish('r', 'y', { version5: true }), publish('r', 'z', { version5: true })),
  },
];
