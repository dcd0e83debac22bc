import { IN_MEMORY } from './data-store.ts';
import { USUAL_PORT } from './usual-port.ts';

/** Where a broker keeps its data when nothing else is said, below the working directory. */
const DIRECTORY = 'busbar-data';

/** The data directory of {@link USUAL_PORT}, which `busbar store` looks after when nothing else is said. */
export const USUAL_DATA = `${DIRECTORY}/${USUAL_PORT}`;

/**
 * Where the broker on a port keeps its data when nothing else is said: brokers on different ports do not meet there. A port
 * that the system chooses is another one each time, so that nobody would find the data again.
 */
export function defaultData(port: number): string {
  return port === 0 ? IN_MEMORY : `${DIRECTORY}/${port}`;
}
