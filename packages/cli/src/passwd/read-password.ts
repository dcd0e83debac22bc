import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { CommandError } from '../command/command-error.ts';
import { ExitCode } from '../exit-code.ts';

/** Asks for a password twice without showing it; where nobody types, the first line of stdin is the password. */
export async function readPassword(): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) return firstLine();
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: stdin, output: silent, terminal: true });
  const ask = (prompt: string): Promise<string> => {
    stderr.write(prompt);
    return new Promise((resolve, reject) => {
      reader.once('SIGINT', () => reject(new CommandError(ExitCode.failure, 'nothing was changed')));
      reader.question('', (answer) => {
        stderr.write('\n');
        resolve(answer);
      });
    });
  };
  try {
    const password = await ask('Password: ');
    if ((await ask('Again: ')) !== password) throw new CommandError(ExitCode.failure, 'the passwords differ');
    return password;
  } finally {
    reader.close();
  }
}

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  throw new CommandError(ExitCode.failure, 'expected the password on stdin, nothing came');
}
