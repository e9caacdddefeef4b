import type { Buffer } from 'node:buffer';

import {
  type ClientContext,
  fail,
  fault,
  type Milliseconds,
  type Result,
  succeed,
} from '../../domain/index.ts';
import type { ConnectorParts } from '../connection/connector.ts';
import type { HttpAnswer } from '../connection/exchange.ts';
import { DOCUMENT_TIMEOUT, type FetchedDocument, fetchDocument, mayPass } from './fetch-document.ts';
import { type IntrospectionFault, settingsFault } from '../answer/introspection-fault.ts';
import { isCompressed, isJson } from '../answer/media-type.ts';
import { JSON_LIMITS, parseStrictJson } from '../answer/parse-strict-json.ts';
import { readMetadata, type ServerMetadata } from './read-metadata.ts';
import { refreshAfter } from './refresh-after.ts';
import { wellKnownPlaces } from './well-known.ts';

export interface LoadedMetadata {
  readonly metadata: ServerMetadata;
  /** As it was sent. */
  readonly document: Buffer;
  /** How long the server lets it be used, within our floor and cap. */
  readonly refreshAfter: Milliseconds;
}

/**
 * Fetches and reads the metadata of a client's issuer (META-2 to META-7).
 *
 * Out: what the first place that has a document says, or a fault.
 * Never: the next place after anything but absence; a redirect; more than 256 KiB or five seconds.
 */
export async function loadMetadata(
  client: ClientContext,
  parts: ConnectorParts,
): Promise<Result<LoadedMetadata, IntrospectionFault>> {
  const signal = AbortSignal.timeout(DOCUMENT_TIMEOUT);
  for (const url of placesOf(client)) {
    const outcome = await fetchDocument({ url, ...METADATA_REQUEST, signal }, client, parts);
    if (!isAbsent(outcome)) return judge(outcome, client);
  }
  return fail(settingsFault('metadata_unavailable', ABSENT));
}

/** In the order they are tried. */
export function placesOf({ issuer, metadataUrl }: ClientContext): readonly string[] {
  if (metadataUrl !== null) return [metadataUrl];
  return issuer === null ? [] : wellKnownPlaces(issuer);
}

/** Only then is the next place tried (META-3). */
export function isAbsent(outcome: FetchedDocument): boolean {
  return outcome.kind === 'answered' && (outcome.answer.status === 404 || outcome.answer.status === 410);
}

/** What a place that is not empty has for us. */
export function judge(
  outcome: FetchedDocument,
  client: ClientContext,
): Result<LoadedMetadata, IntrospectionFault> {
  switch (outcome.kind) {
    case 'unusable':
      return fail(settingsFault('metadata_invalid', `the metadata URL is refused: ${outcome.complaint}`));
    case 'timeout':
      return fail(fault('metadata_unavailable', `no metadata within ${DOCUMENT_TIMEOUT} ms`));
    case 'failed':
      return fail(fault('metadata_unavailable', outcome.failure.detail));
    case 'answered':
      return outcome.answer.status === 200 ? read(outcome.answer, client) : fail(refused(outcome.answer));
  }
}

function refused({ status }: HttpAnswer): IntrospectionFault {
  const detail = `the metadata was answered with status ${status}`;
  if (status >= 300 && status < 400) {
    // A temporary redirect may be a maintenance page; a permanent one says that our setting is old.
    const moved = `${detail}; redirects are not followed, set \`metadataUrl\` to where it really is`;
    return status === 301 || status === 308
      ? settingsFault('metadata_unavailable', moved)
      : fault('metadata_unavailable', moved);
  }
  return mayPass(status)
    ? fault('metadata_unavailable', detail)
    : settingsFault('metadata_unavailable', detail);
}

function read(answer: HttpAnswer, client: ClientContext): Result<LoadedMetadata, IntrospectionFault> {
  const { headers, body } = answer;
  if (isCompressed(headers)) return invalid('the document is compressed although identity was asked for');
  if (!isJson(headers)) return invalid('the document is not JSON by its content type');
  if (body.kind === 'cut') {
    if (body.cause === 'too_large') return invalid(`the document is over ${LARGEST} bytes`);
    return fail(fault('metadata_unavailable', 'the document did not come to its end'));
  }
  const metadata = readDocument(body.bytes, client);
  if (!metadata.ok) return invalid(metadata.failure);
  return succeed({ metadata: metadata.value, document: body.bytes, refreshAfter: refreshAfter(headers) });
}

/** The bytes of a document, wherever they were kept meanwhile. */
export function readDocument(bytes: Buffer, client: ClientContext): Result<ServerMetadata, string> {
  const document = parseStrictJson(bytes, JSON_LIMITS);
  return document.ok
    ? readMetadata(document.value, client)
    : fail(`the document cannot be read: ${document.failure}`);
}

function invalid(detail: string): Result<never, IntrospectionFault> {
  return fail(settingsFault('metadata_invalid', detail));
}

const LARGEST = 262_144;
export const METADATA_REQUEST = { headers: ['accept', 'application/json'], largest: LARGEST };
const ABSENT =
  'no metadata document is where `issuer` or `metadataUrl` puts it (404); set `metadataUrl` or `introspection.endpoint`';
