/** Opens the store of a directory as a user who may do no more than others, and looks it through. Tells what came of both. */
import { checkStore, openLmdbStore } from '@busbar/store-lmdb';

const NOBODY = 65_534;
const [directory = ''] = process.argv.slice(2);
if (process.getuid?.() === 0) {
  process.setgid?.(NOBODY);
  process.setuid?.(NOBODY);
}
const opened = await openLmdbStore({ directory }).then(
  () => undefined,
  ({ code, message }) => ({ code, message }),
);
const { problems } = await checkStore(directory);
process.send?.({ opened, problems });
process.disconnect?.();
