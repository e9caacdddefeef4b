import type { RequestContext, RouteMatch } from '../domain/index.ts';
import { byteString } from './byte-string.ts';

/** What a rule demands of a request besides host and path. */
export interface RestOfMatch {
  /** `null`: any. HEAD is among them where GET is. */
  readonly methods: ReadonlySet<string> | null;
  readonly headers: readonly Named[];
  readonly context: readonly Named[];
}

/** Byte strings, as requests carry them. */
interface Named {
  readonly name: string;
  readonly values: ReadonlySet<string>;
}

export function compileRest(match: RouteMatch): RestOfMatch {
  return {
    methods: match.methods.length === 0 ? null : withHead(match.methods),
    headers: named(match.headers, (name) => name.toLowerCase()),
    context: named(match.context, byteString),
  };
}

/** Whether the rest demands nothing, so that it fits every request. */
export function fitsAlways({ methods, headers, context }: RestOfMatch): boolean {
  return methods === null && headers.length === 0 && context.length === 0;
}

export function fits({ methods, headers, context }: RestOfMatch, request: RequestContext): boolean {
  if (methods !== null && !methods.has(request.method)) return false;
  return (
    headers.every(({ name, values }) => {
      // Exactly once: of two values, or of two joined by a gateway, the upstream may read the other one.
      const found = request.headers.values(name);
      return found.length === 1 && found[0] !== undefined && values.has(found[0]);
    }) &&
    context.every(({ name, values }) => {
      const found = request.contextExtensions.get(name);
      return found !== undefined && values.has(found);
    })
  );
}

/** Whether `wide` fits every request that `narrow` fits. */
export function coversRest(wide: RestOfMatch, narrow: RestOfMatch): boolean {
  return (
    (wide.methods === null || (narrow.methods !== null && isSubset(narrow.methods, wide.methods))) &&
    coversNamed(wide.headers, narrow.headers) &&
    coversNamed(wide.context, narrow.context)
  );
}

/** Whether some request fits both. */
export function mayBothFit(one: RestOfMatch, other: RestOfMatch): boolean {
  return (
    (one.methods === null || other.methods === null || isMeeting(one.methods, other.methods)) &&
    meetsNamed(one.headers, other.headers) &&
    meetsNamed(one.context, other.context)
  );
}

function meetsNamed(ones: readonly Named[], others: readonly Named[]): boolean {
  return ones.every(({ name, values }) =>
    others.every((other) => other.name !== name || isMeeting(values, other.values)),
  );
}

function isMeeting(ones: ReadonlySet<string>, others: ReadonlySet<string>): boolean {
  return [...ones].some((value) => others.has(value));
}

function coversNamed(wide: readonly Named[], narrow: readonly Named[]): boolean {
  return wide.every(({ name, values }) =>
    narrow.some((other) => other.name === name && isSubset(other.values, values)),
  );
}

function isSubset(narrow: ReadonlySet<string>, wide: ReadonlySet<string>): boolean {
  return [...narrow].every((value) => wide.has(value));
}

function withHead(methods: readonly string[]): ReadonlySet<string> {
  return new Set(methods.includes('GET') ? [...methods, 'HEAD'] : methods);
}

function named(
  demanded: ReadonlyMap<string, readonly string[]>,
  spell: (name: string) => string,
): readonly Named[] {
  return [...demanded].map(([name, values]) => ({
    name: spell(name),
    values: new Set(values.map(byteString)),
  }));
}
