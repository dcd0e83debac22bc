import { USUAL_DATA } from '../broker/default-data.ts';
import { defineCommand } from '../command/definition.ts';
import { text } from '../command/value.ts';
import { ExitCode } from '../exit-code.ts';

/** `busbar store`: looks after the data directory of a broker. */
export const storeCommand = defineCommand({
  name: 'store',
  summary: "check, dump, restore, measure or compact a broker's data",
  description:
    "Looks after a broker's data directory: reads every record and holds them against each other (check), writes them as JSON lines (dump) and makes a directory of such lines (restore), counts what there is (stats), or gives the room of what was deleted back (compact).",
  helpFlags: '-h, --help',
  usageExitCode: ExitCode.usage,
  words: { usage: '<check|dump|restore|stats|compact>', minimum: 1, maximum: 1 },
  options: {
    data: {
      flags: '--data',
      value: text('directory'),
      default: USUAL_DATA,
      description: 'the data directory',
    },
    file: {
      flags: '-f, --file',
      value: text('file'),
      description: 'what dump writes to, or restore reads from, instead of stdout and stdin',
    },
    json: { flags: '--json', description: 'check and stats: print the result as JSON' },
  },
  examples: [
    { line: 'busbar store check', what: 'exit code 0 if the data of the broker on port 1883 is sound, 1 if not' },
    { line: 'busbar store dump --data /var/lib/busbar -f backup.jsonl', what: 'a backup, also while the broker runs' },
    { line: 'busbar store restore --data busbar-new -f backup.jsonl', what: 'the same data in another directory' },
    { line: 'busbar store stats --json', what: 'sessions, messages that wait, the largest queues' },
  ],
  notes: [
    'check, dump and stats read, also while a broker uses the directory. restore wants a directory without data, compact one that no broker uses; as much room as the data takes has to be free for it.',
  ],
  async run({ data, file, json }, [action = '']) {
    const { runStore } = await import('./run-store.ts');
    return runStore(action, { data, file, json });
  },
});
