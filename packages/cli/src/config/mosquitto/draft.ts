import type { Place, SettingPath } from '../place.ts';

/** A listener as its lines have made it so far. */
export interface DraftListener {
  /** Where its `listener` line stands. */
  readonly place: Place;
  readonly values: Map<string, { value: unknown; place: Place }>;
}

/** What a mosquitto.conf has come to so far. */
export class Draft {
  /** Settings of the whole broker. */
  readonly values = new Map<string, { value: unknown; place: Place }>();
  readonly listeners: DraftListener[] = [];
  readonly notices: string[] = [];
  readonly faults: string[] = [];
  perListener = false;

  /** The listener that options now belong to; undefined before the first. */
  get current(): DraftListener | undefined {
    return this.listeners.at(-1);
  }

  begin(place: Place): DraftListener {
    const listener = { place, values: new Map() };
    this.listeners.push(listener);
    return listener;
  }
}

/** A finished setting and where it stands. */
export interface Placed {
  readonly path: SettingPath;
  readonly place: Place;
}
