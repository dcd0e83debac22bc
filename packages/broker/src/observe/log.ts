/** Where the broker says what happens: a pino logger fits. Lines are not built unless the level is on. */
export interface BrokerLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Says nothing. */
export const silentLog: BrokerLog = { debug() {}, info() {}, warn() {}, error() {} };
