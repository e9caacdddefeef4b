import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { bytes, milliseconds, seconds, Secret } from '../../src/domain/index.ts';
import {
  type Answer,
  type FaultServer,
  gzipped,
  html,
  http,
  huge,
  json,
  jsonText,
  raw,
  redirect,
  reset,
  silence,
  startFaultServer,
  status,
} from '../support/fault-server.ts';
import { freePort } from '../support/processes.ts';
import { aClientOf, openScene, outcomeOf, type Scene } from './scene.ts';

const ACTIVE = { active: true, sub: 'alice', scope: 'read' };

let server: FaultServer;
let scene: Scene;

beforeAll(async () => {
  server = await startFaultServer();
});
afterAll(() => server.stop());
beforeEach(() => {
  scene = openScene();
  server.forget();
  server.always(json(ACTIVE));
});
afterEach(() => scene.introspector.close());

/** A connection is free again a turn of the loop after its answer. */
const turn = () => new Promise(setImmediate);

const clientHere = (differing: Parameters<typeof aClientOf>[1] = {}) =>
  aClientOf(server.url('/introspect?tenant=1'), differing);

/** Asks once under a short budget and gives the outcome's word. */
async function askUnder(answer: Answer, introspection: { timeout?: number; maxAnswer?: number } = {}) {
  server.always(answer);
  const { timeout = 5_000, maxAnswer = 65_536 } = introspection;
  const client = clientHere({
    introspection: { timeout: milliseconds(timeout), maxAnswer: bytes(maxAnswer) },
  });
  return scene.ask(client);
}

describe('the request', () => {
  it('is a POST of one form-encoded token with Basic credentials (INT-1, INT-5, INT-8)', async () => {
    await scene.ask(clientHere());
    const [request] = server.requests;
    expect(request).toMatchObject({
      method: 'POST',
      path: '/introspect?tenant=1',
      body: 'token=token-1',
      headers: {
        accept: 'application/json',
        'accept-encoding': 'identity',
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from('gateway:s3cret').toString('base64')}`,
      },
    });
    expect(request?.headers['content-length']).toBe('13');
  });

  it('carries the token byte for byte (INT-2)', async () => {
    const token = 'a+b/c==~._-';
    await scene.ask(clientHere(), token);
    const body = server.requests[0]?.body ?? '';
    expect(body).not.toContain('+');
    expect(new URLSearchParams(body).getAll('token')).toEqual([token]);
  });

  it('carries hint and parameters only where they are set (INT-3, INT-9)', async () => {
    const params = new Map([['resource', ['https://api.example', 'https://other.example']]]);
    await scene.ask(clientHere({ introspection: { tokenTypeHint: 'access_token', params } }));
    expect([...new URLSearchParams(server.requests[0]?.body)]).toEqual([
      ['token', 'token-1'],
      ['token_type_hint', 'access_token'],
      ['resource', 'https://api.example'],
      ['resource', 'https://other.example'],
    ]);
  });

  it('carries the token under another name, and further headers, where they are set', async () => {
    const headers = new Map([
      ['x-api-key', new Secret('canary-8431')],
      ['user-agent', new Secret('other')],
      ['content-length', new Secret('1')],
    ]);
    await scene.ask(clientHere({ introspection: { tokenParameter: 'access token', headers } }));
    const [request] = server.requests;
    expect(request?.body).toBe('access+token=token-1');
    expect(request?.headers).toMatchObject({
      'x-api-key': 'canary-8431',
      'user-agent': 'other',
      'content-length': '20',
    });
    expect(request?.rawHeaders.filter((name) => /^user-agent$/i.test(name))).toHaveLength(1);
    expect(JSON.stringify([scene.events, scene.introspector.status()])).not.toContain('8431');
  });

  it('carries credentials in the body alone with client_secret_post (INT-6)', async () => {
    const authentication = { method: 'client_secret_post', secret: new Secret('p@ss w%rd') } as const;
    await scene.ask(clientHere({ authentication }));
    expect(server.requests[0]?.headers['authorization']).toBeUndefined();
    expect([...new URLSearchParams(server.requests[0]?.body)]).toEqual([
      ['token', 'token-1'],
      ['client_id', 'gateway'],
      ['client_secret', 'p@ss w%rd'],
    ]);
  });

  it('is sent over a connection that is kept', async () => {
    const client = clientHere();
    await scene.ask(client);
    await turn();
    await scene.ask(client, 'token-2');
    expect(server.requests).toHaveLength(2);
    expect(server.connections()).toBe(1);
  });
});

describe('the answer', () => {
  it('is active only for the literal true, and inactive for the literal false', async () => {
    expect(outcomeOf(await askUnder(json(ACTIVE)))).toBe('active');
    expect(outcomeOf(await askUnder(json({ active: false })))).toBe('inactive');
  });

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'APPLICATION/JSON',
    'application/vnd.idp.v1+json',
    ' application/json ;x=y',
  ])('is read under content type %j (INT-15)', async (contentType) => {
    const answer = http({ body: JSON.stringify(ACTIVE), headers: { 'content-type': contentType } });
    expect(outcomeOf(await askUnder(answer))).toBe('active');
  });

  const typed = (contentType: string) =>
    http({ body: JSON.stringify(ACTIVE), headers: { 'content-type': contentType } });

  it.each<[reason: string, what: string, answer: Answer]>([
    ['introspection_content_type', 'a login page', html()],
    ['introspection_content_type', 'no content type', http({ body: JSON.stringify(ACTIVE) })],
    ['introspection_content_type', 'text', typed('text/json')],
    ['introspection_signed', 'a JWT nobody asked for', typed('application/token-introspection+jwt')],
    ['introspection_content_type', 'a type that only begins alike', typed('application/jsonx')],
    ['introspection_content_type', 'a type that only ends alike', typed('x/application/json')],
    ['introspection_compressed', 'gzip', gzipped(ACTIVE)],
    [
      'introspection_compressed',
      'an encoding of another name',
      json(ACTIVE, { headers: { 'content-encoding': 'br' } }),
    ],
    ['introspection_too_large', 'more than maxAnswer, not announced', huge(70_000)],
    ['introspection_too_large', 'more than maxAnswer, announced', jsonText(' '.repeat(70_000))],
    ['introspection_too_large', '16 MiB', huge(16 * 1024 * 1024)],
    ['introspection_unreadable', 'an empty body', jsonText('')],
    ['introspection_unreadable', 'an array', json([])],
    ['introspection_unreadable', 'null', json(null)],
    ['introspection_unreadable', 'malformed JSON', jsonText('{"active":tru')],
    ['introspection_unreadable', 'two documents', jsonText('{"active":true}{"active":true}')],
    ['introspection_unreadable', 'a byte order mark', jsonText('\ufeff{"active":true}')],
    ['introspection_unreadable', 'UTF-16', jsonText(Buffer.from('{"active":true}', 'utf16le'))],
    ['introspection_unreadable', 'no active (G3)', json({ sub: 'alice' })],
    ['introspection_unreadable', 'active as text (G3)', json({ active: 'true' })],
    ['introspection_unreadable', 'both answers (T-25)', jsonText('{"active":false,"active":true}')],
    ['introspection_unreadable', 'a polluting member (T-26)', jsonText('{"__proto__":{"active":true}}')],
    ['introspection_unreadable', 'an exp in milliseconds', json({ ...ACTIVE, exp: 1_419_356_238_000 })],
    ['introspection_unreadable', 'a scope of null (G12)', json({ ...ACTIVE, scope: null })],
    ['introspection_unreadable', 'a lone surrogate', jsonText('{"active":true,"sub":"\\ud800"}')],
    ['introspection_unreadable', '10,000 levels (T-48)', jsonText('['.repeat(10_000))],
    ['introspection_unreadable', 'no HTTP at all', raw('220 mail.example ESMTP\r\n')],
    [
      'introspection_unreadable',
      'a header section of 32 KB',
      status(200, { headers: { x: 'y'.repeat(32_768) } }),
    ],
    ['introspection_status', '201', json(ACTIVE, { status: 201 })],
    ['introspection_status', '204', status(204)],
    ['introspection_status', '206', json(ACTIVE, { status: 206 })],
    ['introspection_status', '400', json({ error: 'invalid_request' }, { status: 400 })],
    ['introspection_status', '403', json({ error: 'access_denied' }, { status: 403 })],
    ['introspection_status', '404', json(ACTIVE, { status: 404 })],
    ['introspection_status', '405', status(405)],
    ['introspection_status', '415', status(415)],
    ['credentials_refused', '401 (R18, G13)', status(401)],
    ['credentials_refused', '401 with a body that says active', json(ACTIVE, { status: 401 })],
    ['credentials_refused', '400 invalid_client', json({ error: 'invalid_client' }, { status: 400 })],
    ['credentials_refused', '403 invalid_client', json({ error: 'invalid_client' }, { status: 403 })],
    ['introspection_throttled', '429', status(429)],
    ['introspection_server_error', '500', json(ACTIVE, { status: 500 })],
    ['introspection_server_error', '503', status(503)],
    ['introspection_server_error', '500 with 16 MiB', { ...huge(16 * 1024 * 1024), status: 500 }],
    ['introspection_redirected', '304', status(304)],
    ['introspection_unreachable', 'a reset instead of an answer', reset()],
    ['introspection_unreachable', 'the end instead of an answer', raw('')],
    ['introspection_unreachable', 'the end within the head', raw('HTTP/1.1 200 OK\r\ncontent-')],
    [
      'introspection_unreachable',
      'the end before the announced length',
      raw('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"active":true}'),
    ],
    [
      'introspection_unreachable',
      'the end within a chunk',
      raw(
        'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{"active":true}',
      ),
    ],
    [
      'introspection_unreadable',
      'length and chunks together (T-50)',
      raw(
        'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\ntransfer-encoding: chunked\r\n\r\nf\r\n{"active":true}\r\n0\r\n\r\n',
      ),
    ],
  ])('is %s for %s (INT-12 to INT-16, G12)', async (reason, _what, answer) => {
    const result = await askUnder(answer);
    expect(outcomeOf(result)).toBe(reason);
    const told = scene.events.filter(({ event }) => event === 'introspected');
    expect(told).toMatchObject([{ client: 'main', outcome: reason }]);
  });

  it.each([301, 302, 303, 307, 308] as const)(
    'is a fault for a %d, and its target is never asked (INT-10, G10, T-45)',
    async (code) => {
      const target = await startFaultServer();
      target.always(json(ACTIVE));
      try {
        expect(outcomeOf(await askUnder(redirect(code, target.url('/'))))).toBe('introspection_redirected');
        expect(target.connections()).toBe(0);
        expect(server.requests).toHaveLength(1);
      } finally {
        await target.stop();
      }
    },
  );

  it.each<[string, Answer]>([
    ['half-open connection', silence()],
    ['head that comes too late', json(ACTIVE, { delayMs: 60_000 })],
    ['body that trickles (T-47)', json(ACTIVE, { trickle: { bytes: 1, everyMs: 50 } })],
    ['head that does not end', raw('HTTP/1.1 200 OK\r\nx: y', true)],
  ])('is a timeout for a %s, and the connection is dropped (INT-11)', async (_what, answer) => {
    expect(outcomeOf(await askUnder(answer, { timeout: 150 }))).toBe('introspection_timeout');
    server.always(json(ACTIVE));
    expect(outcomeOf(await scene.ask(clientHere()))).toBe('active');
  });

  it('keeps the verdict of a status whose body never ends', async () => {
    const answer = { ...json(ACTIVE, { trickle: { bytes: 1, everyMs: 50 } }), status: 503 };
    expect(outcomeOf(await askUnder(answer, { timeout: 150 }))).toBe('introspection_server_error');
  });

  it('tells how long the server asks to wait, when it gives a length (T-54, G11)', async () => {
    const wait = (code: number, value: string) => status(code, { headers: { 'retry-after': value } });
    expect(await askUnder(wait(429, '7'))).toMatchObject({ failure: { retryAfter: seconds(7) } });
    expect(await askUnder(wait(503, '120'))).toMatchObject({ failure: { retryAfter: seconds(120) } });
    expect(await askUnder(wait(503, 'Fri, 31 Dec 1999 23:59:59 GMT'))).not.toHaveProperty(
      'failure.retryAfter',
    );
    expect(await askUnder(wait(429, '-1'))).not.toHaveProperty('failure.retryAfter');
  });

  it('is read up to the very last byte that maxAnswer allows', async () => {
    const text = JSON.stringify(ACTIVE);
    expect(outcomeOf(await askUnder(jsonText(text), { maxAnswer: text.length }))).toBe('active');
    expect(outcomeOf(await askUnder(jsonText(text), { maxAnswer: text.length - 1 }))).toBe(
      'introspection_too_large',
    );
  });

  it('is the one that follows an informational one', async () => {
    const text = JSON.stringify(ACTIVE);
    const final = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
    const answer = raw(`HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n${final}`);
    expect(outcomeOf(await askUnder(answer))).toBe('active');
  });

  it('does not take bytes after an answer for the next one (T-50)', async () => {
    const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
    const inactive = `${head}content-length: 16\r\n\r\n{"active":false}`;
    const smuggled = `${head}content-length: 15\r\n\r\n{"active":true}`;
    const client = clientHere();
    server.always(raw(inactive + smuggled, true));
    expect(outcomeOf(await scene.ask(client))).not.toBe('active');
    server.always(json({ active: false }));
    expect(outcomeOf(await scene.ask(client, 'token-2'))).toBe('inactive');
  });
});

describe('the connection', () => {
  it('is introspection_unreachable when it is refused, and says so', async () => {
    const client = aClientOf(`http://127.0.0.1:${await freePort()}/`);
    expect(await scene.ask(client)).toMatchObject({
      failure: { reason: 'introspection_unreachable', detail: 'the connection was refused (ECONNREFUSED)' },
    });
  });

  it('is made to the address that the name resolves to', async () => {
    const client = aClientOf(`http://idp.test:${server.port}/introspect`);
    expect(outcomeOf(await scene.ask(client))).toBe('active');
    expect(scene.resolved).toEqual(['idp.test']);
    expect(server.requests[0]?.headers['host']).toBe(`idp.test:${server.port}`);
  });

  it('falls to the next address of the name when the first refuses', async () => {
    const several = openScene({
      resolveName: async () => [
        { address: '127.0.0.77', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    });
    expect(outcomeOf(await several.ask(aClientOf(`http://idp.test:${server.port}/`)))).toBe('active');
    await several.introspector.close();
  });

  it.each<[string, () => Promise<readonly []>]>([
    ['does not resolve', () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' }))],
    ['has no address', () => Promise.resolve([])],
  ])('is introspection_unreachable when the name %s', async (_what, resolveName) => {
    const lost = openScene({ resolveName });
    expect(await lost.ask(aClientOf('http://idp.test/'))).toMatchObject({
      failure: {
        reason: 'introspection_unreachable',
        detail: 'the host name does not resolve (ENOTFOUND)',
      },
    });
  });

  it('is not used by a question whose budget ended meanwhile, but by the next one', async () => {
    let arrive = (): void => undefined;
    const late = openScene({
      resolveName: () =>
        new Promise((resolve) => (arrive = () => resolve([{ address: '127.0.0.1', family: 4 }]))),
    });
    const client = aClientOf(server.url('/').replace('127.0.0.1', 'idp.test'), {
      limits: { concurrent: 1, queue: 1 },
      introspection: { timeout: milliseconds(100) },
    });
    expect(outcomeOf(await late.ask(client, 'late'))).toBe('introspection_timeout');
    const next = late.ask(client, 'next');
    await turn();
    arrive();
    expect(outcomeOf(await next)).toBe('active');
    expect(server.requests.map(({ body }) => body)).toEqual(['token=next']);
    expect(server.connections()).toBe(1);
    await late.introspector.close();
  });

  it('is asked once more on a new one when a kept one dies before the answer', async () => {
    const client = clientHere();
    await scene.ask(client);
    await turn();
    server.next(reset());
    expect(outcomeOf(await scene.ask(client, 'token-2'))).toBe('active');
    expect(
      server.requests.map(({ connection }) => connection - (server.requests[0]?.connection ?? 0)),
    ).toEqual([0, 0, 1]);
    expect(scene.events).toHaveLength(2);
  });

  it('is not asked again when a new one dies, nor a third time', async () => {
    const client = clientHere();
    server.next(reset());
    expect(outcomeOf(await scene.ask(client))).toBe('introspection_unreachable');
    expect(server.requests).toHaveLength(1);

    await scene.ask(client);
    await turn();
    server.next(reset(), reset());
    expect(outcomeOf(await scene.ask(client))).toBe('introspection_unreachable');
    expect(server.requests).toHaveLength(4);
  });

  it('is not asked again when the answer had begun', async () => {
    const client = clientHere();
    await scene.ask(client);
    await turn();
    server.next(raw('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{'));
    expect(outcomeOf(await scene.ask(client))).toBe('introspection_unreachable');
    expect(server.requests).toHaveLength(2);
  });

  it('survives a restart of the server between two questions', async () => {
    const client = clientHere();
    await scene.ask(client);
    await server.stop();
    expect(outcomeOf(await scene.ask(client))).toBe('introspection_unreachable');
    await server.start();
    expect(outcomeOf(await scene.ask(client))).toBe('active');
  });
});

describe('the limits of a client', () => {
  it('let `concurrent` enquiries in, `queue` wait, and refuse the next at once', async () => {
    const client = clientHere({ limits: { concurrent: 2, queue: 1 } });
    server.always(json(ACTIVE, { delayMs: 100 }));
    const outcomes = await Promise.all(['a', 'b', 'c', 'd'].map((token) => scene.ask(client, token)));
    expect(outcomes.map(outcomeOf)).toEqual(['active', 'active', 'active', 'enquiries_exhausted']);
    expect(server.connections()).toBe(2);
    expect(server.requests).toHaveLength(3);
  });

  it('answer introspection_timeout when no turn comes within the budget', async () => {
    const client = clientHere({
      limits: { concurrent: 1, queue: 1 },
      introspection: { timeout: milliseconds(200) },
    });
    server.always(silence());
    const outcomes = await Promise.all([scene.ask(client, 'a'), scene.ask(client, 'b')]);
    expect(outcomes.map(outcomeOf)).toEqual(['introspection_timeout', 'introspection_timeout']);
    expect(server.requests).toHaveLength(1);
  });

  it('answer 600 questions at 50 at a time correctly under default settings (design, section 6)', async () => {
    server.always((request) => json({ active: true, sub: new URLSearchParams(request.body).get('token') }));
    const client = clientHere();
    let next = 0;
    const wrong: string[] = [];
    const worker = async (): Promise<void> => {
      while (next < 600) {
        const token = `token-${next++}`;
        const result = await scene.ask(client, token);
        if (!result.ok || result.value.kind !== 'active' || result.value.subject !== token) wrong.push(token);
      }
    };
    await Promise.all(Array.from({ length: 50 }, worker));
    expect(wrong).toEqual([]);
    expect(server.requests).toHaveLength(600);
  });
});

describe('secrets', () => {
  it('never appear in an event, a fault or the status page (T-51, T-52, INT-23)', async () => {
    const canary = 'canary8431';
    const answers: readonly Answer[] = [
      json({ ...ACTIVE, sub: canary }),
      json({ active: canary }),
      json({ ...ACTIVE, scope: { [canary]: canary } }),
      jsonText(`{"active":true,"${canary}`),
      json({ error: 'invalid_client', error_description: canary }, { status: 401 }),
      status(500, { body: canary, headers: { 'retry-after': canary } }),
      redirect(302, `http://${canary}/`),
      html(canary),
      raw(`HTTP/1.1 ${canary}`),
      reset(),
    ];
    for (const method of ['client_secret_basic', 'client_secret_post'] as const) {
      const client = clientHere({ authentication: { method, secret: new Secret(canary) } });
      for (const answer of answers) {
        server.next(answer);
        // Another object for each answer, so that no answer suspends the next question.
        const result = await scene.ask({ ...client }, `${canary}-token`);
        if (!result.ok) expect(JSON.stringify(result.failure)).not.toContain(canary);
      }
      const question = await scene.prepare(client);
      expect(JSON.stringify(question)).not.toContain(canary);
    }
    expect(scene.events.filter(({ event }) => event === 'introspected')).toHaveLength(20);
    expect(JSON.stringify(scene.events)).not.toContain(canary);
    expect(JSON.stringify(scene.introspector.status())).not.toContain(canary);
  });
});
