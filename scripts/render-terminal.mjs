/**
 * Runs a command in a terminal of its own and draws what it shows as an SVG picture.
 *
 *     node scripts/render-terminal.mjs docs/images/top.svg --size 110x28 --after 6 --keys q -- busbar top -p 1884
 *
 * The terminal is one of Python's (`pty`), since Node has none; what the program writes is played on a small screen, which
 * knows what our own programs use: cursor positions, clearing, colours, the alternate screen.
 */

import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ROOT } from './run.mjs';
import { renderSvg } from './terminal/svg.mjs';
import { TerminalScreen } from './terminal/terminal-screen.mjs';

const PTY = `
import fcntl, os, pty, select, struct, sys, termios, time
columns, rows, seconds, keys = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
pid, fd = pty.fork()
if pid == 0:
    os.environ['TERM'] = 'xterm-256color'
    os.environ.pop('NO_COLOR', None)
    os.execvp(sys.argv[5], sys.argv[5:])
fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
end = time.time() + seconds
def pump(until):
    while time.time() < until:
        ready, _, _ = select.select([fd], [], [], 0.05)
        if not ready: continue
        try: data = os.read(fd, 65536)
        except OSError: return False
        if not data: return False
        os.write(1, data)
    return True
alive = pump(end)
os.write(1, b'\\x00SHOT\\x00')
if alive and keys:
    os.write(fd, keys.encode())
    pump(time.time() + 3)
`;

/**
 * @param {readonly string[]} command What is run.
 * @param {{ columns: number, rows: number, seconds: number, keys: string }} options
 * @returns {Promise<TerminalScreen>} The screen as it was after so many seconds, or at the end if that came before.
 */
export function recordTerminal(command, { columns, rows, seconds, keys }) {
  return new Promise((resolve, reject) => {
    const args = ['-c', PTY, String(columns), String(rows), String(seconds), keys, ...command];
    const child = spawn('python3', args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', () => {
      const [shown = ''] = Buffer.concat(chunks).toString('utf8').split('\0SHOT\0');
      const screen = new TerminalScreen(columns, rows);
      screen.write(shown);
      resolve(screen);
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [file, ...rest] = process.argv.slice(2);
  const at = rest.indexOf('--');
  const given = Object.fromEntries(
    rest.slice(0, at).flatMap((word, index, all) => (word.startsWith('--') ? [[word.slice(2), all[index + 1]]] : [])),
  );
  const [program, ...words] = rest.slice(at + 1);
  const [columns, rows] = (given.size ?? '100x30').split('x').map(Number);
  const command =
    program === 'busbar' ? [process.execPath, 'packages/cli/bin/busbar.js', ...words] : [program, ...words];
  const options = { columns, rows, seconds: Number(given.after ?? 5), keys: given.keys ?? '' };
  const screen = await recordTerminal(command, options);
  const target = path.join(ROOT, file);
  mkdirSync(path.dirname(target), { recursive: true });
  writeFileSync(target, renderSvg(screen, given.title ?? [program, ...words].join(' ')));
}
