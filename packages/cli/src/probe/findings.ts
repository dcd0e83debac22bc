/** What was found out about one thing. */
export interface Finding {
  /** What it is about: `QoS 2`. */
  readonly name: string;
  /** `yes` it can, `no` it cannot, `told` a value that is no judgement, `odd` not as the standard has it. */
  readonly verdict: 'yes' | 'no' | 'told' | 'odd';
  readonly value: string;
}

/** Findings that belong together. */
export interface Section {
  readonly title: string;
  readonly findings: readonly Finding[];
}

/** Everything that a probe found out. */
export interface ProbeReport {
  readonly server: string;
  readonly sections: readonly Section[];
}

export function told(name: string, value: string | number): Finding {
  return { name, verdict: 'told', value: String(value) };
}

/** @param isThere Whether the server can do it; undefined: it gave no answer. */
export function capability(name: string, isThere: boolean | undefined, remark = ''): Finding {
  const value = isThere === undefined ? 'no answer' : isThere ? 'yes' : 'no';
  return { name, verdict: isThere === true ? 'yes' : 'no', value: remark === '' ? value : `${value}, ${remark}` };
}

/** @param isKept Whether the server does as the standard says; the statement's number says where. */
export function rule(name: string, isKept: boolean | undefined, statement: string): Finding {
  if (isKept === undefined) return { name, verdict: 'no', value: 'no answer' };
  return { name, verdict: isKept ? 'yes' : 'odd', value: isKept ? 'yes' : `no, against ${statement}` };
}
