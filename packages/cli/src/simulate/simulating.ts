/** How a simulation runs, beside where to. */
export interface Simulating {
  seed: number | undefined;
  forMs: number | undefined;
  checksOnly: boolean;
}
