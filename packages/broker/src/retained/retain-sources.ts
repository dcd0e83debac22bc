import type { ApplicationMessage } from '@busbar/protocol';
import type { Identity } from '../authorization/identity.ts';

/** Knows whose a retained message is, where its publisher's rights are asked for when it is delivered. */
export interface RetainSources {
  rememberSource(message: ApplicationMessage, identity: Identity): void;
  sourceOf(message: ApplicationMessage): Identity | undefined;
}
