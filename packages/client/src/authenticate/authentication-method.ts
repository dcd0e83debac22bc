/**
 * A method of enhanced authentication (section 4.12): {@link scramSha256}, or your own.
 *
 * @example const client = await connect(url, { authentication: scramSha256({ userName: 'filler', password: 'secret' }) });
 */
export interface AuthenticationMethod {
  /** The Authentication Method as client and server call it. */
  readonly name: string;
  /** Begins an exchange: one for each connection, and one each time the client authenticates again. */
  begin(): AuthenticationExchange;
}

/** One exchange of Authentication Data, from the client's first step on. What its methods throw ends the connection. */
export interface AuthenticationExchange {
  /** The client's first data, sent with CONNECT; undefined for none. */
  first(): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** Answers a step of the server. */
  next(data: Uint8Array | undefined): Uint8Array | undefined | Promise<Uint8Array | undefined>;
  /** Takes the server's last data: here a client may see whether the server is what it says. */
  finish?(data: Uint8Array | undefined): void;
}
