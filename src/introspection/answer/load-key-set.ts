import { createHash } from 'node:crypto';

import {
  type ClientContext,
  fail,
  fault,
  type Fault,
  milliseconds,
  readKeySet,
  type Result,
  succeed,
  type VerificationKey,
} from '../../domain/index.ts';
import type { ConnectorParts } from '../connection/connector.ts';
import type { AnswerHeaders, HttpAnswer } from '../connection/exchange.ts';
import { DOCUMENT_TIMEOUT, fetchDocument, mayPass } from '../discovery/fetch-document.ts';
import { settingsFault } from './introspection-fault.ts';
import type { Fetched } from '../discovery/keep-fresh.ts';
import { isCompressed } from './media-type.ts';
import { JSON_LIMITS, parseStrictJson } from './parse-strict-json.ts';
import { refreshAfter } from '../discovery/refresh-after.ts';

/** The keys of a server as they were last read. */
export interface KeySet {
  readonly keys: readonly VerificationKey[];
  /** Of the document, to tell whether it changed. */
  readonly digest: string;
  /** What to ask with for a newer one only (RFC 9110 section 13.1.2); `null`: the server gave nothing. */
  readonly etag: string | null;
}

/**
 * Fetches the key set of a client's authorization server (JAT-16).
 *
 * Out: its keys, the known ones when nothing has changed, or a fault.
 * Never: a redirect; more than 512 KiB or five seconds; a set with a private key.
 */
export async function loadKeySet(
  url: string,
  known: KeySet | null,
  client: ClientContext,
  parts: ConnectorParts,
): Promise<Result<Fetched<KeySet>, Fault>> {
  const etag = known?.etag ?? null;
  const headers = [...ACCEPT, ...(etag === null ? [] : ['if-none-match', etag])];
  const signal = AbortSignal.timeout(DOCUMENT_TIMEOUT);
  const outcome = await fetchDocument({ url, headers, largest: LARGEST, signal }, client, parts);
  switch (outcome.kind) {
    case 'unusable':
      return invalid(`its URL is refused: ${outcome.complaint}`);
    case 'timeout':
      return unavailable(`no key set within ${DOCUMENT_TIMEOUT} ms`);
    case 'failed':
      return unavailable(outcome.failure.detail);
    case 'answered':
      return judge(outcome.answer, known);
  }
}

function judge(answer: HttpAnswer, known: KeySet | null): Result<Fetched<KeySet>, Fault> {
  const { status, headers } = answer;
  if (status === 304 && known !== null) return succeed({ value: known, refreshAfter: lifeOf(headers) });
  if (status === 200) return read(answer, known);
  const detail = `the key set was answered with status ${status}`;
  return mayPass(status) ? unavailable(detail) : fail(settingsFault('signing_keys_unavailable', detail));
}

function read({ headers, body }: HttpAnswer, known: KeySet | null): Result<Fetched<KeySet>, Fault> {
  if (isCompressed(headers)) return invalid('it is compressed although identity was asked for');
  if (body.kind === 'cut') {
    if (body.cause === 'too_large') return invalid(`it is over ${LARGEST} bytes`);
    return unavailable('the key set did not come to its end');
  }
  const digest = createHash('sha256').update(body.bytes).digest('base64');
  // The same object says that nothing has changed.
  if (known !== null && known.digest === digest)
    return succeed({ value: known, refreshAfter: lifeOf(headers) });
  // Servers call this many things; a document that reads as one is one.
  const document = parseStrictJson(body.bytes, JSON_LIMITS);
  if (!document.ok) return invalid(`it cannot be read: ${document.failure}`);
  const keys = readKeySet(document.value);
  if (!keys.ok) return invalid(keys.failure);
  return succeed({
    value: { keys: keys.value, digest, etag: etagOf(headers) },
    refreshAfter: lifeOf(headers),
  });
}

/** Only what is certain to go over the wire unharmed is sent back. */
function etagOf({ etag }: AnswerHeaders): string | null {
  return typeof etag === 'string' && /^(?:W\/)?"[\x21\x23-\x7e]{0,256}"$/.test(etag) ? etag : null;
}

function lifeOf(headers: AnswerHeaders) {
  return refreshAfter(headers, LONGEST);
}

function invalid(detail: string): Result<never, Fault> {
  return fail(settingsFault('signing_keys_invalid', detail));
}

function unavailable(detail: string): Result<never, Fault> {
  return fail(fault('signing_keys_unavailable', detail));
}

const LARGEST = 524_288;
/** So long a key is trusted, at most, that the server has taken back. */
const LONGEST = milliseconds(3_600_000);
const ACCEPT = ['accept', 'application/jwk-set+json, application/json'];
