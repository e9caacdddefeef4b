import { fail, type Result, succeed } from '../domain/index.ts';
import { canonicalHost } from './canonical-host.ts';

/** Which hosts a rule means. Compiled patterns are compared by `key`. */
export interface HostPattern {
  readonly kind: 'any' | 'exact' | 'below';
  /** Canonical; for `below` the part behind `*.`; empty for `any`. */
  readonly name: string;
  readonly key: string;
}

export const ANY_HOST: HostPattern = Object.freeze({ kind: 'any', name: '', key: '*' });

/** Reads `api.example.com` or `*.example.com`. The failure says what would be right. */
export function parseHostPattern(text: string): Result<HostPattern, string> {
  const isWild = text.startsWith('*.');
  const written = isWild ? text.slice(2) : text;
  const name = canonicalHost(written);
  if (name === null) {
    return fail(
      'is not a host name; write a name such as api.example.com, or *.example.com for all names below it',
    );
  }
  if (/:[0-9]*$/.test(written.replace(/^\[.*\]/, ''))) {
    return fail('names a port; write the host alone, rules match it on every port');
  }
  if (isWild && name.startsWith('[')) return fail('puts *. before an address; write the address alone');
  return succeed(isWild ? { kind: 'below', name, key: `*.${name}` } : { kind: 'exact', name, key: name });
}

/** @param host canonical. */
export function matchesHost({ kind, name }: HostPattern, host: string): boolean {
  return kind === 'any' || (kind === 'exact' ? host === name : host.endsWith(`.${name}`));
}

/** Whether every host that `narrow` means is meant by `wide`, too. */
export function coversHost(wide: HostPattern, narrow: HostPattern): boolean {
  if (wide.kind === 'any' || wide.key === narrow.key) return true;
  return wide.kind === 'below' && narrow.name.endsWith(`.${wide.name}`);
}

/** Names form a tree, so two host patterns overlap only where one covers the other. */
export function overlapsHost(one: HostPattern, other: HostPattern): boolean {
  return coversHost(one, other) || coversHost(other, one);
}
