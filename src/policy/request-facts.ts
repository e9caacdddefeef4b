import type { RequestContext } from '../domain/index.ts';
import {
  canonicalHost,
  canonicalPath,
  otherReadings,
  parametersOf,
  type PathParameters,
  type PathPattern,
} from '../matching/index.ts';

/** What requirements may look at of a request, as some server may read it. */
export interface RequestFacts {
  /** `null` where nothing of the request is read. */
  readonly context: RequestContext | null;
  /** Canonical. */
  readonly host: string;
  /** Canonical. */
  readonly path: string;
  readonly params: PathParameters;
}

const NO_PARAMETERS: PathParameters = new Map();

/** For rules that look at the token alone. */
export const UNREAD: readonly RequestFacts[] = Object.freeze([
  { context: null, host: '', path: '', params: NO_PARAMETERS },
]);

/**
 * A request in every reading that servers may have of its path: nearly always one. What a rule demands must hold in each
 * of them, or a token for `/users/alice` would pass with a path that its upstream takes for `/users/bob`.
 *
 * In: a request that the rule was found for.
 */
export function readingsOf(
  context: RequestContext,
  { paths }: { readonly paths: readonly PathPattern[] },
): readonly RequestFacts[] {
  const host = canonicalHost(context.host);
  const path = canonicalPath(context.path);
  if (host === null || path.kind === 'malformed') throw new TypeError('a request without a rule is judged');

  const { unmerged, opaque, unresolved } = path;
  const others = opaque.length === 0 ? [] : otherReadings(unresolved).map((reading) => reading.path);
  const readings = new Set([path.path, ...[unmerged, ...others].filter((other) => other !== null)]);
  const params = parametersOf(paths, path.path) ?? NO_PARAMETERS;
  return [...readings].map((reading) => ({
    context,
    host,
    path: reading,
    // Where the rule does not cover a reading, nobody guards it, and what is known is what was matched.
    params: parametersOf(paths, reading) ?? params,
  }));
}
