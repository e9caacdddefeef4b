import {
  type ScopeCombination,
  type ScopeRequirement,
  type ScopeStrategy,
  unreachable,
} from '../../domain/index.ts';

/** Whether the scopes of a token are enough. Case-sensitive; `read` is no part of `readwrite` (RFC 6749 section 3.3, T-75). */
export type HasScopes = (granted: readonly string[]) => boolean;

export function compileScopes({ strategy, ...combination }: ScopeRequirement): HasScopes {
  return combined(combination, strategy);
}

/** Every scope that is named, each once: what a challenge lists (BEAR-18). */
export function scopesNamedBy({ scopes }: ScopeCombination): readonly string[] {
  return [
    ...new Set(scopes.flatMap((scope) => (typeof scope === 'string' ? [scope] : scopesNamedBy(scope)))),
  ];
}

function combined({ kind, scopes }: ScopeCombination, strategy: ScopeStrategy): HasScopes {
  const parts = scopes.map((scope) =>
    typeof scope === 'string' ? one(scope, strategy) : combined(scope, strategy),
  );
  switch (kind) {
    case 'all':
      return (granted) => parts.every((has) => has(granted));
    case 'any':
      return (granted) => parts.some((has) => has(granted));
    default:
      return unreachable(kind);
  }
}

function one(needed: string, strategy: ScopeStrategy): HasScopes {
  switch (strategy) {
    case 'exact':
      return (granted) => granted.includes(needed);
    case 'hierarchical': {
      // All that grant it are known here: itself, and what stands in front of each of its separators.
      const granting = new Set([needed]);
      for (const { index } of needed.matchAll(/[.:]/g)) if (index > 0) granting.add(needed.slice(0, index));
      return (granted) => granted.some((scope) => granting.has(scope));
    }
    case 'wildcard': {
      const parts = partsOf(needed);
      return (granted) => granted.some((scope) => scope === needed || fitsPattern(partsOf(scope), parts));
    }
    default:
      return unreachable(strategy);
  }
}

/** `orders:read` are `orders`, `:read`: parts with the separator in front of them, so that `a.b` is not `a:b`. */
function partsOf(scope: string): readonly string[] {
  return scope.split(/(?=[.:])/);
}

/** A star is one part that is not empty, at the end all that are left, one at least. A needed scope holds no star. */
function fitsPattern(pattern: readonly string[], needed: readonly string[]): boolean {
  if (needed.some((part) => part.includes('*'))) return false;
  const isOpen = isStar(pattern.at(-1) ?? '');
  if (isOpen ? needed.length < pattern.length : needed.length !== pattern.length) return false;
  return pattern.every((part, at) => {
    const other = needed[at] ?? '';
    if (!isStar(part)) return part === other;
    const [separator, content] = /^[.:]/.test(other) ? [other.slice(0, 1), other.slice(1)] : ['', other];
    return content !== '' && part.slice(0, -1) === separator;
  });
}

function isStar(part: string): boolean {
  return /^[.:]?\*$/.test(part);
}
