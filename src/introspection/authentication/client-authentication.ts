import {
  type AssertionSettings,
  type AuthenticationMethod,
  type ClientAuthentication,
  type ClientCredentialsGrant,
  fail,
  type Result,
  succeed,
} from '../../domain/index.ts';

/** How a client authenticates, settled once: a refresh of the metadata alone never changes it. */
export interface AuthenticationChoice {
  readonly method: AuthenticationMethod;
  /** `alg` of assertions; `null` where none are made. */
  readonly algorithm: string | null;
  /** How at the token endpoint. Left out: no token is asked for there. */
  readonly grant?: SecretMethod;
}

/** The ways of a shared secret (RFC 6749 section 2.3.1). */
export type SecretMethod = 'client_secret_basic' | 'client_secret_post';

/** What a server says it takes at its introspection endpoint; `null`: not said, which means unknown (META-8, META-9). */
export interface OfferedAuthentication {
  readonly methods: readonly string[] | null;
  readonly algorithms: readonly string[] | null;
  /** Methods at its token endpoint. Left out: not said, which there means basic (RFC 8414 section 2). */
  readonly grantMethods?: readonly string[];
}

export const NOTHING_SAID: OfferedAuthentication = { methods: null, algorithms: null };

/**
 * Settles how we authenticate: what the settings name, else basic, else post, as far as the metadata allows (META-8).
 *
 * @param known what was chosen before: it stays, or the server no longer takes it.
 */
export function chooseAuthentication(
  authentication: ClientAuthentication,
  offered: OfferedAuthentication,
  known: AuthenticationChoice | null,
): Result<AuthenticationChoice, string> {
  const method = chooseMethod(known?.method ?? authentication.method, offered.methods);
  if (!method.ok) return method;
  if ('grant' in authentication) return withGrant(method.value, authentication.grant, offered, known);
  if (!('assertion' in authentication)) return succeed({ method: method.value, algorithm: null });
  const algorithm = chooseAlgorithm(authentication.assertion, offered.algorithms, known);
  return algorithm.ok ? succeed({ method: method.value, algorithm: algorithm.value }) : algorithm;
}

function withGrant(
  method: AuthenticationMethod,
  { method: named }: ClientCredentialsGrant,
  { grantMethods }: OfferedAuthentication,
  known: AuthenticationChoice | null,
): Result<AuthenticationChoice, string> {
  const settled = known?.grant ?? named;
  const wanted: readonly SecretMethod[] = settled === null ? BY_SECRET : [settled];
  const grant = grantMethods === undefined ? wanted[0] : wanted.find((word) => grantMethods.includes(word));
  if (grant !== undefined) return succeed({ method, algorithm: null, grant });
  return fail(
    `the server does not offer ${wanted.join(' or ')} at its token endpoint; ` +
      'set `auth.clientCredentials.method`, or its `endpoint` if the metadata is wrong',
  );
}

function chooseMethod(
  method: ClientAuthentication['method'],
  offered: readonly string[] | null,
): Result<AuthenticationMethod, string> {
  const wanted = candidatesFor(method);
  const chosen =
    offered === null ? wanted[0] : wanted.find((candidate) => offered.includes(nameOf(candidate)));
  if (chosen !== undefined) return succeed(chosen);
  return fail(
    `the server does not offer ${wanted.map(nameOf).join(' or ')} at its introspection endpoint; ` +
      'set `auth`, or `introspection.endpoint` if its metadata is wrong',
  );
}

function candidatesFor(method: ClientAuthentication['method']): readonly AuthenticationMethod[] {
  if (method === 'automatic') return BY_SECRET;
  return method === 'automatic_tls' ? ['tls_client_auth', 'self_signed_tls_client_auth'] : [method];
}

const BY_SECRET: readonly SecretMethod[] = ['client_secret_basic', 'client_secret_post'];

/** In metadata, where types of access tokens have their own names (RFC 8414 section 2). */
function nameOf(method: AuthenticationMethod): string {
  return method === 'bearer' ? 'Bearer' : method;
}

function chooseAlgorithm(
  { algorithms }: AssertionSettings,
  offered: readonly string[] | null,
  known: AuthenticationChoice | null,
): Result<string, string> {
  const possible = known?.algorithm == null ? algorithms : [known.algorithm];
  const chosen = offered === null ? possible[0] : possible.find((candidate) => offered.includes(candidate));
  if (chosen !== undefined) return succeed(chosen);
  return fail(
    `the server takes no assertion signed with ${possible.join(', ')} at its introspection endpoint; ` +
      'use another key or `auth.alg`, or set `introspection.endpoint` if its metadata is wrong',
  );
}
