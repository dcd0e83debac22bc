import type { Authorization } from '../authorization/authorization.ts';
import { type Explanation, explainPublish, explainReceive, explainSubscribe } from '../authorization/explain.ts';
import type { Session } from './session.ts';

/** What can be asked about a client. */
export type RightsQuestion = 'publish' | 'subscribe' | 'receive';

/** Explains what the client of a session may do, as the broker has it now. Topics are as the client sees them. */
export function explainSession(
  { identity, mountPoint }: Session,
  authorization: Authorization,
  question: RightsQuestion,
  topic: string,
): Explanation {
  const prefix = mountPoint?.prefix ?? '';
  if (question === 'subscribe') return explainSubscribe(authorization, identity, mountPoint?.filter(topic) ?? topic);
  if (question === 'receive') return explainReceive(authorization, identity, prefix + topic);
  return explainPublish(authorization, identity, prefix + topic);
}
