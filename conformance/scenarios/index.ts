import type { Scenario } from '../run/scenario.ts';
import { authenticating } from './client/authenticating.ts';
import { connecting } from './client/connecting.ts';
import { publishing } from './client/publishing.ts';
import { receiving } from './client/receiving.ts';
import { authorization } from './every/authorization.ts';
import { connection } from './every/connection.ts';
import { malformed } from './every/malformed.ts';
import { ordering } from './every/ordering.ts';
import { qos } from './every/qos.ts';
import { resume } from './every/resume.ts';
import { retain } from './every/retain.ts';
import { session } from './every/session.ts';
import { subscribe } from './every/subscribe.ts';
import { topics } from './every/topics.ts';
import { unsubscribe } from './every/unsubscribe.ts';
import { versions } from './every/versions.ts';
import { webSocket } from './every/web-socket.ts';
import { will } from './every/will.ts';
import { connect as connect3 } from './v3/connect.ts';
import { connect as connect4, strings as strings4 } from './v4/connect.ts';
import { authentication } from './v5/authentication.ts';
import { capabilities } from './v5/capabilities.ts';
import { connect as connect5 } from './v5/connect.ts';
import { auth, disconnect } from './v5/disconnect.ts';
import { expiry } from './v5/expiry.ts';
import { flowControl, refusedMessages } from './v5/flow-control.ts';
import { packetForm } from './v5/packet-form.ts';
import { packetSize } from './v5/packet-size.ts';
import { messageExpiry, publishProperties } from './v5/publish-properties.ts';
import { reason } from './v5/reason.ts';
import { shared } from './v5/shared.ts';
import { strings as strings5 } from './v5/strings.ts';
import { subscriptionIdentifiers, subscriptionOptions } from './v5/subscription-options.ts';
import { topicAlias } from './v5/topic-alias.ts';
import { will as will5 } from './v5/will.ts';

/** Every scenario of the suite, for all versions. */
export const SCENARIOS: readonly Scenario[] = [
  ...[connect5, strings5, packetForm, capabilities, expiry, will5, publishProperties, messageExpiry, topicAlias].flat(),
  ...[subscriptionOptions, subscriptionIdentifiers, shared, flowControl, refusedMessages, packetSize].flat(),
  ...[reason, disconnect, auth, authentication].flat(),
  ...[connect4, strings4].flat(),
  ...connect3,
  ...[connecting, authenticating, publishing, receiving].flat(),
  ...[
    authorization,
    session,
    will,
    retain,
    qos,
    resume,
    ordering,
    subscribe,
    unsubscribe,
    topics,
    connection,
    webSocket,
    versions,
    malformed,
  ].flat(),
];
