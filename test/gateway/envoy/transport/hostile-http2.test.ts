/**
 * What no gateway sends: both transports refuse it, without an allow, without a hang, and go on serving others.
 */
import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  constants,
  type IncomingHttpHeaders,
} from 'node:http2';
import { connect, type Socket } from 'node:net';

import { afterEach, describe, expect, it } from '@jest/globals';

import { milliseconds } from '../../../../src/domain/index.ts';
import type { GrpcDoor } from '../../../../src/gateway/envoy/index.ts';
import { anAllow } from '../builders.ts';
import { callerOf, openDoor, type OpenedDoor } from '../caller.ts';
import { checkOf, field } from '../wire.ts';

const CHECK_PATH = '/envoy.service.auth.v3.Authorization/Check';
const A_CHECK = checkOf(field(2, 'GET'), field(4, '/orders'), field(5, 'api.example.com'));
const GRPC = { ':method': 'POST', ':path': CHECK_PATH, 'content-type': 'application/grpc', te: 'trailers' };
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

const leftOpen: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of leftOpen.splice(0).reverse()) await close();
});

const portOf = (door: GrpcDoor): number => (door.address.kind === 'tcp' ? door.address.port : 0);

describe.each(['grpc-js', 'http2'] as const)('over %s', (transport) => {
  async function aDoor(): Promise<OpenedDoor> {
    const opened = await openDoor(() => anAllow(), { transport });
    leftOpen.push(() => opened.door.close(milliseconds(0)));
    return opened;
  }

  async function expectToServe({ door }: OpenedDoor): Promise<void> {
    const caller = callerOf(door.address);
    leftOpen.push(caller.close);
    expect(await caller.ask(A_CHECK)).toMatchObject({ httpResponse: 'okResponse' });
  }

  describe('a call is never an allow', () => {
    it.each<readonly [string, IncomingHttpHeaders, Buffer, object]>([
      ['without a message', GRPC, Buffer.alloc(0), { failed: true }],
      ['with a message cut short', GRPC, framed(A_CHECK).subarray(0, -1), { failed: true }],
      ['with two messages', GRPC, Buffer.concat([framed(A_CHECK), framed(A_CHECK)]), { failed: true }],
      [
        'with a compressed message',
        { ...GRPC, 'grpc-encoding': 'gzip' },
        framed(A_CHECK, 1),
        { failed: true },
      ],
      ['that announces 4 GiB', GRPC, Buffer.of(0, 0xff, 0xff, 0xff, 0xff), { failed: true }],
      [
        'of another content type',
        { ...GRPC, 'content-type': 'application/json' },
        framed(A_CHECK),
        { status: 415 },
      ],
      [
        'without a content type',
        { ':method': 'POST', ':path': CHECK_PATH },
        framed(A_CHECK),
        { status: 415 },
      ],
      ['with a timeout that is none', { ...GRPC, 'grpc-timeout': 'soon' }, framed(A_CHECK), { failed: true }],
    ])('%s', async (_what, headers, body, expected) => {
      const opened = await aDoor();
      const session = aSession(opened.door);
      expect(await callWith(session, headers, body)).toMatchObject({ ...expected, messages: 0 });
      expect(opened.contexts).toEqual([]);
      expect(await callWith(session, GRPC, framed(A_CHECK))).toMatchObject({ failed: false, messages: 1 });
    });

    // grpc-js answers any method.
    const ourOwn = transport === 'http2' ? it : it.failing;
    ourOwn('by another method than POST', async () => {
      const opened = await aDoor();
      const outcome = await callWith(aSession(opened.door), { ...GRPC, ':method': 'PUT' }, framed(A_CHECK));
      expect(outcome.messages).toBe(0);
      expect(opened.contexts).toEqual([]);
    });
  });

  it('answers a check whose bytes come one by one', async () => {
    const { door } = await aDoor();
    const stream = aSession(door).request(GRPC);
    for (const byte of framed(A_CHECK)) {
      stream.write(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    stream.end();
    expect(await outcomeOf(stream)).toMatchObject({ failed: false, messages: 1 });
  });

  it('serves others while a thousand calls are begun and given up at once (CVE-2023-44487)', async () => {
    const opened = await aDoor();
    const session = aSession(opened.door);
    await once(session, 'remoteSettings');
    for (let count = 0; count < 1_000; count += 1) {
      const stream = session.request(GRPC);
      stream.on('error', () => undefined);
      stream.close(constants.NGHTTP2_CANCEL);
    }
    await expectToServe(opened);
  });

  it('serves others while calls are begun and their messages never come', async () => {
    const opened = await aDoor();
    const session = aSession(opened.door);
    for (let count = 0; count < 200; count += 1) {
      const stream = session.request(GRPC);
      stream.on('error', () => undefined);
      stream.write(Buffer.of(0, 0));
    }
    await expectToServe(opened);
  });

  it.each<readonly [string, Buffer]>([
    ['a frame larger than was agreed on', frame(0, 0, 1, Buffer.alloc(20_000))],
    ['DATA on a stream that nobody opened', frame(0, 1, 7, Buffer.from('hello'))],
    ['HEADERS that cannot be decoded', frame(1, 5, 1, Buffer.alloc(64, 0xff))],
    ['HEADERS on stream 0', frame(1, 5, 0, Buffer.of(0x82))],
    ['a CONTINUATION that continues nothing', frame(9, 4, 1, Buffer.of(0x82))],
    ['SETTINGS of a length that they cannot have', frame(4, 0, 0, Buffer.alloc(5))],
    ['a window update of nothing', frame(8, 0, 0, Buffer.alloc(4))],
    ['PUSH_PROMISE from a client', frame(5, 4, 1, Buffer.alloc(8))],
  ])('ends a connection on which comes %s, and goes on', async (_what, bytes) => {
    const opened = await aDoor();
    const socket = await aSocket(opened.door);
    const closed = once(socket, 'close');
    socket.write(Buffer.concat([PREFACE, frame(4, 0, 0, Buffer.alloc(0)), bytes]));
    await closed;
    expect(opened.contexts).toEqual([]);
    await expectToServe(opened);
  });

  it('passes over frames of unknown types, and answers the ping after them', async () => {
    const { door } = await aDoor();
    const socket = await aSocket(door);
    const ping = Buffer.from('are-you?');
    const heard = new Promise<null>((resolve) => {
      let bytes = Buffer.alloc(0);
      socket.on('data', (chunk: Buffer) => {
        bytes = Buffer.concat([bytes, chunk]);
        if (bytes.includes(frame(6, 1, 0, ping))) resolve(null);
      });
    });
    socket.write(
      Buffer.concat([
        PREFACE,
        frame(4, 0, 0, Buffer.alloc(0)),
        frame(0xbe, 0xff, 0, Buffer.from('?')),
        frame(6, 0, 0, ping),
      ]),
    );
    await heard;
  });

  it('takes frames that are joined into one segment', async () => {
    const { door } = await aDoor();
    const session = aSession(door);
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () => callWith(session, GRPC, framed(A_CHECK))),
    );
    expect(outcomes.filter(({ failed, messages }) => !failed && messages === 1)).toHaveLength(50);
  });

  function aSession(door: GrpcDoor): ClientHttp2Session {
    const session = connectHttp2(`http://127.0.0.1:${portOf(door)}`);
    session.on('error', () => undefined);
    leftOpen.push(() => session.destroy());
    return session;
  }

  async function aSocket(door: GrpcDoor): Promise<Socket> {
    const socket = connect(portOf(door), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    leftOpen.push(() => socket.destroy());
    await once(socket, 'connect');
    return socket;
  }
});

interface CallOutcome {
  readonly status: number;
  /** Whether it ended with another status than OK, or with none. */
  readonly failed: boolean;
  readonly messages: number;
}

function callWith(
  session: ClientHttp2Session,
  headers: IncomingHttpHeaders,
  body: Buffer,
): Promise<CallOutcome> {
  const stream = session.request(headers);
  const outcome = outcomeOf(stream);
  stream.end(body);
  return outcome;
}

function outcomeOf(stream: ReturnType<ClientHttp2Session['request']>): Promise<CallOutcome> {
  return new Promise((resolve) => {
    let status = 0;
    let grpcStatus: unknown = null;
    let received = Buffer.alloc(0);
    stream.on('error', () => undefined);
    stream.on('response', (headers) => {
      status = headers[':status'] ?? 0;
      grpcStatus = headers['grpc-status'] ?? grpcStatus;
    });
    stream.on('trailers', (trailers) => (grpcStatus = trailers['grpc-status']));
    stream.on('data', (chunk: Buffer) => (received = Buffer.concat([received, chunk])));
    stream.on('close', () =>
      resolve({ status, failed: grpcStatus !== '0', messages: countMessages(received) }),
    );
  });
}

function countMessages(bytes: Buffer): number {
  let count = 0;
  for (let at = 0; at + 5 <= bytes.length; at += 5 + bytes.readUInt32BE(at + 1)) count += 1;
  return count;
}

function framed(message: Buffer, flag = 0): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}
