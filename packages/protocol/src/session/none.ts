/**
 * The array of everybody who has nothing, so that most of what a connection could have costs an idle one nothing: whoever gets
 * something makes an array of its own. Frozen, for what one of them pushed into it would be everybody's.
 */
export const NONE = Object.freeze([]) as unknown as never[];
