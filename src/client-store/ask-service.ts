import { URL } from 'node:url';
import { type Dispatcher, Pool } from 'undici';
import { codeOf, type HttpStoreSettings, type Milliseconds, milliseconds } from '../domain/index.ts';
import type { AnswerHeaders } from './freshness.ts';
import { RECORD_BYTES_MAX } from './tenant-files.ts';

export interface ServiceAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: AnswerHeaders;
  /** Of a 200; empty for every other status. */
  readonly body: Buffer;
}

export type ServiceOutcome =
  | ({ readonly kind: 'answered' } & ServiceAnswer)
  | { readonly kind: 'too_large' }
  /** A half sentence of our own words. */
  | { readonly kind: 'failed'; readonly detail: string };

export interface ServiceSettings extends Pick<HttpStoreSettings, 'url' | 'headers' | 'tls'> {
  /** For making a connection. */
  readonly timeout: Milliseconds;
  /** At most. */
  readonly connections: number;
}

export type AskService = (
  tenant: string,
  asked: { readonly etag: string | null; readonly signal: AbortSignal },
) => Promise<ServiceOutcome>;

const PLACEHOLDER = '{tenant}';
/** So that a name that moved is followed. */
const CONNECTION_LIFE = milliseconds(60_000);
/** What is skipped of an answer that nobody reads, to keep its connection. */
const SKIPPED_BYTES_MAX = 64 * 1024;

/** One GET for a tenant, over kept connections. Never rejects; ends when `signal` aborts. */
export function createAskService({ url, headers, tls, timeout, connections }: ServiceSettings): {
  readonly ask: AskService;
  close(): Promise<void>;
} {
  const { origin } = new URL(url.replace(PLACEHOLDER, 'tenant'));
  const [before = '', behind = ''] = url.slice(url.indexOf('/', 'https://'.length)).split(PLACEHOLDER);
  const own = headers.flatMap(({ name, value }) => [name, value.reveal()]);
  const pool = new Pool(origin, {
    connections,
    clientTtl: CONNECTION_LIFE,
    pipelining: 1,
    allowH2: false,
    // One look has one budget of its own.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: 16_384,
    connect: {
      timeout,
      // Said, not left out: NODE_TLS_REJECT_UNAUTHORIZED=0 must not reach the records of tenants.
      rejectUnauthorized: true,
      minVersion: tls.minVersion,
      ...(tls.ca === null ? {} : { ca: tls.ca }),
      ...(tls.certificate === undefined
        ? {}
        : { cert: tls.certificate.cert, key: tls.certificate.key.reveal() }),
    },
  });

  return {
    async ask(tenant, { etag, signal }) {
      const request: Dispatcher.RequestOptions = {
        method: 'GET',
        path: `${before}${encodeURIComponent(tenant)}${behind}`,
        headers: [...OWN_HEADERS, ...(etag === null ? [] : ['if-none-match', etag]), ...own],
        signal,
      };
      try {
        return await attempt(request).catch((error: unknown) => {
          // A connection kept from before may have been closed just when we used it.
          if (signal.aborted || !LOST.has(codeOf(error))) throw error;
          return attempt(request);
        });
      } catch (error) {
        const detail = signal.aborted ? 'it took too long' : `the connection failed (${codeOf(error)})`;
        return { kind: 'failed', detail };
      }
    },
    close: () => pool.close(),
  };

  async function attempt(request: Dispatcher.RequestOptions): Promise<ServiceOutcome> {
    return taken(await pool.request(request));
  }
}

const LOST = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

const OWN_HEADERS = [
  'accept',
  'application/json, application/yaml',
  'accept-encoding',
  'identity',
  'user-agent',
  'gatehouse',
];

async function taken({
  statusCode: status,
  headers,
  body,
}: Dispatcher.ResponseData): Promise<ServiceOutcome> {
  if (status !== 200) {
    await body.dump({ limit: SKIPPED_BYTES_MAX });
    return { kind: 'answered', status, headers, body: Buffer.alloc(0) };
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    // Leaving the loop destroys the body, and its connection with it.
    if (size > RECORD_BYTES_MAX) return { kind: 'too_large' };
    chunks.push(chunk);
  }
  return { kind: 'answered', status, headers, body: Buffer.concat(chunks) };
}
