/** How a recording is played, beside where to. */
export interface Playing {
  speed: number;
  loops: boolean;
  readonly mappings: (readonly [from: string, to: string])[];
}
