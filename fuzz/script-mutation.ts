import { frame } from '@busbar/testkit';
import { mutate } from './mutation.ts';
import type { SeededRandom } from './random.ts';
import type { Script, Step } from './session-script.ts';

/** In bytes: what is larger is not one packet, and not interesting for what is in it. */
const LARGEST_CHANGED = 10_000;

type ScriptMutation = (steps: Step[], random: SeededRandom, other: Script) => void;
type Send = Extract<Step, { kind: 'send' }>;

const changeBytes: ScriptMutation = (steps, random, other) => {
  const at = pickSend(steps, random);
  if (at === undefined) return;
  const step = steps[at] as Send;
  const from = pickSend(other, random);
  const strange = from === undefined ? step.bytes : (other[from] as Send).bytes;
  steps[at] = { ...step, bytes: changed(step.bytes, random, strange) };
};

/** Most changes are in the body, with a Remaining Length that fits, so that they get beyond the fixed header. */
function changed(packet: Uint8Array, random: SeededRandom, other: Uint8Array): Uint8Array {
  if (random.oneIn(5)) return mutate(packet, random, other);
  const bodyStart = packet.findIndex((byte, at) => at > 0 && byte < 0x80) + 1;
  const firstByte = random.oneIn(15) ? random.below(256) : (packet[0] ?? 0);
  return frame(firstByte, mutate(packet.subarray(bodyStart), random, other));
}

const reorder: ScriptMutation = (steps, random) => {
  const from = random.below(steps.length);
  const [moved] = steps.splice(from, 1);
  if (moved !== undefined) steps.splice(random.below(steps.length + 1), 0, moved);
};

const duplicate: ScriptMutation = (steps, random) => {
  const from = random.below(steps.length);
  const length = 1 + random.below(3);
  steps.splice(random.below(steps.length + 1), 0, ...steps.slice(from, from + length));
};

const drop: ScriptMutation = (steps, random) => {
  steps.splice(random.below(steps.length), 1 + random.below(2));
};

/** Goes on as another client does, or lets a piece of what that one does happen here. */
const splice: ScriptMutation = (steps, random, other) => {
  const at = random.below(steps.length + 1);
  const from = random.below(other.length + 1);
  if (random.oneIn(2)) steps.splice(at, steps.length, ...other.slice(from));
  else steps.splice(at, 0, ...other.slice(from, from + 1 + random.below(5)));
};

/** Ends in the midst of a packet, and comes back or does not. */
const cutMidPacket: ScriptMutation = (steps, random) => {
  const at = pickSend(steps, random);
  if (at === undefined) return;
  const step = steps[at] as Send;
  const bytes = step.bytes.subarray(0, random.below(step.bytes.length + 1));
  const isComingBack = random.oneIn(2);
  const beginning = steps.slice(0, 2);
  steps.splice(at, 1, { ...step, bytes, isHeld: false }, { kind: random.pick(['cut', 'end']) });
  if (isComingBack) steps.splice(at + 2, 0, ...beginning);
};

/** Connects once more, with the same Client Identifier, while the connection before may still be there. */
const reconnect: ScriptMutation = (steps, random) => {
  steps.splice(random.below(steps.length + 1), 0, ...steps.slice(0, 2));
};

const MUTATIONS: readonly ScriptMutation[] = [
  ...[changeBytes, changeBytes, changeBytes, changeBytes],
  ...[reorder, duplicate, drop, splice, cutMidPacket, reconnect],
];

/** A script with some things changed, up to six. @param other Another client's, for what comes of two. */
export function mutateScript(script: Script, random: SeededRandom, other: Script): Script {
  const steps = [...script];
  for (let left = 1 + random.below(6); left > 0 && steps.length > 0; left--) {
    random.pick(MUTATIONS)(steps, random, other);
  }
  return steps;
}

function pickSend(steps: readonly Step[], random: SeededRandom): number | undefined {
  const sends = [...steps.keys()].filter((at) => {
    const step = steps[at];
    return step?.kind === 'send' && step.bytes.length <= LARGEST_CHANGED;
  });
  return sends.length === 0 ? undefined : random.pick(sends);
}
