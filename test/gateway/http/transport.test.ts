import { Agent } from 'node:http';
import { connect } from 'node:net';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { milliseconds } from '../../../src/domain/index.ts';
import { ask, exchange } from './ask.ts';
import { anAllow, nginxHeaders, openDoor, type OpenedDoor } from './builders.ts';

const HEAD = 'X-Original-URI: /a\r\nX-Original-Method: GET\r\nX-Forwarded-Host: h\r\nHost: h\r\n';

function status(answer: string): number {
  return Number(/^HTTP\/1\.1 ([0-9]{3}) /.exec(answer)?.[1]);
}

describe.each(['nginx', 'envoy'] as const)('the %s door, given bytes that are no check', (profile) => {
  let opened: OpenedDoor;
  beforeAll(async () => {
    // Allows everything that gets as far as a check, so that nothing else can be the reason of a refusal.
    opened = await openDoor(() => anAllow(), { profile });
  });
  afterAll(() => opened.door.close(milliseconds(0)));

  const folded = (trueStatus: number): number => (profile === 'nginx' ? 403 : trueStatus);

  it.each([
    ['not HTTP at all', 400, 'hello\r\n\r\n'],
    ['an unknown method', 400, `FOO / HTTP/1.1\r\n${HEAD}\r\n`],
    ['a method in small letters', 400, `get / HTTP/1.1\r\n${HEAD}\r\n`],
    ['the preface of HTTP/2', 400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['an unknown version', 400, `GET / HTTP/3.0\r\n${HEAD}\r\n`],
    ['a NUL in a header', 400, `GET / HTTP/1.1\r\n${HEAD}X: a\0b\r\n\r\n`],
    ['a folded header line', 400, `GET / HTTP/1.1\r\n${HEAD}X: a\r\n b\r\n\r\n`],
    ['a space before a colon', 400, `GET / HTTP/1.1\r\n${HEAD}X : a\r\n\r\n`],
    ['two lengths', 400, `POST / HTTP/1.1\r\n${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`],
    [
      'a length and chunks',
      400,
      `POST / HTTP/1.1\r\n${HEAD}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ],
    ['bytes that are not ASCII in the target', 400, `GET /\xe9 HTTP/1.1\r\n${HEAD}\r\n`],
    [
      'a request to upgrade',
      400,
      `GET / HTTP/1.1\r\n${HEAD}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    ],
    [
      'Expect: 100-continue',
      400,
      `POST / HTTP/1.1\r\n${HEAD}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`,
    ],
    ['another expectation', 400, `GET / HTTP/1.1\r\n${HEAD}Expect: wonders\r\n\r\n`],
    ['CONNECT', 403, 'CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['200 KB of headers (R19)', 431, `GET / HTTP/1.1\r\n${HEAD}X: ${'a'.repeat(200_000)}\r\n\r\n`],
    ['a target of 200 KB', 431, `GET /${'a'.repeat(200_000)} HTTP/1.1\r\n${HEAD}\r\n`],
  ])('refuses %s', async (_what, trueStatus, bytes) => {
    const before = opened.contexts.length;
    const answer = await exchange(opened.port, bytes);
    expect(status(answer)).toBe(folded(trueStatus));
    expect(answer).toMatch(/\r\ncache-control: no-store\r\n/);
    expect(answer).toMatch(/\r\nconnection: close\r\n/);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    expect(answer).not.toContain('[');
    expect(opened.contexts).toHaveLength(before);
    expect(opened.events.at(-1)).toMatchObject({
      event: 'decided',
      context: null,
      decision: { kind: 'deny' },
    });
  });

  it('lets the whole refusal reach a peer that is still writing 5 MB of headers', async () => {
    const answer = await exchange(
      opened.port,
      `GET / HTTP/1.1\r\n${HEAD}X: ${'a'.repeat(5_000_000)}\r\n\r\n`,
    );
    expect(status(answer)).toBe(folded(431));
    expect(answer).not.toContain('ECONNRESET');
    expect(opened.decisions().at(-1)).toMatchObject({ reason: 'headers_too_large' });
  });

  it('takes 60 KiB of headers, which is what Envoy lets through', async () => {
    const headers = [...nginxHeaders(), 'X-Large', 'a'.repeat(60 * 1024)];
    expect((await ask({ port: opened.port }, { headers })).status).toBe(200);
  });

  it('shows the check every one of 5000 header lines, the last Authorization among them', async () => {
    const many = Array.from({ length: 5_000 }, () => ['a', '']).flat();
    const headers = [...nginxHeaders(), 'Authorization', 'Bearer a', ...many, 'Authorization', 'Bearer b'];
    await ask({ port: opened.port }, { headers });
    expect(opened.contexts.at(-1)!.headers.values('authorization')).toEqual(['Bearer a', 'Bearer b']);
  });

  it('never answers 2xx to bytes that are no request, and lives on (T-12)', async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'GET / HTTP/1.1',
        'HTTP/1.1 200 OK',
        '\r\n',
        '\r\n\r\n',
        'Host: h',
        ': ',
        'Upgrade: h2c',
      ),
      fc.string({ maxLength: 20 }),
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 8 }), async (pieces) => {
        const before = opened.contexts.length;
        const answer = await exchangeAndLeave(opened.port, `${pieces.join('')}\r\n\r\n`);
        if (opened.contexts.length === before) expect(answer).not.toMatch(/^HTTP\/1\.1 [12]/m);
      }),
      { numRuns: 60 },
    );
    expect((await ask({ port: opened.port }, { headers: nginxHeaders() })).status).toBe(200);
    expect(opened.events.filter(({ event }) => event === 'crashed')).toEqual([]);
  });
});

describe('an HTTP door and its connections (T-61)', () => {
  it('cuts off a peer that trickles its headers, with a refusal', async () => {
    const limits = { headers: milliseconds(60), request: milliseconds(120), interval: milliseconds(20) };
    const { door, port, decisions } = await openDoor(() => anAllow(), {}, limits);
    const answer = await exchange(port, `GET / HTTP/1.1\r\n${HEAD}X-Slow: `);
    expect(status(answer)).toBe(403);
    expect(decisions()).toMatchObject([{ reason: 'request_malformed' }]);
    await door.close(milliseconds(0));
  });

  it('closes without a word what was opened ahead and never used', async () => {
    const limits = { headers: milliseconds(60), request: milliseconds(120), interval: milliseconds(20) };
    const { door, port, events } = await openDoor(() => anAllow(), {}, limits);
    expect(await exchange(port, '')).toBe('');
    expect(events).toEqual([]);
    await door.close(milliseconds(0));
  });

  it('keeps an idle connection open far beyond the limit for a request', async () => {
    const limits = { headers: milliseconds(40), request: milliseconds(40), interval: milliseconds(10) };
    const { door, port } = await openDoor(() => anAllow(), {}, limits);
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const first = await ask({ port }, { headers: nginxHeaders(), agent });
    await new Promise((resolve) => setTimeout(resolve, 120));
    const second = await ask({ port }, { headers: nginxHeaders(), agent });
    expect(second.connection).toBe(first.connection);
    agent.destroy();
    await door.close(milliseconds(0));
  });

  it('ends a connection whose body has no end, after the answer', async () => {
    const { door, port } = await openDoor(() => anAllow());
    const received = await floodWithBody(port);
    expect(status(received)).toBe(200);
    await door.close(milliseconds(0));
  });

  it('answers two checks that came in one piece, each by its own request', async () => {
    const { door, port, contexts } = await openDoor((context) =>
      Promise.resolve(anAllow({ strays: context.path === '/b' ? ['x_y'] : [] })),
    );
    const second = HEAD.replace('/a', '/b');
    const answer = await exchange(
      port,
      `GET / HTTP/1.1\r\n${HEAD}\r\nGET / HTTP/1.1\r\n${second}Connection: close\r\n\r\n`,
    );
    expect(answer.match(/HTTP\/1\.1 [0-9]{3}/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 403']);
    expect(contexts.map(({ path }) => path)).toEqual(['/a', '/b']);
    await door.close(milliseconds(0));
  });
});

/** For bytes that may be the beginning of a request: the peer says that nothing more will come. */
function exchangeAndLeave(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let received = '';
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => (received += piece));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
    socket.end(Buffer.from(bytes, 'latin1'));
  });
}

/** Writes chunks until the other side ends it. */
function floodWithBody(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const chunk = Buffer.from(`10000\r\n${'x'.repeat(65_536)}\r\n`);
    let received = '';
    socket.setEncoding('latin1');
    socket.on('data', (piece: string) => (received += piece));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(received));
    const flood = (): void => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on('drain', flood);
    socket.write(`POST / HTTP/1.1\r\n${HEAD}Transfer-Encoding: chunked\r\n\r\n`);
    flood();
  });
}
