import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { AccessToken, type RequestFact, Secret, UnusableRequestError } from '../../src/domain/index.ts';
import { createFactsReader, type SentFacts } from '../../src/introspection/question/request-facts.ts';
import { aRequest } from '../support/builders.ts';
import { json, startFaultServer } from '../support/fault-server.ts';
import { aClientOf, openScene, outcomeOf } from './scene.ts';

const ENDPOINT = 'https://idp.example/introspect';
const METHOD: RequestFact = { kind: 'method' };
const HOST: RequestFact = { kind: 'host' };
const PATH: RequestFact = { kind: 'path' };
const ADDRESS: RequestFact = { kind: 'clientAddress' };
const DEVICE: RequestFact = { kind: 'header', name: 'x-device' };

type Named = readonly (readonly [string, RequestFact])[];

function readerOf(params: Named, headers: Named = []) {
  const facts = { params: new Map(params), headers: new Map(headers) };
  return createFactsReader(aClientOf(ENDPOINT, { introspection: { facts } }));
}

function read(fact: RequestFact, request: Parameters<typeof aRequest>[0] = {}): SentFacts {
  const reader = readerOf([['f', fact]], [['x-f', fact]]);
  if (reader === null) throw new Error('no facts are read');
  return reader(aRequest(request));
}

/** What the server understands: of the form, and of the header once percent-decoded; both as byte strings. */
function understood({ form, headers }: SentFacts): readonly (string | null)[] {
  const [, inForm] = /^&f=(.*)$/.exec(form) ?? [];
  const bytes = (text: string): string =>
    text.replace(/%([0-9A-F]{2})/g, (_piece, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    );
  return [
    inForm === undefined ? null : bytes(inForm.replaceAll('+', ' ')),
    headers[1] === undefined ? null : bytes(headers[1]),
  ];
}

describe('facts of a request', () => {
  it('are not even looked for where none are set', () => {
    expect(readerOf([])).toBeNull();
  });

  it.each([
    ['the method as sent', METHOD, { method: 'pAtCh' }, 'pAtCh'],
    ['the host as rules compare it', HOST, { host: 'API.Example.com.:8443' }, 'api.example.com'],
    ['the path as rules compare it', PATH, { path: '/a//b/../%6frders%2F1?x=%00' }, '/a/orders%2F1'],
    ['the address of the client', ADDRESS, { clientAddress: '192.0.2.1' }, '192.0.2.1'],
    ['a header', DEVICE, { headers: [['X-Device', 'phone']] }, 'phone'],
    [
      'every value of a header',
      DEVICE,
      {
        headers: [
          ['x-device', 'a'],
          ['x-device', 'b,c'],
        ],
      },
      'a,b,c',
    ],
    ['an empty header', DEVICE, { headers: [['x-device', '']] }, ''],
  ] as const)('are %s', (_what, fact, request, value) => {
    expect(understood(read(fact, request as never))).toEqual([value, value]);
  });

  it.each([
    ['a header that there is not', DEVICE],
    ['an address that the gateway did not tell', ADDRESS],
  ])('leave out %s, which is not the same as an empty one', (_what, fact) => {
    const absent = read(fact);
    expect([absent.form, absent.headers]).toEqual(['', []]);
    const empty = read(fact, { clientAddress: '', headers: [['x-device', '']] });
    expect([empty.form, empty.headers]).toEqual(['&f=', ['x-f', '']]);
    expect(empty.identity.equals(absent.identity)).toBe(false);
  });

  it.each([
    ['a host that is none', HOST, { host: 'a b' }],
    ['a path that is read in two ways', PATH, { path: '/%252e' }],
  ])('refuse the request for %s', (_what, fact, request) => {
    expect(() => read(fact, request)).toThrow(UnusableRequestError);
  });

  it('refuse the request when they are over 8 KiB together, and say nothing of it', () => {
    const of = (length: number): SentFacts => read(DEVICE, { headers: [['x-device', 'v'.repeat(length)]] });
    // Twice: in the form and in a header.
    expect(of(4_096).form).toHaveLength(4_099);
    expect(() => of(4_097)).toThrow(
      new UnusableRequestError('What `introspection.facts` sends along is over 8192 bytes.'),
    );
  });

  const bytes = fc.string({
    unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
  });

  it('go on the wire as visible ASCII that ends no line, and arrive as the bytes they were', () => {
    fc.assert(
      fc.property(bytes, (value) => {
        const sent = read(DEVICE, { headers: [['x-device', value]] });
        expect(sent.form).toMatch(/^&f=[\w.~*+%-]*$/);
        expect(sent.headers[1]).toMatch(/^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/);
        expect(understood(sent)).toEqual([value, value]);
      }),
    );
  });

  it('are the same to the cache exactly when they are the same on the wire (decision 3)', () => {
    const device = fc.option(fc.array(fc.constantFrom('', 'a', 'a,a', ' a', 'é', '%'), { maxLength: 2 }));
    const request = fc.record({
      method: fc.constantFrom('GET', 'get', ''),
      host: fc.constantFrom('a.example', 'A.example:80', 'b.example'),
      path: fc.constantFrom('/a', '/%61?x', '/b'),
      clientAddress: fc.option(fc.constantFrom('192.0.2.1', '')),
      device,
    });
    const reader = readerOf(
      [
        ['m', METHOD],
        ['h', HOST],
        ['d', DEVICE],
      ],
      [
        ['p', PATH],
        ['a', ADDRESS],
        ['d', DEVICE],
      ],
    );
    fc.assert(
      fc.property(request, request, (...pair) => {
        const [one, other] = pair.map(({ device: lines, ...rest }) =>
          reader?.(aRequest({ ...rest, headers: (lines ?? []).map((line) => ['x-device', line] as const) })),
        );
        const isSame = one?.form === other?.form && String(one?.headers) === String(other?.headers);
        expect(other !== undefined && one?.identity.equals(other.identity)).toBe(isSame);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a client that sends facts along', () => {
  it('tells them with the question of each request, beside what is sent always', async () => {
    const server = await startFaultServer();
    const { introspector } = openScene();
    try {
      server.always(json({ active: true }));
      const client = aClientOf(server.url('/introspect'), {
        introspection: {
          params: new Map([['m', ['fixed']]]),
          headers: new Map([['x-fixed', new Secret('fixed')]]),
          facts: {
            params: new Map<string, RequestFact>([
              ['method', METHOD],
              ['d', DEVICE],
              // Names that say something else already: the settings refuse them, and so does the question.
              ['token', DEVICE],
              ['m', DEVICE],
            ]),
            headers: new Map<string, RequestFact>([
              ['x-orig-host', HOST],
              ['authorization', DEVICE],
              ['x-fixed', DEVICE],
              // In place of ours, which is not sent beside it.
              ['user-agent', DEVICE],
            ]),
          },
        },
      });
      const ask = async (request: ReturnType<typeof aRequest>) => {
        const question = await introspector.prepare(client, request);
        if (!question.ok) throw new Error(question.failure.reason);
        expect(outcomeOf(await introspector.ask(question.value, new AccessToken('t')))).toBe('active');
        return question.value.identity;
      };
      const first = await ask(aRequest({ headers: [['x-device', 'a b']] }));
      const second = await ask(aRequest({ method: 'POST' }));
      expect(first.equals(second)).toBe(false);
      expect(server.requests.map(({ body }) => body)).toEqual([
        'token=t&m=fixed&method=GET&d=a+b',
        'token=t&m=fixed&method=POST',
      ]);
      expect(server.requests.map(({ headers }) => headers['user-agent'])).toEqual(['a b', undefined]);
      const basic = `Basic ${Buffer.from('gateway:s3cret').toString('base64')}`;
      for (const { headers } of server.requests)
        expect(headers).toMatchObject({
          'x-orig-host': 'api.example.com',
          'x-fixed': 'fixed',
          authorization: basic,
        });
    } finally {
      await introspector.close();
      await server.stop();
    }
  });

  it('is the only one whose question is made anew for each request', async () => {
    const { introspector } = openScene();
    const plain = aClientOf(ENDPOINT);
    const prepare = (client: typeof plain) => introspector.prepare(client, aRequest());
    expect(prepare(plain)).toBe(prepare(plain));
    const facts = { params: new Map([['host', HOST]]), headers: new Map() };
    const telling = aClientOf(ENDPOINT, { name: 'telling', introspection: { facts } });
    expect(prepare(telling)).not.toBe(prepare(telling));
    await introspector.close();
  });

  it('throws for a request that cannot give them, before anything is fetched', async () => {
    const { introspector, resolved } = openScene();
    const facts = { params: new Map([['host', HOST]]), headers: new Map() };
    const client = aClientOf('unused', {
      issuer: 'https://idp.example',
      introspection: { endpoint: null, facts },
    });
    expect(() => introspector.prepare(client, aRequest({ host: '' }))).toThrow(UnusableRequestError);
    expect(resolved).toEqual([]);
    await introspector.close();
  });
});
