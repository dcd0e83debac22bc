import { PASSWORD_KINDS } from '@busbar/broker';
import { defineCommand } from '../command/definition.ts';
import { oneOf, wholeNumber } from '../command/value.ts';
import { ExitCode } from '../exit-code.ts';

/** `busbar passwd`: writes password files, as mosquitto_passwd does. */
export const passwdCommand = defineCommand({
  name: 'passwd',
  summary: 'write a password file, as mosquitto_passwd does',
  description:
    'Adds a user to a password file or gives it a new password, which is asked for or read from stdin. Mosquitto reads such files, too, but for those with scrypt.',
  helpFlags: '-h, --help',
  usageExitCode: ExitCode.usage,
  words: { usage: '<file> [user] [password]', minimum: 1, maximum: 3 },
  options: {
    create: { flags: '-c, --create', description: 'make a new file; one that is there is replaced' },
    batch: { flags: '-b, --batch', description: 'the password stands on the command line, where others may see it' },
    remove: { flags: '-D, --delete', description: 'remove the user' },
    upgrade: { flags: '-U, --upgrade', description: 'hash the passwords of a file that has them in plain text' },
    hash: {
      flags: '-H, --hash',
      value: oneOf(...PASSWORD_KINDS),
      default: 'argon2id',
      description: 'how passwords are kept: Mosquitto 2.1 reads argon2id, older ones sha512-pbkdf2',
    },
    iterations: {
      flags: '-I, --iterations',
      value: wholeNumber('number', 1, 100_000_000),
      default: 210_000,
      description: 'iterations of sha512-pbkdf2',
    },
  },
  examples: [
    { line: 'busbar passwd -c passwd filler', what: 'a new file with one user; asks for the password twice' },
    { line: 'busbar passwd -H sha512-pbkdf2 -b passwd labeller secret', what: 'for Mosquitto 2.0' },
    { line: 'busbar passwd -D passwd filler', what: 'without that user' },
  ],
  async run(values, words) {
    const { runPasswd } = await import('./run-passwd.ts');
    return runPasswd(values, words);
  },
});
