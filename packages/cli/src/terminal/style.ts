/** Ways to set text off. Each gives the text back unchanged where colours are not welcome. */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly inverse: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly blue: Paint;
  readonly cyan: Paint;
}

export type Paint = (text: string) => string;

/** @param isColorful See {@link isColorful}. */
export function createStyle(isColorful: boolean): Style {
  const paint = (on: number, off: number): Paint => {
    if (!isColorful) return (text) => text;
    return (text) => (text === '' ? '' : `\x1b[${on}m${text}\x1b[${off}m`);
  };
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    inverse: paint(7, 27),
    red: paint(31, 39),
    green: paint(32, 39),
    yellow: paint(33, 39),
    blue: paint(34, 39),
    cyan: paint(36, 39),
  };
}
