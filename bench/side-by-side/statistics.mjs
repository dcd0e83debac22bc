/** The middle one of some numbers, or the mean of the two in the middle; undefined of none. @param {number[]} numbers */
export function median(numbers) {
  if (numbers.length === 0) return undefined;
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * The median of the ratios of rounds: what ran in the same round ran on the same machine at the same time.
 *
 * @param {(number | undefined)[]} ours By round. @param {(number | undefined)[]} theirs
 */
export function medianRatio(ours, theirs) {
  const ratios = ours.flatMap((own, round) => {
    const other = theirs[round];
    return own === undefined || other === undefined || other === 0 ? [] : [own / other];
  });
  return median(ratios);
}
