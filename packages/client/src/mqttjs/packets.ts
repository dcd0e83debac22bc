import type { ConnackProperties, DisconnectProperties, PublishProperties, QoS } from '@busbar/codec';
import type { MqttJsProperties } from './properties.ts';

/** A PUBLISH as MQTT.js gives it: the third argument of `message`, and what `publish` calls back with. */
export interface MqttJsPacket {
  readonly cmd: 'publish';
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly qos: QoS;
  readonly retain: boolean;
  readonly dup: boolean;
  /** Of what was published at QoS 1 or 2; what has come does not tell its own. */
  readonly messageId?: number;
  /** 5.0 only. */
  readonly properties?: MqttJsProperties<PublishProperties>;
}

/** What `connect` is told. */
export interface MqttJsConnack {
  readonly cmd: 'connack';
  readonly sessionPresent: boolean;
  readonly returnCode: 0;
  readonly reasonCode: 0;
  readonly properties: MqttJsProperties<ConnackProperties>;
}

/** What `disconnect` is told. */
export interface MqttJsDisconnect {
  readonly cmd: 'disconnect';
  readonly reasonCode: number;
  readonly properties: MqttJsProperties<DisconnectProperties>;
}

/** What was granted: the QoS, and with 5.0 the options that were asked for. */
export interface MqttJsGrant {
  readonly topic: string;
  readonly qos: QoS;
  readonly nl?: boolean;
  readonly rap?: boolean;
  readonly rh?: 0 | 1 | 2;
}
