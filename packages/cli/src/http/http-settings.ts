import { isLoopback } from '@busbar/broker';

/** Where the broker answers over HTTP, and to whom. */
export interface HttpSettings {
  /** Default: localhost, on both loopback addresses. */
  readonly host?: string | undefined;
  /** Default: 9883; 0 takes a free one. */
  readonly port?: number | undefined;
  /** What requests have to show: `Authorization: Bearer TOKEN`. Needed where others than this machine reach the port. */
  readonly token?: string | undefined;
  /** Whether `/health/live` and `/health/ready` are answered without the token, with no reasons. Default: false. */
  readonly openHealth?: boolean | undefined;
  /** Whether there is `/metrics`. Default: true. */
  readonly metrics?: boolean | undefined;
  /** Certificate and key in PEM: HTTPS. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
}

export const USUAL_HTTP_PORT = 9883;

/** What is wrong with settings, in a line; undefined when nothing is. */
export function httpSettingsFault({ host = 'localhost', token }: HttpSettings): string | undefined {
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    return 'the token must be of printable ASCII characters without spaces, and not empty';
  }
  if (token !== undefined || isLoopback({ host })) return undefined;
  return `others than this machine reach ${host}: give token or tokenFile`;
}
