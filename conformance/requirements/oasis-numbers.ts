/**
 * Where the list of 3.1.1 statements (`mqtt-3.1.1.ts`) and the OASIS Standard number differently: from the number of OASIS
 * to those of the list that say the same. Tags `[MQTT311-x]` in code and names of unit tests follow OASIS; scenarios and
 * the list of requirements follow `mqtt-3.1.1.ts`. What OASIS has and the list has not is left out.
 */
export const OASIS_NUMBERS: Readonly<Record<string, readonly string[]>> = {
  '3.10.4-1': ['3.10.4-4'], // compared character by character
  '3.10.4-2': ['3.10.4-5'], // stop adding messages
  '3.10.4-3': ['3.10.4-5'], // complete what was started
  '3.10.4-4': ['3.10.4-1'], // UNSUBACK
  '3.10.4-5': ['3.10.4-2'], // UNSUBACK even if nothing matches
  '3.10.4-6': ['3.10.4-3'], // several Topic Filters
  '3.14.4-2': ['3.14.4-1'], // no more Control Packets after DISCONNECT
  '3.14.4-3': ['3.14.4-2'], // the Will is discarded
  '4.7.1-1': ['4.7.3-1', '4.7.3-2'], // no wildcards in Topic Names
  '4.7.1-2': ['4.7.1-1'], // '#'
  '4.7.1-3': ['4.7.1-2'], // '+'
  '4.7.3-1': ['4.7.0-1'], // at least one character
  '4.7.3-2': ['1.5.3-2'], // no U+0000
  '6.0.0-1': ['6.0-1'], // WebSocket
};

/** The ids of the list that an OASIS id of 3.1.1 stands for. */
export function idsOfOasis(number: string): readonly string[] {
  return (OASIS_NUMBERS[number] ?? [number]).map((each) => `MQTT-${each}`);
}
