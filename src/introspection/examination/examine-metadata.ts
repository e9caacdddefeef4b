import { URL } from 'node:url';

import { type ClientContext, isJsonObject, type JsonObject } from '../../domain/index.ts';
import type { ConnectorParts } from '../connection/connector.ts';
import type { HttpAnswer } from '../connection/exchange.ts';
import { DOCUMENT_TIMEOUT, type FetchedDocument, fetchDocument } from '../discovery/fetch-document.ts';
import { isAbsent, judge, METADATA_REQUEST, placesOf } from '../discovery/load-metadata.ts';
import { JSON_LIMITS, parseStrictJson } from '../answer/parse-strict-json.ts';
import { ASSERTION_ALGORITHMS, isSameButSlash, type ServerMetadata } from '../discovery/read-metadata.ts';
import { readTarget } from '../connection/target.ts';
import { type Notes, quoted, withoutQuery } from './finding.ts';

/**
 * Reads the metadata at every place where it may lie, and says how it deviates.
 *
 * Out: what may be used of it; `null`: nothing.
 */
export async function examineMetadata(
  client: ClientContext,
  parts: ConnectorParts,
  notes: Notes,
): Promise<ServerMetadata | null> {
  const visits = [];
  for (const url of placesOf(client)) {
    const signal = AbortSignal.timeout(DOCUMENT_TIMEOUT);
    visits.push({ url, outcome: await fetchDocument({ url, ...METADATA_REQUEST, signal }, client, parts) });
  }

  const deciding = visits.find(({ outcome }) => !isAbsent(outcome));
  for (const { url, outcome } of visits) tellVisit(url, outcome, notes);
  if (deciding === undefined) {
    notes.broken(
      'there is no document at any of these places',
      'metadataUrl: URL-OF-THE-DOCUMENT',
      'introspection: { endpoint: URL-OF-THE-INTROSPECTION-ENDPOINT }',
    );
    return null;
  }

  const document = documentIn(deciding.outcome);
  const loaded = judge(deciding.outcome, client);
  if (!loaded.ok) {
    notes.broken(loaded.failure.detail ?? loaded.failure.reason, ...adviceFor(deciding, document, client));
    return null;
  }
  const { metadata, refreshAfter } = loaded.value;
  notes.fine(`"issuer" is the configured one; read again after ${Math.round(refreshAfter / 1000)} s`);
  notes.fine(`the introspection endpoint is ${withoutQuery(metadata.introspectionEndpoint)}`);
  if (document !== null) tellDeviations(document, metadata, notes);
  for (const { url, outcome } of visits) {
    const other = documentIn(outcome)?.['introspection_endpoint'];
    if (other !== undefined && other !== document?.['introspection_endpoint'])
      notes.odd(
        `the document at ${withoutQuery(url)} names another introspection endpoint`,
        `metadataUrl: ${quoted(url)}`,
      );
  }
  return metadata;
}

interface Visit {
  readonly url: string;
  readonly outcome: FetchedDocument;
}

function tellVisit(url: string, outcome: FetchedDocument, notes: Notes): void {
  const place = withoutQuery(url);
  if (isAbsent(outcome)) notes.fact(`${place}: nothing there (404)`);
  else if (outcome.kind !== 'answered') notes.fact(`${place}: no answer`);
  else notes.fact(`${place}: status ${outcome.answer.status}${typeWords(outcome.answer)}`);
}

function typeWords({ headers }: HttpAnswer): string {
  const type = headers['content-type'];
  return typeof type === 'string' ? `, ${quoted(type)}` : ', no content type';
}

/** As far as it can be read at all, whosever it is. */
function documentIn(outcome: FetchedDocument): JsonObject | null {
  if (outcome.kind !== 'answered' || outcome.answer.status !== 200) return null;
  const { body } = outcome.answer;
  const parsed = body.kind === 'whole' ? parseStrictJson(body.bytes, JSON_LIMITS) : null;
  return parsed?.ok === true && isJsonObject(parsed.value) ? parsed.value : null;
}

function adviceFor(
  { url, outcome }: Visit,
  document: JsonObject | null,
  client: ClientContext,
): readonly string[] {
  if (document !== null) return adviceForDocument(document, url, client);
  if (outcome.kind !== 'answered') return [];
  const { status, headers } = outcome.answer;
  const location = headers['location'];
  if (status >= 300 && status < 400 && typeof location === 'string' && URL.canParse(location, url))
    return [`metadataUrl: ${quoted(new URL(location, url).href)}`];
  return [
    'metadataUrl: URL-OF-THE-DOCUMENT',
    'introspection: { endpoint: URL-OF-THE-INTROSPECTION-ENDPOINT }',
  ];
}

function adviceForDocument(document: JsonObject, url: string, client: ClientContext): readonly string[] {
  const stated = document['issuer'];
  if (stated !== client.issuer) return typeof stated === 'string' ? adviceForIssuer(stated, url, client) : [];

  const endpoint = document['introspection_endpoint'];
  if (endpoint === undefined) return ['introspection: { endpoint: URL-OF-THE-INTROSPECTION-ENDPOINT }'];
  if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) return [];
  if (!readTarget(endpoint, client).ok)
    return new URL(endpoint).protocol === 'http:'
      ? ['allowHttp: true  # tokens and secrets then travel in clear']
      : [];
  return [`endpointOrigins: [${new URL(endpoint).origin}]  # if that server may see your tokens and secrets`];
}

function adviceForIssuer(stated: string, url: string, { issuer }: ClientContext): readonly string[] {
  if (isSameButSlash(stated, issuer)) return [`issuer: ${quoted(stated)}`];
  return [`issuer: ${quoted(stated)}  # if that is who you mean\nmetadataUrl: ${quoted(url)}`];
}

function tellDeviations(document: JsonObject, metadata: ServerMetadata, notes: Notes): void {
  const { methods } = metadata.authentication;
  if (methods === null) notes.fact('it does not say how clients authenticate there');
  else notes.fact(`clients authenticate there with ${methods.map(quoted).join(', ')}`);

  const asserts = methods?.some((method) => method.endsWith('_jwt')) === true;
  const algorithms = document[ASSERTION_ALGORITHMS];
  if (asserts && algorithms === undefined)
    notes.odd(`it offers assertions, but no "${ASSERTION_ALGORITHMS}" (RFC 8414 section 2)`);
  if (Array.isArray(algorithms) && algorithms.includes('none'))
    notes.odd(`it lists "none" in "${ASSERTION_ALGORITHMS}" (RFC 8414 section 2), which is passed over`);
}
