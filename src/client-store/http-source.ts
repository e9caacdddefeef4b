import type { HttpStoreSettings } from '../domain/index.ts';
import { createAskService, type ServiceAnswer, type ServiceSettings } from './ask-service.ts';
import { freshnessOf } from './freshness.ts';
import type { RecordReader, RecordVersion } from './record-reader.ts';
import { cannotAsk, cannotUse, type Reading, type RecordSource } from './record-source.ts';

export interface HttpSource extends RecordSource<HttpVersion> {
  /** Puts new secrets and certificates in force; questions under way end as they began. */
  renew(settings: ServiceSettings): void;
  close(): Promise<void>;
}

export interface HttpVersion extends RecordVersion {
  /** As the service wrote it; `null`: it gave none that can be repeated. */
  readonly etag: string | null;
}

/** RFC 9110 section 8.8.3, of a bearable length. */
const ETAG = /^(?:W\/)?"[\x21\x23-\x7e]{0,200}"$/;
const RECORD_TYPE =
  /^\s*(?:application|text)\/(?:json|yaml|x-yaml|vnd\.yaml|[\w!#$&^.-]+\+(?:json|yaml))\s*(?:;|$)/i;

/**
 * Records that a service of the operator's answers with, one at a time.
 *
 * In: a tenant. Out: its record, or that there is none (404, 410).
 * Never: a redirect followed, more than 1 MiB, an answer that is not a record by its type, a word of the answer in
 * what we say of it.
 */
export function createHttpSource(
  { reader }: { readonly reader: RecordReader },
  settings: ServiceSettings & Pick<HttpStoreSettings, 'maxAge'>,
): HttpSource {
  let service = createAskService(settings);
  return {
    hasFamilies: false,
    read: (name, known, { signal }) => look(name, known, signal),
    renew(next) {
      void service.close();
      service = createAskService(next);
    },
    close: () => service.close(),
  };

  async function look(
    name: string,
    known: HttpVersion | null,
    signal: AbortSignal,
  ): Promise<Reading<HttpVersion>> {
    // A record that did not change may lead to secrets that did: then it is wanted whole.
    const canKeep = known !== null && known.etag !== null && (await reader.hasSameSecrets(name, known));
    const outcome = await service.ask(name, { etag: canKeep ? known.etag : null, signal });
    if (outcome.kind === 'too_large') return cannotUse('is over 1 MiB');
    if (outcome.kind === 'failed') return cannotAsk(`cannot be asked for: ${outcome.detail}`);
    const lasting = { freshFor: freshnessOf(outcome.headers, settings.maxAge) };
    if (outcome.status === 304 && canKeep) return { kind: 'unchanged', version: known, ...lasting };
    if (outcome.status === 404 || outcome.status === 410) return { kind: 'missing', ...lasting };
    if (outcome.status !== 200) return refusal(outcome.status);
    return readBody(name, outcome, known);
  }

  async function readBody(
    name: string,
    { headers, body }: ServiceAnswer,
    known: HttpVersion | null,
  ): Promise<Reading<HttpVersion>> {
    const type = headers['content-type'];
    if (typeof type !== 'string' || !RECORD_TYPE.test(type))
      return cannotUse('came with a content type that is neither JSON nor YAML');
    if (headers['content-encoding'] !== undefined)
      return cannotUse('came compressed although it was asked for as it is');
    const reading = await reader.read(name, body, known);
    if (reading.kind !== 'read' && reading.kind !== 'unchanged') return reading;
    const version = { ...reading.version, etag: etagOf(headers['etag']) };
    return { ...reading, version, freshFor: freshnessOf(headers, settings.maxAge) };
  }
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

function refusal(status: number): Reading<never> {
  if (REDIRECTS.has(status))
    return cannotAsk(`was answered with status ${status}; redirects are not followed, set \`http.url\``);
  if (status === 401 || status === 403)
    return cannotAsk(
      `was answered with status ${status}; see \`http.bearer\`, \`http.headers\` and \`http.tls\``,
    );
  return cannotAsk(`was answered with status ${status}`);
}

function etagOf(value: string | readonly string[] | undefined): string | null {
  return typeof value === 'string' && ETAG.test(value) ? value : null;
}
