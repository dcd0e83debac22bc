/** The word that is probably meant: one is the beginning of the other (`publish`, `br`), or two typing mistakes away. */
export function nearestOf(given: string, words: readonly string[]): string | undefined {
  const begins = words.find((word) => given.length >= 2 && (word.startsWith(given) || given.startsWith(word)));
  if (begins !== undefined) return begins;
  const swapped = words.find((word) => isSwapped(given, word));
  if (swapped !== undefined) return swapped;
  // People get the first letter right: of two that are as near, that one.
  const away = (word: string) => distance(given, word) + (word.charAt(0) === given.charAt(0) ? 0 : 0.5);
  const ranked = words.map((word) => ({ word, away: away(word) })).sort((a, b) => a.away - b.away);
  const [best] = ranked;
  return best !== undefined && best.away <= Math.min(2, best.word.length - 2) ? best.word : undefined;
}

/** The same but for two neighbours that changed places: `--hots`. */
function isSwapped(one: string, other: string): boolean {
  const at = [...one].findIndex((letter, index) => letter !== other[index]);
  if (at < 0 || one.length !== other.length) return false;
  const back = `${one.slice(0, at)}${one.charAt(at + 1)}${one.charAt(at)}${one.slice(at + 2)}`;
  return back === other;
}

/** Letters to insert, delete or replace to get from one word to the other (Levenshtein). */
function distance(one: string, other: string): number {
  let above = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (const [row, letter] of [...one].entries()) {
    const current = [row + 1];
    for (const [at, otherLetter] of [...other].entries()) {
      const replaced = (above[at] ?? 0) + (letter === otherLetter ? 0 : 1);
      current.push(Math.min(replaced, (above[at + 1] ?? 0) + 1, (current[at] ?? 0) + 1));
    }
    above = current;
  }
  return above.at(-1) ?? 0;
}
