/** How a listener speaks WebSocket. */
export interface WebSocketServerOptions {
  /** The path of the URL; default `/mqtt`. `*` takes every path. */
  readonly path?: string;
  /**
   * Web pages that may connect, as browsers name them: `https://console.example:8443`. Default: all. Clients that are no
   * browsers send no Origin and are not asked for one: this protects a page's visitors, not the listener.
   */
  readonly allowedOrigins?: readonly string[];
  /** Proxies whose `X-Forwarded-For` counts; default: nobody's. */
  readonly trustedProxies?: readonly string[];
  /** Bytes of the longest message (a frame with its continuations); a longer one closes with 1009. Default 16,777,216. */
  readonly maximumPayload?: number;
  /** Bytes of the longest request; a longer one is answered with 431. Default 8,192. */
  readonly maximumHeaderBytes?: number;
  /** Whether compression is agreed to; it costs much memory per connection. Default false. */
  readonly perMessageDeflate?: boolean;
}
