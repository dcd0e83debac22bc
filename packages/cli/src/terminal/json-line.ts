/** What JSON does not escape and a terminal obeys all the same: the other control characters, and those that turn the direction. */
const TRICKS = /[\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** JSON that says the same, and holds nothing that moves a cursor or ends a line: names are the peers' own. */
export function withoutTricks(json: string): string {
  return json.replace(TRICKS, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** An object as a line of its own, for other programs and for who looks at it. */
export function jsonLine(value: unknown): string {
  return `${withoutTricks(JSON.stringify(value))}\n`;
}
