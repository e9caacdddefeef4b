import { URL } from 'node:url';

import {
  type ClientContext,
  fail,
  isJsonObject,
  type Json,
  type JsonObject,
  type Result,
  succeed,
} from '../domain/index.ts';
import { readTarget } from './target.ts';

/** What we use of an authorization server's metadata (RFC 8414 section 2). */
export interface ServerMetadata {
  readonly introspectionEndpoint: string;
  /** Ways a client may authenticate there; `null`: not said, which means unknown and no default (META-8). */
  readonly authenticationMethods: readonly string[] | null;
}

/**
 * Reads a metadata document for one client (META-4 to META-8).
 *
 * In: parsed JSON. Out: what we use of it, or why nothing of it is used.
 * Never: anything from a document whose issuer is not byte for byte ours; an endpoint of an origin nobody consented to.
 */
export function readMetadata(document: Json, client: ClientContext): Result<ServerMetadata, string> {
  if (!isJsonObject(document)) return fail('the document is not a JSON object');
  const wrongIssuer = issuerProblem(document['issuer'], client.issuer);
  if (wrongIssuer !== null) return fail(wrongIssuer);

  const endpoint = document['introspection_endpoint'];
  if (endpoint === undefined) {
    return fail('the document names no "introspection_endpoint"; set `introspection.endpoint`');
  }
  if (typeof endpoint !== 'string') return fail('"introspection_endpoint" is not a string');
  const target = readTarget(endpoint, client);
  if (!target.ok) return fail(`"introspection_endpoint" is refused: ${target.failure}`);
  if (!trustedOrigins(client).has(target.value.origin)) {
    return fail(
      '"introspection_endpoint" is on another origin than the issuer; list that origin in `endpointOrigins` if it is right',
    );
  }

  const authenticationMethods = methodsOf(document);
  if (authenticationMethods === undefined) return fail(`"${METHODS}" is not an array of strings`);
  return succeed({ introspectionEndpoint: endpoint, authenticationMethods });
}

/** RFC 8414 section 3.3: identical, code point by code point (META-4). */
function issuerProblem(stated: Json | undefined, configured: string | null): string | null {
  if (typeof stated !== 'string') return 'the document has no "issuer"';
  if (stated === configured) return null;
  const bare = (issuer: string | null): string => (issuer ?? '').replace(/\/$/, '');
  return bare(stated) === bare(configured)
    ? '"issuer" differs from the one configured in its final slash'
    : '"issuer" is not the one configured';
}

function trustedOrigins({ issuer, metadataUrl, endpointOrigins }: ClientContext): ReadonlySet<string> {
  const sources = [issuer, metadataUrl, ...endpointOrigins];
  return new Set(sources.filter((source) => source !== null).map((source) => new URL(source).origin));
}

function methodsOf(document: JsonObject): readonly string[] | null | undefined {
  const methods = document[METHODS];
  if (methods === undefined) return null;
  if (!Array.isArray(methods)) return undefined;
  const items: readonly Json[] = methods;
  return items.every((item) => typeof item === 'string') ? items : undefined;
}

const METHODS = 'introspection_endpoint_auth_methods_supported';
