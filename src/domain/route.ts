import type { AnswerAge } from './answer-age.ts';
import type { CredentialSettings } from './credential.ts';
import type { Requirement } from './requirement.ts';

/** One rule of the settings file, in the order of the file. Patterns are as written; `policy` compiles them. */
export interface RouteSettings {
  readonly name: string;
  readonly match: RouteMatch;
  /** When hosts and paths match but the rest does not: shut later broader rules out, or let them be tried. */
  readonly otherwise: 'deny' | 'next';
  /** Names of those that may judge the token; none: the client store decides. */
  readonly clients: readonly string[];
  /** Whether a token of which nothing tells to whom it belongs is shown to one after the other. */
  readonly tryInOrder: boolean;
  readonly mode: RouteMode;
  /** `false`: judged and reported beside the rule in force, which it never is. */
  readonly enforce: boolean;
  readonly path: PathSettings;
  /** `null`: the `Authorization` header alone, as nearly always. */
  readonly credential: CredentialSettings | null;
  /** All of them must hold. */
  readonly require: readonly Requirement[];
  readonly age: AnswerAge;
  readonly upstream: UpstreamSettings;
}

/** `public`: no token is looked at. `optional`: none is anonymous, one is judged. `deny`: 403 without a question. */
export type RouteMode = 'public' | 'optional' | 'required' | 'deny';

/** An empty list or map matches everything. */
export interface RouteMatch {
  /** Lower case; `*.example.com` covers any number of labels in its place, not `example.com` itself. */
  readonly hosts: readonly string[];
  /** Exact, `*` or `{name}` for one segment, a final `**` for the path itself and everything below it. */
  readonly paths: readonly string[];
  /** GET covers HEAD. */
  readonly methods: readonly string[];
  /** Each named header must be present exactly once with one of the values. Names in lower case. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** Each named `context_extensions` entry must have one of the values. */
  readonly context: ReadonlyMap<string, readonly string[]>;
  /** The server name of the client's TLS handshake with the gateway; in the form of `hosts`. */
  readonly serverNames: readonly string[];
  /** By namespace and name: each must be there in the metadata of the gateway's route, with one of the values. */
  readonly routeMetadata: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
  /** The same of what filters before us noted about the request. */
  readonly filterMetadata: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>>;
  /** Ranges in CIDR form, one of which must hold the client's address. */
  readonly clientAddresses: readonly string[];
  /** The principal of the client's certificate must be one of them, exactly. */
  readonly peerPrincipals: readonly string[];
}

/** How the upstream reads paths. */
export interface PathSettings extends PathLeniency {
  /** `false`: letters of ASCII are the same in either case. */
  readonly caseSensitive: boolean;
  /** Whether `/a/` is another path than `/a`. */
  readonly trailingSlash: 'same' | 'distinct';
}

/** Opaque characters that a rule lets through although upstreams may read them in two ways. */
export interface PathLeniency {
  readonly encodedSlash: 'deny' | 'allow';
  readonly semicolon: 'deny' | 'allow';
  readonly backslash: 'deny' | 'allow';
}

/** What the upstream is told about the caller. */
export interface UpstreamSettings {
  readonly headers: readonly UpstreamHeader[];
  /** Name of a header that is `true` where an `optional` rule let a request without a token pass; `null`: none. */
  readonly anonymous: string | null;
  readonly authorization: 'strip' | 'keep';
  /** Members of the answer that become Envoy dynamic metadata. */
  readonly metadata: readonly string[] | 'all' | 'none';
}

export interface UpstreamHeader {
  /** Lower case. */
  readonly name: string;
  /** Member names from the top of the answer downwards; dots are part of a name. */
  readonly claim: readonly string[];
  /** Between the items of a list. */
  readonly join: string;
}
