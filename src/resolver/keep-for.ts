import {
  type ClientContext,
  type EpochMilliseconds,
  type Introspection,
  type Milliseconds,
  milliseconds,
} from '../domain/index.ts';

/** The longest an answer may be kept; 0 for not at all. */
export interface CacheLimits {
  readonly active: { readonly max: Milliseconds };
  readonly inactive: { readonly max: Milliseconds };
}

/** How long an answer may be remembered (RFC 7662 section 4: never beyond `exp`); 0 or less: not at all. */
export function keepFor(
  introspection: Introspection,
  now: EpochMilliseconds,
  limits: CacheLimits,
): Milliseconds {
  if (introspection.kind === 'inactive') return limits.inactive.max;

  const { expiresAt, notBefore } = introspection;
  const endsInMs = expiresAt === null ? Infinity : expiresAt * 1000 - now;
  // Active, but over by our clock: denied like an inactive token, so remembered like one.
  if (endsInMs <= 0) return limits.inactive.max;
  // Not valid yet: asked about again when it becomes so (T-35).
  const beginsInMs = notBefore === null ? 0 : notBefore * 1000 - now;
  return milliseconds(Math.min(limits.active.max, endsInMs, beginsInMs > 0 ? beginsInMs : Infinity));
}

/** A client may shorten what holds for all, and never lengthen it. */
export function limitsFor({ cache }: ClientContext, limits: CacheLimits): CacheLimits {
  if (cache === null) return limits;
  const shorter = (own: Milliseconds | null, max: Milliseconds) => milliseconds(Math.min(own ?? max, max));
  return {
    active: { max: shorter(cache.active, limits.active.max) },
    inactive: { max: shorter(cache.inactive, limits.inactive.max) },
  };
}
