/** What went through the broker since it started. Plain numbers, so that counting costs nothing. */
export class Counters {
  /** Network Connections that are open, CONNECT or not. */
  connections = 0;
  connectionsAccepted = 0;
  /** Closed at once because of a bound on connections or on their rate. */
  connectionsRefused = 0;
  /** Ended before they carried MQTT: TLS, WebSocket or PROXY header. */
  handshakesFailed = 0;
  /** Clients that are connected: CONNECT accepted. */
  clients = 0;
  /** Most clients that were connected at a time. */
  clientsMaximum = 0;
  /** CONNECT packets accepted. */
  connectsAccepted = 0;
  /** Sessions that ended because their Session Expiry Interval had passed. */
  sessionsExpired = 0;
  /** Control Packets of all types. */
  packetsReceived = 0;
  packetsSent = 0;
  /** Application Messages that clients published. */
  messagesReceived = 0;
  /** Of these those of QoS 1 and 2: what is left is of QoS 0, which so costs nothing more. */
  messagesReceivedQos1 = 0;
  messagesReceivedQos2 = 0;
  /** Application Messages that were written to clients, QoS 0 included. */
  messagesSent = 0;
  messagesSentQos1 = 0;
  messagesSentQos2 = 0;
  /** Pairs of message and matching session: what should be delivered. */
  messagesMatched = 0;
  /** Deliveries that are done: QoS 0 written, QoS 1 and 2 taken over by the client. */
  messagesDelivered = 0;
  bytesReceived = 0;
  bytesSent = 0;

  /** A message of QoS 1 or 2 that {@link messagesReceived} counts. */
  countReceived(qos: 1 | 2): void {
    if (qos === 1) this.messagesReceivedQos1++;
    else this.messagesReceivedQos2++;
  }

  /** A message of QoS 1 or 2 that {@link messagesSent} counts. */
  countSent(qos: 1 | 2): void {
    if (qos === 1) this.messagesSentQos1++;
    else this.messagesSentQos2++;
  }

  /** A CONNECT was accepted. */
  countClient(): void {
    this.connectsAccepted++;
    this.clients++;
    this.clientsMaximum = Math.max(this.clientsMaximum, this.clients);
  }
}
