import { URL } from 'node:url';

import {
  type ClientAuthentication,
  type ClientContext,
  fail,
  isJsonObject,
  type Json,
  type JsonObject,
  type Result,
  succeed,
} from '../../domain/index.ts';
import { NOTHING_SAID, type OfferedAuthentication } from '../authentication/client-authentication.ts';
import { readTarget } from '../connection/target.ts';

/** What we use of an authorization server's metadata (RFC 8414 section 2). */
export interface ServerMetadata {
  /** The configured one where there is one (META-6). */
  readonly introspectionEndpoint: string;
  /** How a client may authenticate at an endpoint that the metadata names; nothing said of a configured one. */
  readonly authentication: OfferedAuthentication;
  /** `null` where this client has no use for it. */
  readonly tokenEndpoint: string | null;
  /** Where its keys are; `null` where this client has no use for them. */
  readonly jwksUri: string | null;
  /** What it says that it signs its answers with; `null`: nothing, or this client has no use for it. */
  readonly answerAlgorithms: readonly string[] | null;
  /** What the document should not say, or should, and we could do without; whole clauses about "the document". */
  readonly warnings: readonly string[];
}

/** What is known where no metadata was read. */
export const NO_METADATA: Omit<ServerMetadata, 'introspectionEndpoint'> = {
  authentication: NOTHING_SAID,
  tokenEndpoint: null,
  jwksUri: null,
  answerAlgorithms: null,
  warnings: [],
};

/** Whether a client cannot do without metadata, although its endpoint may be configured. */
export function needsMetadata(client: ClientContext): boolean {
  return client.introspection.endpoint === null || needsTokenEndpoint(client) || needsJwksUri(client);
}

function needsJwksUri({ introspection }: ClientContext): boolean {
  return introspection.signedAnswers?.keys.kind === 'metadata';
}

function needsTokenEndpoint({ authentication }: ClientContext): boolean {
  if ('grant' in authentication) return authentication.grant.endpoint === null;
  return 'assertion' in authentication && authentication.assertion.audience === 'token_endpoint';
}

/**
 * Reads a metadata document for one client (META-4 to META-11).
 *
 * In: parsed JSON. Out: what we use of it, or why nothing of it is used.
 * Never: anything from a document whose issuer is not byte for byte ours; an endpoint of an origin nobody consented to.
 */
export function readMetadata(published: Json, client: ClientContext): Result<ServerMetadata, string> {
  if (!isJsonObject(published)) return fail('the document is not a JSON object');
  const wrongIssuer = issuerProblem(published['issuer'], client.issuer);
  if (wrongIssuer !== null) return fail(wrongIssuer);
  // Not the issuer, which settings cannot override; what else they put in is held to the same rules.
  const document = overridden(published, client.metadataOverrides);

  try {
    const configured = client.introspection.endpoint;
    const tokenEndpoint = needsTokenEndpoint(client) ? endpoint(document, 'token_endpoint', client) : null;
    const rest = { tokenEndpoint, ...answerMembers(document, client) };
    const grantMethods = grantMethodsOf(document, client);
    if (configured !== null) {
      const authentication = { ...NOTHING_SAID, ...grantMethods };
      return succeed({ introspectionEndpoint: configured, authentication, ...rest, warnings: [] });
    }
    const algorithms = texts(document, ASSERTION_ALGORITHMS);
    return succeed({
      introspectionEndpoint: endpoint(aliased(document, client), 'introspection_endpoint', client),
      authentication: {
        methods: texts(document, 'introspection_endpoint_auth_methods_supported'),
        algorithms: algorithms?.filter((algorithm) => algorithm !== 'none') ?? null,
        ...grantMethods,
      },
      ...rest,
      warnings: warningsAbout(algorithms, client),
    });
  } catch (error) {
    if (error instanceof WrongMember) return fail(error.message);
    throw error;
  }
}

/** Of the token endpoint, where it is the one of the document that our tokens come from. */
function grantMethodsOf(
  document: JsonObject,
  { authentication }: ClientContext,
): Pick<OfferedAuthentication, 'grantMethods'> {
  if (!('grant' in authentication) || authentication.grant.endpoint !== null) return {};
  const grantMethods = texts(document, 'token_endpoint_auth_methods_supported');
  return grantMethods === null ? {} : { grantMethods };
}

function overridden(published: JsonObject, overrides: JsonObject | undefined): JsonObject {
  if (overrides === undefined) return published;
  // As the reader makes objects: with no prototype whose members could be taken for the document's.
  return { __proto__: null, ...published, ...overrides };
}

export const ASSERTION_ALGORITHMS = 'introspection_endpoint_auth_signing_alg_values_supported';

/** RFC 8414 section 2: with assertions there must be a list, and `none` must not be in it (META-9). */
function warningsAbout(
  algorithms: readonly string[] | null,
  { authentication }: ClientContext,
): readonly string[] {
  if (algorithms === null)
    return 'assertion' in authentication
      ? [
          `the document lists no "${ASSERTION_ALGORITHMS}", so the algorithm is the one of our settings or key`,
        ]
      : [];
  return algorithms.includes('none')
    ? [`the document lists "none" in "${ASSERTION_ALGORITHMS}", which is passed over`]
    : [];
}

/** What signed answers are checked with (RFC 9701 section 7, META-10). */
function answerMembers(
  document: JsonObject,
  client: ClientContext,
): Pick<ServerMetadata, 'jwksUri' | 'answerAlgorithms'> {
  if (client.introspection.signedAnswers === null) return { jwksUri: null, answerAlgorithms: null };
  return {
    jwksUri: needsJwksUri(client) ? endpoint(document, 'jwks_uri', client) : null,
    answerAlgorithms: texts(document, 'introspection_signing_alg_values_supported'),
  };
}

/** With mutual TLS the aliases come first, one by one (RFC 8705 section 5, META-11). */
function aliased(document: JsonObject, { authentication }: ClientContext): JsonObject {
  const aliases = document['mtls_endpoint_aliases'];
  if (!WITH_CERTIFICATE.has(authentication.method) || aliases === undefined) return document;
  if (!isJsonObject(aliases)) throw new WrongMember('"mtls_endpoint_aliases" is not an object');
  return aliases['introspection_endpoint'] === undefined ? document : aliases;
}

const WITH_CERTIFICATE: ReadonlySet<ClientAuthentication['method']> = new Set([
  'automatic_tls',
  'tls_client_auth',
  'self_signed_tls_client_auth',
]);

/** A member that we use and cannot; caught above, never seen outside. */
class WrongMember extends Error {}

function endpoint(document: JsonObject, name: string, client: ClientContext): string {
  const value = document[name];
  if (value === undefined) {
    const advice = ADVICE.get(name) ?? '';
    throw new WrongMember(`the document names no "${name}"${advice}`);
  }
  if (typeof value !== 'string') throw new WrongMember(`"${name}" is not a string`);
  const target = readTarget(value, client);
  if (!target.ok) throw new WrongMember(`"${name}" is refused: ${target.failure}`);
  if (!trustedOrigins(client).has(target.value.origin)) {
    throw new WrongMember(
      `"${name}" is on another origin than the issuer; list that origin in \`endpointOrigins\` if it is right`,
    );
  }
  return value;
}

const ADVICE: ReadonlyMap<string, string> = new Map([
  ['introspection_endpoint', '; set `introspection.endpoint`'],
  ['jwks_uri', '; set `introspection.jwt.jwksUri` or `introspection.jwt.keys`'],
]);

/** RFC 8414 section 3.3: identical, code point by code point (META-4). */
function issuerProblem(stated: Json | undefined, configured: string | null): string | null {
  if (typeof stated !== 'string') return 'the document has no "issuer"';
  if (stated === configured) return null;
  return isSameButSlash(stated, configured)
    ? '"issuer" differs from the one configured in its final slash'
    : '"issuer" is not the one configured';
}

/** The final slash alone is a slip; another name may be the one seen from outside, or somebody else's. */
export function isSameButSlash(stated: string, configured: string | null): boolean {
  const bare = (issuer: string | null): string => (issuer ?? '').replace(/\/$/, '');
  return bare(stated) === bare(configured);
}

function trustedOrigins({ issuer, metadataUrl, endpointOrigins }: ClientContext): ReadonlySet<string> {
  const sources = [issuer, metadataUrl, ...endpointOrigins];
  return new Set(sources.filter((source) => source !== null).map((source) => new URL(source).origin));
}

/** `null`: not said. */
function texts(document: JsonObject, name: string): readonly string[] | null {
  const value = document[name];
  if (value === undefined) return null;
  const items: readonly Json[] = Array.isArray(value) ? value : [null];
  if (!items.every((item) => typeof item === 'string'))
    throw new WrongMember(`"${name}" is not an array of strings`);
  return items;
}
