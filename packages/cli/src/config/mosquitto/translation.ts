import { formatPath, formatPlace, type Place, type SettingPath } from '../place.ts';
import type { Draft } from './draft.ts';

/** What stands in a file, or below one of its listeners: by option. */
export type Values = ReadonlyMap<string, { value: unknown; place: Place }>;

/** What all who translate a mosquitto.conf share: the lines, where each setting comes from, what is wrong. */
export class Translation {
  readonly draft: Draft;
  readonly #places: Map<string, Place>;

  /** @param places Gets the place in the file of each setting that has one. */
  constructor(draft: Draft, places: Map<string, Place>) {
    this.draft = draft;
    this.#places = places;
  }

  /** What the lines before the first listener say. */
  get values(): Values {
    return this.draft.values;
  }

  /** The lines that say what is said once for all listeners, or for each where the file wants it so. */
  sharedBy(listener: Values): Values {
    return this.draft.perListener ? listener : this.draft.values;
  }

  mark(at: SettingPath, place: Place | undefined): void {
    if (place !== undefined) this.#places.set(formatPath(at), place);
  }

  fail(place: Place, message: string): void {
    this.draft.faults.push(`${formatPlace(place)}: ${message}`);
  }
}

/** What of a client's certificate names its user; undefined: nothing. */
export function identityOf(values: Values): 'cn' | 'subject' | undefined {
  if (values.get('use_identity_as_username')?.value === true) return 'cn';
  return values.get('use_subject_as_username')?.value === true ? 'subject' : undefined;
}

/** Whether a client's certificate names its user. */
export function usesCertificates(values: Values): boolean {
  return identityOf(values) !== undefined;
}
