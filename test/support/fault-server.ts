/**
 * A server that answers as badly as a test asks it to: introspection endpoint, metadata host, or anything else.
 *
 * In: an answer for the next request, or for all of them. Out: every request as it arrived, and how many connections.
 * Never: an answer that the test did not ask for; a socket left open after `stop`.
 *
 *     const server = await startFaultServer();
 *     server.always(json({ active: true }));        // from now on
 *     server.next(status(503), reset());            // but first these two, one request each
 *     server.on('/other', redirect(302, victim.url('/')));
 */
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

export interface FaultServer {
  /** `http://127.0.0.1:port`, `https://…` with `tls`. */
  readonly origin: string;
  readonly port: number;
  readonly url: (path: string) => string;
  /** Every request since the start, or since `forget`, in order of arrival. */
  readonly requests: readonly RecordedRequest[];
  /** Connections accepted since the start, or since `forget`. */
  readonly connections: () => number;
  readonly forget: () => void;
  /** The answer to every request that nothing below claims. At first: 404. */
  readonly always: (answer: Answer) => void;
  /** The answer to every request on one path, query left out. */
  readonly on: (path: string, answer: Answer) => void;
  /** One answer for each of the next requests, whatever their path; used up before anything else. */
  readonly next: (...answers: readonly Answer[]) => void;
  /** Closes the port and every connection. Fine to call twice. */
  readonly stop: () => Promise<void>;
  /** On the same port again. */
  readonly start: () => Promise<void>;
}

export interface RecordedRequest {
  readonly method: string;
  /** With query, as it was sent. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Names and values in turn, as they were sent. */
  readonly rawHeaders: readonly string[];
  readonly body: string;
  /** Which connection it came on, counted from 1. */
  readonly connection: number;
}

export type Answer = FixedAnswer | ((request: RecordedRequest) => FixedAnswer | Promise<FixedAnswer>);

export type FixedAnswer =
  | {
      readonly kind: 'http';
      readonly status: number;
      readonly headers: Readonly<Record<string, string | readonly string[]>>;
      readonly body: string | Buffer;
      /** Before the first byte. */
      readonly delayMs: number;
      /** `null`: all at once. */
      readonly trickle: { readonly bytes: number; readonly everyMs: number } | null;
    }
  /** Bytes straight onto the connection, which is closed afterwards unless `keepOpen`. */
  | { readonly kind: 'raw'; readonly bytes: string | Buffer; readonly keepOpen: boolean }
  /** The connection is reset (RST) once the request has arrived. */
  | { readonly kind: 'reset' }
  /** Half open: the request is read and nothing ever comes. */
  | { readonly kind: 'silence' };

type HttpAnswer = Extract<FixedAnswer, { kind: 'http' }>;
type Differing = Partial<Omit<HttpAnswer, 'kind'>>;

/** 200 with a JSON body. */
export function json(value: unknown, differing: Differing = {}): HttpAnswer {
  return jsonText(JSON.stringify(value), differing);
}

/** 200 with a body that claims to be JSON. */
export function jsonText(body: string | Buffer, differing: Differing = {}): HttpAnswer {
  const { headers = {}, ...rest } = differing;
  return http({ body, headers: { 'content-type': 'application/json', ...headers }, ...rest });
}

export function http(differing: Differing = {}): HttpAnswer {
  return { kind: 'http', status: 200, headers: {}, body: '', delayMs: 0, trickle: null, ...differing };
}

export function status(code: number, differing: Differing = {}): HttpAnswer {
  return http({ status: code, ...differing });
}

export function redirect(code: 301 | 302 | 303 | 307 | 308, location: string): HttpAnswer {
  return http({ status: code, headers: { location } });
}

/** A login or maintenance page under 200. */
export function html(body = '<!doctype html><title>Sign in</title>'): HttpAnswer {
  return http({ body, headers: { 'content-type': 'text/html; charset=utf-8' } });
}

/** JSON, compressed whether or not the client asked for it. */
export function gzipped(value: unknown): HttpAnswer {
  return jsonText(gzipSync(JSON.stringify(value)), { headers: { 'content-encoding': 'gzip' } });
}

/** Valid JSON of about so many bytes, chunked: its length is not announced. */
export function huge(bytes: number, value: Readonly<Record<string, unknown>> = { active: true }): HttpAnswer {
  const body = JSON.stringify({ ...value, padding: 'x'.repeat(bytes) });
  return jsonText(body, { headers: { 'transfer-encoding': 'chunked' } });
}

export const raw = (bytes: string | Buffer, keepOpen = false): FixedAnswer => ({
  kind: 'raw',
  bytes,
  keepOpen,
});
export const reset = (): FixedAnswer => ({ kind: 'reset' });
export const silence = (): FixedAnswer => ({ kind: 'silence' });

export interface FaultServerSettings {
  /** PEM texts; left out: plain http. With `requestCert`, a certificate of `ca` is demanded. */
  readonly tls?: {
    readonly cert: string;
    readonly key: string;
    readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
    readonly ca?: string;
    readonly requestCert?: boolean;
  };
  /** 0, a free one, if left out. */
  readonly port?: number;
}

export async function startFaultServer({ tls, port = 0 }: FaultServerSettings = {}): Promise<FaultServer> {
  const requests: RecordedRequest[] = [];
  const queue: Answer[] = [];
  const byPath = new Map<string, Answer>();
  const sockets = new Map<Socket, number>();
  let fallback: Answer = status(404);
  let connections = 0;
  let ordinal = 0;
  let listeningPort = port;

  const create = (): ReturnType<typeof createPlainServer> =>
    tls === undefined ? createPlainServer(handle) : createTlsServer(tls, handle);
  let server = create();
  await start();

  const origin = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${listeningPort}`;
  return {
    origin,
    port: listeningPort,
    url: (path) => origin + path,
    requests,
    connections: () => connections,
    forget() {
      requests.length = 0;
      connections = 0;
    },
    always: (answer) => void (fallback = answer),
    on: (path, answer) => void byPath.set(path, answer),
    next: (...answers) => void queue.push(...answers),
    stop,
    start,
  };

  function start(): Promise<void> {
    if (server.listening) return Promise.resolve();
    server = create();
    server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      connections += 1;
      ordinal += 1;
      sockets.set(socket, ordinal);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    });
    // Handshakes that a client breaks off are part of the tests.
    server.on('tlsClientError', () => undefined);
    server.on('clientError', (_error, socket) => socket.destroy());
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(listeningPort, '127.0.0.1', () => {
        listeningPort = (server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  function stop(): Promise<void> {
    if (!server.listening) return Promise.resolve();
    return new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
      for (const socket of sockets.keys()) socket.destroy();
    });
  }

  function handle(incoming: IncomingMessage, response: ServerResponse): void {
    void respond(incoming, response).catch(() => incoming.socket.destroy());
  }

  async function respond(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await record(incoming, sockets.get(incoming.socket) ?? 0);
    requests.push(request);
    const answer = queue.shift() ?? byPath.get(request.path.split('?')[0] ?? '') ?? fallback;
    await play(typeof answer === 'function' ? await answer(request) : answer, response, incoming.socket);
  }
}

async function record(incoming: IncomingMessage, connection: number): Promise<RecordedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return {
    method: incoming.method ?? '',
    path: incoming.url ?? '',
    headers: incoming.headers,
    rawHeaders: incoming.rawHeaders,
    body: Buffer.concat(chunks).toString('utf8'),
    connection,
  };
}

async function play(answer: FixedAnswer, response: ServerResponse, socket: Socket): Promise<void> {
  switch (answer.kind) {
    case 'silence':
      return;
    case 'reset':
      socket.resetAndDestroy();
      return;
    case 'raw':
      socket.write(answer.bytes);
      if (!answer.keepOpen) socket.end();
      return;
    case 'http':
      return playHttp(answer, response);
  }
}

async function playHttp(answer: HttpAnswer, response: ServerResponse): Promise<void> {
  if (answer.delayMs > 0) await sleep(answer.delayMs, undefined, { ref: false });
  response.writeHead(answer.status, { ...answer.headers } as Record<string, string | string[]>);
  if (answer.trickle === null) {
    response.end(answer.body);
    return;
  }
  const { bytes, everyMs } = answer.trickle;
  const body = Buffer.from(answer.body);
  for (let at = 0; at < body.length && !response.destroyed; at += bytes) {
    response.write(body.subarray(at, at + bytes));
    await sleep(everyMs, undefined, { ref: false });
  }
  response.end();
}
