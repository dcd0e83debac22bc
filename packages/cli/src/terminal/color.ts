import type { WriteStream } from 'node:tty';

/** Whether colours are welcome: in a terminal, unless `NO_COLOR` is set (no-color.org) or the terminal is a dumb one. */
export function isColorful(stream: Pick<WriteStream, 'isTTY'>, env: NodeJS.ProcessEnv = process.env): boolean {
  const { NO_COLOR: noColor = '', TERM: term } = env;
  return stream.isTTY === true && noColor === '' && term !== 'dumb';
}
