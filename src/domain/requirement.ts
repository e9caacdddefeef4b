import type { Seconds } from './quantity.ts';

/** What a token must bring. Everything that is named must hold; empty lists and `null` demand nothing. */
export interface Requirement extends PlainRequirement {
  /** A token that has everything that one of these names is refused. */
  readonly deny: readonly PlainRequirement[];
}

export interface PlainRequirement {
  readonly scopes: ScopeRequirement | null;
  /** One of them must be among the token's audiences, exactly. */
  readonly audience: readonly string[];
  /** One audience must be a URL that covers the requested one: same origin, and its path or below it. */
  readonly coversUrl: boolean;
  /** The token's issuer must be one of them, exactly. */
  readonly issuer: readonly string[];
  /** `token_type` must be there and be one of them, in any case. */
  readonly tokenTypes: readonly string[];
  /** `token_use` must be there and be one of them, exactly. */
  readonly tokenUses: readonly string[];
  readonly clientIds: ClientIdRequirement;
  /** `sub` must be one of them, exactly. */
  readonly subject: readonly (string | ParameterName)[];
  readonly claims: readonly ClaimRequirement[];
  /** Each of them must be granted by one object of `authorization_details` (RFC 9396). */
  readonly authorizationDetails: readonly DetailRequirement[];
  /** One of them, exactly, must be `acr`; the preferred first, as the challenge lists them (RFC 9470). */
  readonly acr: readonly string[];
  /** `auth_time` must not be longer ago. */
  readonly maxAge: Seconds | null;
  /** An expression in CEL that must be true. */
  readonly expression: string | null;
}

/** Demands nothing: to be spread where a requirement is written. */
export const DEMANDS_NOTHING: Requirement = Object.freeze({
  scopes: null,
  audience: [],
  coversUrl: false,
  issuer: [],
  tokenTypes: [],
  tokenUses: [],
  clientIds: Object.freeze({ allowed: [], refused: [] }),
  subject: [],
  claims: [],
  authorizationDetails: [],
  acr: [],
  maxAge: null,
  expression: null,
  deny: [],
});

export interface ScopeRequirement extends ScopeCombination {
  readonly strategy: ScopeStrategy;
}

export interface ScopeCombination {
  readonly kind: 'all' | 'any';
  readonly scopes: readonly (string | ScopeCombination)[];
}

/**
 * When a scope of a token grants one that is needed: when they are equal; also when it is a part of the other in front
 * of a `.` or `:`; or when it is a pattern that fits, `*` standing for one part, at the end for all that are left.
 */
export type ScopeStrategy = 'exact' | 'hierarchical' | 'wildcard';

export interface ClientIdRequirement {
  /** `client_id` must be one of them. */
  readonly allowed: readonly string[];
  /** `client_id` must be there and be none of them. */
  readonly refused: readonly string[];
}

/** Stands for the segment of the path that the rule's `{name}` matched, decoded. */
export interface ParameterName {
  readonly param: string;
}

/** A value to compare with, of the same type: `1` is not `"1"`. */
export type ClaimValue = string | number | boolean | ParameterName;

export interface ClaimRequirement {
  /** Member names from the top of the answer downwards; dots are part of a name. */
  readonly claim: readonly string[];
  readonly test: ClaimTest;
  /** Whether the test must fail. A claim that is not there fails every test but `absent`. */
  readonly isNot: boolean;
}

export type ClaimTest =
  | { readonly kind: 'oneOf'; readonly values: readonly ClaimValue[] }
  /** The claim is a list with all, or any, of them in it. */
  | { readonly kind: 'containsAll' | 'containsAny'; readonly values: readonly ClaimValue[] }
  /** There, and not `null`. */
  | { readonly kind: 'present' | 'absent' };

/** One thing that the token must be allowed to do. Each list must be a part of the same member of one object. */
export interface DetailRequirement {
  readonly type: string;
  readonly actions: readonly string[];
  readonly locations: readonly string[];
  readonly datatypes: readonly string[];
  readonly privileges: readonly string[];
  readonly identifier: string | ParameterName | null;
  /** Further members with the value that each must have. */
  readonly fields: ReadonlyMap<string, ClaimValue>;
  /** What becomes of an object with a member that is not named here: it may be a restriction. */
  readonly otherFields: 'deny' | 'allow';
}
