import { connect as connectSession, type IncomingHttpHeaders } from 'node:http2';
import { Agent } from 'node:http';
import { connect } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { type Caller, callerOf } from '../gateway/envoy/caller.ts';
import { CODECS } from '../gateway/envoy/protos.ts';
import { checkOf, field, varint } from '../gateway/envoy/wire.ts';
import { ask as askHttp } from '../gateway/http/ask.ts';
import { listenOn, type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { stopAllProcesses } from '../support/processes.ts';
import { type Outcome, outcomeOf, withToken } from './support-house-check.ts';
import { hostileChecks, hostileCredential, hostileHeader, hostilePath } from './support-house-hostile.ts';
import { clientAt, type Idp, startIdp } from './support-house-idp.ts';
import { type Asked, mayPass, readCheck, type World } from './support-house-oracle.ts';

// A real process, so that what would end it would end it, and its memory is its own.
const SCALE = process.env['GATEHOUSE_LONG'] === '1' ? 10 : 1;
const WORLD: World = { token: 'good.token-of/this+test', open: '/public', optional: '/news' };
let idp: Idp;
let gatehouse: RunningGatehouse;
let caller: Caller;
const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const allowed = { byToken: 0, open: 0, anonymous: 0 };

beforeAll(async () => {
  idp = await startIdp();
  idp.tokens.set(WORLD.token, { sub: 'alice' });
  gatehouse = await startGatehouse({
    settings: (ports) => `${listenOn(ports)}
clients: { main: ${clientAt(idp.endpoint)} }
routes:
  - { name: open, match: { paths: ["${WORLD.open}/**"] }, mode: public, upstream: { headers: { x-auth-subject: sub } } }
  - { name: optional, match: { paths: ["${WORLD.optional}/**"] }, mode: optional }
  - { name: rest }
`,
    environment: { CLIENT_SECRET: 'secret-of-the-hostile-test' },
  });
  caller = callerOf({ kind: 'tcp', host: '127.0.0.1', port: gatehouse.ports.grpc });
});

afterAll(async () => {
  caller?.close();
  agent.destroy();
  await gatehouse?.stop();
  await idp?.stop();
  await stopAllProcesses();
});

/** Fails where an allow cannot be right. An empty or contradictory answer has failed before, in `outcomeOf`. */
function judge(outcome: Outcome['kind'], asked: Asked | null): void {
  if (outcome !== 'allow') return;
  expect({ outcome, asked, mayPass: asked !== null && mayPass(asked, WORLD) }).toEqual({
    outcome,
    asked,
    mayPass: true,
  });
  if (asked === null) return;
  if (asked.credentials.some((value) => value.includes(WORLD.token))) allowed.byToken += 1;
  else if (asked.credentials.length === 0 && asked.path.startsWith(WORLD.optional)) allowed.anonymous += 1;
  else allowed.open += 1;
}

/** So many requests, fifty at a time. */
function inBatches<Item>(
  items: fc.Arbitrary<Item>,
  count: number,
  each: (item: Item) => Promise<void>,
): Promise<void> {
  const size = 50;
  const batches = fc.array(items, { minLength: size, maxLength: size, size: 'max' });
  return fc.assert(
    fc.asyncProperty(batches, async (batch) => {
      await Promise.all(batch.map(each));
    }),
    {
      numRuns: Math.ceil((count * SCALE) / size),
      endOnFailure: false,
      interruptAfterTimeLimit: 600_000,
      markInterruptAsFailure: true,
    },
  );
}

const LONG_ENOUGH = 600_000;

describe('hostile requests', () => {
  it(
    'over gRPC: 8,000 generated messages never fail a call, crash it or earn an allow (T-11, T-12, ENV-1)',
    async () => {
      await inBatches(hostileChecks(WORLD), 8_000, async (bytes) => {
        judge(outcomeOf(await caller.ask(bytes)).kind, readCheck(bytes));
      });
      // Otherwise a house that denies everything would pass.
      for (const count of Object.values(allowed)) expect(count).toBeGreaterThan(100);
    },
    LONG_ENOUGH,
  );

  it(
    'over the HTTP doors: 1,600 generated requests never get a 2xx that they do not deserve (NGX-5, T-9)',
    async () => {
      const before = allowed.byToken;
      await inBatches(httpRequests(), 1_600, async ({ door, method, path, headers }) => {
        const isNginx = door === 'nginx';
        const sent = isNginx
          ? [
              'Host',
              'gatehouse',
              'X-Original-URI',
              path,
              'X-Original-Method',
              method,
              'X-Forwarded-Host',
              'api.example.com',
              ...headers.flat(),
            ]
          : ['Host', 'api.example.com', ...headers.flat()];
        const reply = await askHttp(
          { port: gatehouse.ports[door] },
          { method: isNginx ? 'GET' : method, path: isNginx ? '/' : `/authz${path}`, headers: sent, agent },
        ).catch(() => null);
        if (reply === null) return;
        const said = headers.filter(
          ([name]) => isNginx && /^x-(original-uri|original-method|forwarded-host)$/i.test(name),
        );
        const credentials = headers
          .filter(([name]) => name.toLowerCase() === 'authorization')
          .map(([, value]) => value);
        const isAllow = reply.status >= 200 && reply.status < 300;
        // A second copy of what NGINX itself says makes the request unknown.
        judge(isAllow ? 'allow' : 'deny', said.length > 0 ? null : { method, path, credentials });
      });
      expect(allowed.byToken).toBeGreaterThan(before + 20);
    },
    LONG_ENOUGH,
  );

  it(
    'over raw connections to the HTTP doors: 400 pieces of garbage never get a 2xx',
    async () => {
      await inBatches(garbage(), 400, async ({ door, bytes }) => {
        const received = await exchange(gatehouse.ports[door], bytes);
        expect(received).not.toMatch(/^HTTP\/1\.[01] 2/m);
      });
    },
    LONG_ENOUGH,
  );

  it(
    'over raw connections to the gRPC door: garbage is dropped and the next caller is served',
    async () => {
      const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
      const junk = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes));
      await inBatches(
        fc.oneof(
          junk,
          junk.map((bytes) => Buffer.concat([preface, bytes])),
          frames().map((bytes) => Buffer.concat([preface, bytes])),
        ),
        200,
        async (bytes) => {
          // An HTTP/2 answer to garbage: settings, GOAWAY, and never a message on a stream.
          const received = await exchange(gatehouse.ports.grpc, bytes);
          expect(received).not.toContain('grpc-status');
        },
      );
      expect(outcomeOf(await caller.ask(withToken(WORLD.token))).kind).toBe('allow');
    },
    LONG_ENOUGH,
  );

  it.each<[string, Buffer, Readonly<Record<string, string>>]>([
    ['no message', Buffer.alloc(0), {}],
    ['an empty message', framed(Buffer.alloc(0)), {}],
    ['two messages', Buffer.concat([framed(OPEN()), framed(OPEN())]), {}],
    ['a length that lies', Buffer.concat([Buffer.from([0, 0, 0, 1, 0]), OPEN()]), {}],
    ['a length beyond every limit', Buffer.concat([Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), OPEN()]), {}],
    [
      'a compressed flag without compression',
      Buffer.concat([Buffer.from([1]), framed(OPEN()).subarray(1)]),
      {},
    ],
    [
      'an unknown compression',
      Buffer.concat([Buffer.from([1]), framed(OPEN()).subarray(1)]),
      { 'grpc-encoding': 'rot13' },
    ],
    [
      'a broken gzip',
      Buffer.concat([Buffer.from([1]), framed(OPEN()).subarray(1)]),
      { 'grpc-encoding': 'gzip' },
    ],
    ['another content type', framed(OPEN()), { 'content-type': 'text/html' }],
    [
      'another method of the service',
      framed(OPEN()),
      { ':path': '/envoy.service.auth.v3.Authorization/Allow' },
    ],
    ['a deadline that is no time', framed(withToken(WORLD.token)), { 'grpc-timeout': '-1x' }],
    ['a deadline that is over', framed(withToken('never-seen')), { 'grpc-timeout': '0n' }],
  ])(
    'over HTTP/2 with %s: never an empty message, never an allow from nothing',
    async (what, body, headers) => {
      const { messages, status } = await overHttp2(body, headers);
      const outcomes = messages.map((bytes) => outcomeOf(CODECS[0]!.decodeResponse(bytes)).kind);
      if (status === '0') expect({ what, answers: outcomes.length }).toEqual({ what, answers: 1 });
      const mayBeAllowed = body.includes(OPEN()) || body.includes(WORLD.token);
      if (!mayBeAllowed) expect(outcomes).not.toContain('allow');
      expect(gatehouse.process.ended()).toBeNull();
    },
  );

  it('of 200 KB of headers, 9 MiB of message and 9 MiB of body are answered below the limits of the transport (R19)', async () => {
    const statusOf = async (bytes: Buffer): Promise<number> => {
      const outcome = outcomeOf(await caller.ask(bytes));
      return outcome.kind === 'allow' ? 200 : outcome.status;
    };
    const large = 'x'.repeat(200_000);
    for (const form of ['raw', 'map'] as const)
      expect(await statusOf(withToken(WORLD.token, { headers: [['x-large', large]], form }))).toBe(431);
    expect(await statusOf(withToken(WORLD.token, { path: `/orders?${large}` }))).toBe(431);
    const many = Array.from({ length: 20_000 }, (_, index) => [`x-${index}`, ''] as const);
    expect(await statusOf(withToken(WORLD.token, { headers: many }))).toBe(431);
    const body = (bytes: number): Buffer =>
      Buffer.concat([withToken(WORLD.token), checkOf(field(11, Buffer.alloc(bytes, 120)))]);
    expect(await statusOf(body(9 * 1024 * 1024))).toBe(413);
    expect(await statusOf(body(7 * 1024 * 1024))).toBe(200);
  });

  it('leave the process as it was: nothing crashed, nothing went unhandled, memory is bounded (T-41)', async () => {
    expect(gatehouse.process.ended()).toBeNull();
    expect(gatehouse.logs().filter(({ event }) => event === 'crashed')).toEqual([]);
    expect(gatehouse.output()).not.toMatch(/unhandled|at .*\.ts:\d+/i);
    expect(await gatehouse.metric('gatehouse_crashes_total')).toBe(0);
    expect(await gatehouse.metric('gatehouse_telemetry_failures_total')).toBe(0);
    expect(await gatehouse.metric('process_resident_memory_bytes')).toBeLessThan(400 * 1024 * 1024);
    expect(outcomeOf(await caller.ask(withToken(WORLD.token))).kind).toBe('allow');
    expect(outcomeOf(await caller.ask(withToken('somebody-else'))).kind).toBe('deny');
    expect(await gatehouse.stop()).toEqual({ code: 0, signal: null });
  });
});

/** A check of the open path: what may pass without a token. */
function OPEN(): Buffer {
  return checkOf(field(2, 'GET'), field(4, '/public/a'), field(5, 'api.example.com'));
}

/** One message as gRPC has it on a stream. */
function framed(bytes: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

interface HttpRequest {
  readonly door: 'nginx' | 'envoy';
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
}

/** What node's own client agrees to send; the rest is garbage for raw connections. */
function httpRequests(): fc.Arbitrary<HttpRequest> {
  const isName = (name: string): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
  const isValue = (value: string): boolean => /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
  const isFraming = (name: string): boolean => /^(content-length|transfer-encoding|host)$/i.test(name);
  const again = fc.tuple(
    fc.constantFrom('X-Original-URI', 'x-original-method', 'X-Forwarded-Host'),
    fc.constantFrom('/public/a', 'GET', ''),
  );
  const header = fc.oneof({ weight: 8, arbitrary: hostileHeader() }, again);
  return fc
    .record({
      door: fc.constantFrom<HttpRequest['door'][]>('nginx', 'envoy'),
      method: fc.constantFrom('GET', 'GET', 'POST', 'OPTIONS', 'TRACE', 'DELETE'),
      path: hostilePath(WORLD),
      headers: fc
        .tuple(fc.array(hostileCredential(WORLD), { maxLength: 2 }), fc.array(header, { maxLength: 4 }))
        .map(([credentials, others]) => [...credentials, ...others]),
    })
    .map(({ path, headers, ...rest }) => ({
      ...rest,
      path: path.replace(/[^\x21-\x7e\x80-\xff]/g, ''),
      headers: headers.filter(([name, value]) => isName(name) && isValue(value) && !isFraming(name)),
    }));
}

interface Garbage {
  readonly door: 'nginx' | 'envoy';
  readonly bytes: Buffer;
}

/** Nothing in it may pass: no good token, no open path. */
function garbage(): fc.Arbitrary<Garbage> {
  const line = fc.constantFrom(
    ...[
      'GET /authz/orders HTTP/1.1',
      'POST /authz/orders HTTP/1.1',
      'GET /authz/orders',
      'get / http/1.1',
      'GET  / HTTP/9.9',
    ],
    ...[
      'Host: api.example.com',
      'Host: a',
      'Host:',
      'X-Original-URI: /orders',
      'X-Original-Method: GET',
      'X-Forwarded-Host: a',
    ],
    ...[
      'Content-Length: 5',
      'Content-Length: -1',
      'Content-Length: 5, 6',
      'Transfer-Encoding: chunked',
      'Transfer-Encoding: xchunked',
    ],
    ...[
      'Authorization: Bearer x',
      'Expect: 100-continue',
      'Upgrade: h2c',
      'Connection: upgrade',
      ' folded',
      'x\0y: z',
      ': empty',
      '\xff: \xfe',
    ],
    ...['', '5', 'hello', '0', 'PRI * HTTP/2.0', 'CONNECT a:1 HTTP/1.1', 'OPTIONS * HTTP/1.1'],
  );
  const lines = fc
    .tuple(fc.array(line, { maxLength: 12 }), fc.constantFrom('\r\n', '\n', '\r'))
    .map(([all, end]) => Buffer.from(`${all.join(end)}${end}${end}`, 'latin1'));
  const bytes = fc.oneof(
    { weight: 4, arbitrary: lines },
    fc.uint8Array({ maxLength: 300 }).map((all) => Buffer.from(all)),
  );
  return fc.record({ door: fc.constantFrom<Garbage['door'][]>('nginx', 'envoy'), bytes });
}

/** HTTP/2 frames whose type, flags, stream and length have nothing to do with what is in them. */
function frames(): fc.Arbitrary<Buffer> {
  const frame = fc
    .record({
      type: fc.integer({ min: 0, max: 12 }),
      flags: fc.integer({ min: 0, max: 255 }),
      stream: fc.constantFrom(0, 1, 2, 3, 2 ** 31 - 1),
      lie: fc.constantFrom(0, 0, 0, 1, 20_000),
      payload: fc.uint8Array({ maxLength: 60 }),
    })
    .map(({ type, flags, stream, lie, payload }) => {
      const head = Buffer.alloc(9);
      head.writeUIntBE(payload.length + lie, 0, 3);
      head.writeUInt8(type, 3);
      head.writeUInt8(flags, 4);
      head.writeUInt32BE(stream, 5);
      return Buffer.concat([head, payload, varint(0).subarray(1)]);
    });
  return fc.array(frame, { minLength: 1, maxLength: 6 }).map((all) => Buffer.concat(all));
}

/** Writes, hangs up, and gives what came back until the other side hung up too. */
function exchange(port: number, bytes: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.setEncoding('latin1');
    socket.setTimeout(5_000, () => socket.destroy());
    socket.on('data', (piece: string) => (received += piece));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
    socket.end(bytes);
  });
}

function overHttp2(
  body: Buffer,
  headers: Readonly<Record<string, string>>,
): Promise<{ readonly messages: readonly Buffer[]; readonly status: string }> {
  return new Promise((resolve) => {
    const session = connectSession(`http://127.0.0.1:${gatehouse.ports.grpc}`);
    session.on('error', () => undefined);
    const stream = session.request({
      ':method': 'POST',
      ':path': CODECS[0]!.path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    const pieces: Buffer[] = [];
    let status = '';
    const take = (found: IncomingHttpHeaders): void => {
      const told: unknown = found['grpc-status'];
      if (typeof told === 'string') status = told;
    };
    stream.on('response', take);
    stream.on('trailers', take);
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('error', () => undefined);
    stream.setTimeout(3_000, () => stream.close());
    stream.on('close', () => {
      session.destroy();
      resolve({ messages: unframed(Buffer.concat(pieces)), status });
    });
    stream.end(body);
  });
}

function unframed(bytes: Buffer): readonly Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + 5 <= bytes.length;) {
    const length = bytes.readUInt32BE(at + 1);
    messages.push(bytes.subarray(at + 5, at + 5 + length));
    at += 5 + length;
  }
  return messages;
}
