import type {
  ActiveIntrospection,
  AllowDecision,
  AllowReason,
  HeaderField,
  JsonObject,
  Observe,
  RequestHeaders,
  RouteSettings,
} from '../domain/index.ts';
import { headerValue } from './header-value.ts';
import type { ManagedHeaders } from './managed-headers.ts';
import { metadataOf } from './metadata.ts';
import type { Remembered } from './remembered.ts';

/** The allows of one rule. */
export interface UpstreamAllows {
  withoutToken(reason: TokenlessReason, headers: RequestHeaders): AllowDecision;
  withToken(introspection: ActiveIntrospection, headers: RequestHeaders): AllowDecision;
}

export type TokenlessReason = Extract<AllowReason, 'public_route' | 'anonymous'>;

export interface UpstreamAllowsParts {
  /** Whether it matters which method an upstream reads. */
  readonly restrictsMethods: boolean;
  readonly managed: ManagedHeaders;
  /** Shared by all rules. */
  readonly remembered: Remembered<AllowDecision>;
  readonly observe: Observe;
}

const NO_CLAIMS: JsonObject = Object.freeze({});

/**
 * In: a rule, and an answer about a token or none. Out: an allow whose mutations are the same object for the same
 * answer object while it is remembered; strays in the request make a new decision around them. A header that could
 * not be sent is told when an allow is made.
 * Never: a managed header that is neither set nor removed.
 */
export function createUpstreamAllows(
  route: RouteSettings,
  { restrictsMethods, managed, remembered, observe }: UpstreamAllowsParts,
): UpstreamAllows {
  const authorization = route.mode === 'public' ? 'keep' : route.upstream.authorization;
  const kind = { restrictsMethods, stripsAuthorization: authorization === 'strip' };
  const removable = managed.removable(kind);
  const anonymousHeaders =
    route.upstream.anonymous === null ? [] : [{ name: route.upstream.anonymous, value: 'true' }];
  // Nearly all tokens of a rule have the same claims, so nearly all share one list.
  const removals = new Map<string, readonly string[]>();
  // Made on first use: most rules want a token.
  const tokenless = new Map<TokenlessReason, AllowDecision>();

  return {
    withoutToken: (reason, headers) => withStrays(allowWithout(reason), headers),
    withToken: (introspection, headers) => withStrays(allowOf(introspection), headers),
  };

  function allowOf(introspection: ActiveIntrospection): AllowDecision {
    const known = remembered.of(introspection, kind);
    if (known !== undefined) return known;
    const made = allow('token_accepted', introspection.claims);
    remembered.keep(introspection, kind, made);
    return made;
  }

  function allowWithout(reason: TokenlessReason): AllowDecision {
    const known = tokenless.get(reason) ?? allow(reason, NO_CLAIMS);
    tokenless.set(reason, known);
    return known;
  }

  function allow(reason: AllowReason, claims: JsonObject): AllowDecision {
    const set = reason === 'anonymous' ? anonymousHeaders : headersOf(claims);
    const metadata = metadataOf(route.upstream.metadata, claims, { rule: route.name, reason });
    const mutations = { set, remove: removedBeside(set), authorization, metadata } as const;
    return { kind: 'allow', reason, route: route.name, mutations, strays: [] };
  }

  function headersOf(claims: JsonObject): readonly HeaderField[] {
    const set: HeaderField[] = [];
    for (const header of route.upstream.headers) {
      const made = headerValue(header, claims);
      if (made.kind === 'value') set.push({ name: header.name, value: made.value });
      if (made.kind === 'dropped') {
        observe({ event: 'header_dropped', route: route.name, header: header.name });
      }
    }
    return set;
  }

  function removedBeside(set: readonly HeaderField[]): readonly string[] {
    const names = set.map(({ name }) => name);
    const key = names.join();
    const known = removals.get(key);
    if (known !== undefined) return known;
    const removed = removable.filter((name) => !names.includes(name));
    removals.set(key, removed);
    return removed;
  }

  function withStrays(decision: AllowDecision, headers: RequestHeaders): AllowDecision {
    const strays = managed.straysIn(headers, kind);
    return strays.length === 0 ? decision : { ...decision, strays };
  }
}
