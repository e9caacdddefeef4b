import {
  type AssertionSettings,
  type AuthenticationMethod,
  type ClientAuthentication,
  fail,
  type Result,
  succeed,
} from '../domain/index.ts';

/** How a client authenticates, settled once: a refresh of the metadata alone never changes it. */
export interface AuthenticationChoice {
  readonly method: AuthenticationMethod;
  /** `alg` of assertions; `null` where none are made. */
  readonly algorithm: string | null;
}

/** What a server says it takes at its introspection endpoint; `null`: not said, which means unknown (META-8, META-9). */
export interface OfferedAuthentication {
  readonly methods: readonly string[] | null;
  readonly algorithms: readonly string[] | null;
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
  if (!('assertion' in authentication)) return succeed({ method: method.value, algorithm: null });
  const algorithm = chooseAlgorithm(authentication.assertion, offered.algorithms, known);
  return algorithm.ok ? succeed({ method: method.value, algorithm: algorithm.value }) : algorithm;
}

function chooseMethod(
  method: ClientAuthentication['method'],
  offered: readonly string[] | null,
): Result<AuthenticationMethod, string> {
  const wanted = candidatesFor(method);
  const chosen = offered === null ? wanted[0] : wanted.find((candidate) => offered.includes(candidate));
  if (chosen !== undefined) return succeed(chosen);
  return fail(
    `the server does not offer ${wanted.join(' or ')} at its introspection endpoint; ` +
      'set `auth`, or `introspection.endpoint` if its metadata is wrong',
  );
}

function candidatesFor(method: ClientAuthentication['method']): readonly AuthenticationMethod[] {
  if (method === 'automatic') return ['client_secret_basic', 'client_secret_post'];
  return method === 'automatic_tls' ? ['tls_client_auth', 'self_signed_tls_client_auth'] : [method];
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
