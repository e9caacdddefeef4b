import { request } from 'node:http';

import { afterEach, describe, expect, it } from '@jest/globals';

import {
  type AdminParts,
  openAdmin,
  openHealth,
  type OperatorDoor,
  type Readiness,
} from '../../src/admin/index.ts';

const opened: OperatorDoor[] = [];
const ADDRESS = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const;

afterEach(async () => {
  await Promise.all(opened.splice(0).map((door) => door.close()));
});

async function admin(differing: Partial<AdminParts> = {}): Promise<OperatorDoor> {
  const door = await openAdmin(
    {
      metrics: async () => ({ contentType: 'text/plain; version=0.0.4', body: 'gatehouse_up 1\n' }),
      status: () => ({ generation: 'g-1' }),
      readiness: () => ({ ready: true, waitingFor: [] }),
      publicKeys: (client) => (client === 'unknown' ? null : { keys: [{ kid: client ?? 'all' }] }),
      forget: () => Promise.reject(),
      observe: () => undefined,
      ...differing,
    },
    { address: ADDRESS, tls: null, bearer: null },
  );
  opened.push(door);
  return door;
}

async function health(readiness: () => Readiness): Promise<OperatorDoor> {
  const door = await openHealth({ readiness }, { address: ADDRESS });
  opened.push(door);
  return door;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

function ask(door: OperatorDoor, path: string, method = 'GET', body?: string): Promise<Answer> {
  const { address } = door;
  if (address.kind !== 'tcp') throw new Error('not a TCP door');
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: address.port,
        path,
        method,
        agent: false,
        headers: { origin: 'https://evil.example' },
      },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => (text += piece));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
        );
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

describe('the admin door', () => {
  it.each([
    ['/livez', 'text/plain; charset=utf-8', 'alive\n'],
    ['/readyz', 'text/plain; charset=utf-8', 'ready\n'],
    ['/metrics', 'text/plain; version=0.0.4', 'gatehouse_up 1\n'],
    ['/status', 'application/json; charset=utf-8', '{\n  "generation": "g-1"\n}\n'],
    ['/jwks.json', 'application/jwk-set+json', '{\n  "keys": [\n    {\n      "kid": "all"\n    }\n  ]\n}\n'],
    [
      '/jwks.json?client=a%20b',
      'application/jwk-set+json',
      '{\n  "keys": [\n    {\n      "kid": "a b"\n    }\n  ]\n}\n',
    ],
    ['/livez?verbose', 'text/plain; charset=utf-8', 'alive\n'],
  ])('shows %s', async (path, contentType, body) => {
    const answer = await ask(await admin(), path);
    expect(answer).toMatchObject({ status: 200, body });
    expect(answer.headers).toMatchObject({ 'content-type': contentType, 'cache-control': 'no-store' });
  });

  it('answers HEAD with the headers of GET and no body', async () => {
    const answer = await ask(await admin(), '/metrics', 'HEAD');
    expect(answer).toMatchObject({ status: 200, body: '' });
    expect(answer.headers['content-length']).toBe('15');
  });

  it('answers 404 about the keys of a client that is not there', async () => {
    expect((await ask(await admin(), '/jwks.json?client=unknown')).status).toBe(404);
  });

  it.each(['/', '/LIVEZ', '/livez/', '//livez', '/%6Civez', '/status/../livez', '/debug', 'http://x/livez'])(
    'answers 404 to %s',
    async (path) => {
      expect((await ask(await admin(), path)).status).toBe(404);
    },
  );

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])(
    'answers 405 to %s and says what it takes',
    async (method) => {
      const answer = await ask(await admin(), '/status', method, method === 'OPTIONS' ? undefined : 'x');
      expect(answer.status).toBe(405);
      expect(answer.headers['allow']).toBe('GET, HEAD');
    },
  );

  it('lets no web page of another origin read it (T-63)', async () => {
    const door = await admin();
    for (const path of ['/status', '/metrics', '/nothing']) {
      const { headers } = await ask(door, path);
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(headers['x-content-type-options']).toBe('nosniff');
    }
  });

  it.each([
    ['/metrics', { metrics: () => Promise.reject(new Error('client secret')) }],
    [
      '/status',
      {
        status: () => {
          throw new Error('client secret');
        },
      },
    ],
    [
      '/readyz',
      {
        readiness: () => {
          throw new Error('client secret');
        },
      },
    ],
  ])(
    'answers 500 without a word of the exception when %s cannot be made, and lives on',
    async (path, broken) => {
      const door = await admin(broken);
      const answer = await ask(door, path);
      expect(answer.status).toBe(500);
      expect(answer.body).not.toContain('secret');
      expect((await ask(door, '/livez')).status).toBe(200);
    },
  );

  it('closes at once, a scrape that hangs included', async () => {
    const door = await admin({ metrics: () => new Promise(() => undefined) });
    const asked = ask(door, '/metrics').catch(() => 'cut off');
    await ask(door, '/livez');
    await door.close();
    expect(await asked).toBe('cut off');
  });

  it('says where it cannot listen', async () => {
    const { address } = await admin();
    const second = openAdmin(
      {
        metrics: () => Promise.reject(),
        status: () => ({}),
        readiness: () => ({ ready: true, waitingFor: [] }),
        publicKeys: () => null,
        forget: () => Promise.reject(),
        observe: () => undefined,
      },
      { address, tls: null, bearer: null },
    );
    await expect(second).rejects.toThrow(
      /^cannot listen on 127\.0\.0\.1:[0-9]+: another program listens there$/,
    );
  });
});

describe('readiness', () => {
  it.each([['admin'], ['health']])(
    'is 503 at the %s door, names what is waited for, and turns to 200',
    async (which) => {
      let state: Readiness = {
        ready: false,
        waitingFor: ['the doors', 'client "orders", which is required'],
      };
      const door = which === 'admin' ? await admin({ readiness: () => state }) : await health(() => state);
      expect(await ask(door, '/readyz')).toMatchObject({
        status: 503,
        body: 'not ready, waiting for:\n- the doors\n- client "orders", which is required\n',
      });
      expect((await ask(door, '/livez')).status).toBe(200);
      state = { ready: true, waitingFor: [] };
      expect((await ask(door, '/readyz')).status).toBe(200);
    },
  );
});

describe('the health door', () => {
  it.each(['/metrics', '/status', '/'])('answers 404 to %s (T-63)', async (path) => {
    const door = await health(() => ({ ready: true, waitingFor: [] }));
    expect((await ask(door, path)).status).toBe(404);
  });
});
