import { generateKeyPairSync } from 'node:crypto';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeProtectedHeader } from 'jose';

import {
  type ClientAuthentication,
  type ClientContext,
  milliseconds,
  monotonicMilliseconds,
  Secret,
  type SecretSource,
  withClientSecret,
} from '../../src/domain/index.ts';
import {
  type FixedAnswer,
  type RecordedRequest,
  type FaultServer,
  json,
  startFaultServer,
  status,
} from '../support/fault-server.ts';
import { aRequest } from '../support/builders.ts';
import { aClientOf, openScene, outcomeOf, type Scene, systemClock } from './scene.ts';

const INVALID_CLIENT = json({ error: 'invalid_client' }, { status: 401 });

let server: FaultServer;
let scene: Scene;
let skippedMs = 0;
/** Whom the server takes for us: what it finds of our proof in a request. */
let accepted: (proof: string) => boolean;
let refusal: FixedAnswer;

beforeEach(async () => {
  skippedMs = 0;
  refusal = INVALID_CLIENT;
  server = await startFaultServer();
  server.always(({ headers, body }) => {
    return accepted(proofIn({ headers, body })) ? json({ active: true }) : refusal;
  });
  const monotonic = () => monotonicMilliseconds(systemClock.monotonic() + skippedMs);
  scene = openScene({ clock: { ...systemClock, monotonic } });
});
afterEach(async () => {
  await scene.introspector.close();
  await server.stop();
});

const basic = (secret: string): ClientAuthentication => ({
  method: 'client_secret_basic',
  secret: new Secret(secret),
});
const proofIn = ({ headers, body }: Pick<RecordedRequest, 'headers' | 'body'>): string =>
  `${String(headers['authorization'] ?? '')} ${body}`;
const basicProof = (secret: string): string => Buffer.from(`gateway:${secret}`).toString('base64');

/** With a previous authentication for ten minutes, or for good. */
function rotating(
  current: ClientAuthentication,
  previous: ClientAuthentication,
  forMs: number | null = 600_000,
): ClientContext {
  const until = forMs === null ? null : monotonicMilliseconds(systemClock.monotonic() + skippedMs + forMs);
  return aClientOf(server.url('/introspect'), {
    authentication: current,
    previous: { authentication: previous, until },
  });
}

let serial = 0;
const ask = async (client: ClientContext): Promise<string> =>
  outcomeOf(await scene.ask(client, `token-${(serial += 1)}`));
const switches = () =>
  scene.events.flatMap((event) => (event.event === 'credentials_switched' ? [event.inUse] : []));
const rotationIn = (client: ClientContext) => scene.introspector.status()[client.name];

describe('a secret that is rotated', () => {
  const client = () => rotating(basic('new'), basic('old'));

  it('is used alone once the server knows it', async () => {
    accepted = (proof) => proof.includes(basicProof('new'));
    const ours = client();
    expect([await ask(ours), await ask(ours)]).toEqual(['active', 'active']);
    expect(server.requests).toHaveLength(2);
    expect(switches()).toEqual([]);
    expect(rotationIn(ours)).toMatchObject({
      rotation: { inUse: 'current', previousEndsInMs: expect.any(Number) },
    });
  });

  it.each([
    ['401', status(401)],
    ['401 invalid_client', INVALID_CLIENT],
    ['400 invalid_client', json({ error: 'invalid_client' }, { status: 400 })],
  ])(
    'gives way to the previous one, which stays in use, where the server answers %s',
    async (_what, answer) => {
      refusal = answer;
      accepted = (proof) => proof.includes(basicProof('old'));
      const ours = client();
      expect([await ask(ours), await ask(ours), await ask(ours)]).toEqual(['active', 'active', 'active']);
      // One of them was refused once.
      expect(server.requests).toHaveLength(4);
      expect(switches()).toEqual(['previous']);
      expect(rotationIn(ours)).toMatchObject({ rotation: { inUse: 'previous' } });
    },
  );

  it('comes back when the server has changed, without an enquiry lost', async () => {
    accepted = (proof) => proof.includes(basicProof('old'));
    const ours = client();
    await ask(ours);
    accepted = (proof) => proof.includes(basicProof('new'));
    expect([await ask(ours), await ask(ours)]).toEqual(['active', 'active']);
    expect(switches()).toEqual(['previous', 'current']);
  });

  it('is never in one request with the other (INT-6)', async () => {
    accepted = (proof) => proof.includes(basicProof('old'));
    await ask(client());
    for (const { headers, body } of server.requests) {
      const proofs = ['new', 'old'].filter((secret) =>
        proofIn({ headers, body }).includes(basicProof(secret)),
      );
      expect(proofs).toHaveLength(1);
    }
  });

  it('is tried once more and not again where both are refused, which is then said', async () => {
    accepted = () => false;
    expect(await ask(client())).toBe('credentials_refused');
    expect(server.requests).toHaveLength(2);
  });

  it('lets all enquiries pass that were refused at once, and switches once', async () => {
    accepted = (proof) => proof.includes(basicProof('old'));
    const ours = client();
    const outcomes = await Promise.all(Array.from({ length: 20 }, async () => ask(ours)));
    expect(new Set(outcomes)).toEqual(new Set(['active']));
    expect(switches()).toEqual(['previous']);
  });

  it('does not count as refused when the other one was taken: the endpoint goes on being asked', async () => {
    accepted = (proof) => proof.includes(basicProof('old'));
    const ours = client();
    for (let time = 0; time < 5; time += 1) {
      accepted = (proof) => proof.includes(basicProof(time % 2 === 0 ? 'old' : 'new'));
      expect(await ask(ours)).toBe('active');
    }
    expect(scene.events.filter(({ event }) => event === 'suspension_changed')).toEqual([]);
    expect(
      scene.events.filter((event) => 'outcome' in event && event.outcome === 'credentials_refused'),
    ).toEqual([]);
  });

  it('leaves the previous one behind when its time is over', async () => {
    accepted = (proof) => proof.includes(basicProof('old'));
    const ours = client();
    expect(await ask(ours)).toBe('active');
    skippedMs += 600_000;
    expect(await ask(ours)).toBe('credentials_refused');
    expect(server.requests.at(-1)?.headers['authorization']).toBe(`Basic ${basicProof('new')}`);
    expect(rotationIn(ours)).toMatchObject({ rotation: null });
  });

  it('keeps the previous one as long as the settings name it', async () => {
    accepted = (proof) => proof.includes(basicProof('old'));
    const ours = rotating(basic('new'), basic('old'), null);
    skippedMs += 3_600_000;
    expect(await ask(ours)).toBe('active');
    expect(rotationIn(ours)).toMatchObject({ rotation: { inUse: 'previous', previousEndsInMs: null } });
  });

  it('does not try again after anything but a refusal', async () => {
    accepted = () => false;
    refusal = status(500);
    expect(await ask(client())).toBe('introspection_server_error');
    refusal = status(403);
    expect(await ask(client())).toBe('introspection_status');
    expect(server.requests).toHaveLength(2);
  });

  it('keeps to the budget of the enquiry', async () => {
    accepted = () => false;
    refusal = json({ error: 'invalid_client' }, { status: 401, delayMs: 40 });
    const { introspection } = client();
    const ours = { ...client(), introspection: { ...introspection, timeout: milliseconds(60) } };
    expect(await ask(ours)).toBe('introspection_timeout');
  });
});

describe('what else proves who we are', () => {
  const long = (end: string): Secret => new Secret(`${'s'.repeat(32)}-${end}`);
  const assertion = {
    audience: 'introspection_endpoint',
    type: 'JWT',
    lifetime: milliseconds(60_000),
    sendClientId: false,
  } as const;
  const keyed = (id: string, key: 'ec' | 'rsa'): ClientAuthentication => {
    const { privateKey } =
      key === 'ec'
        ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
        : generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    const algorithms = [key === 'ec' ? 'ES256' : 'RS256'];
    return { method: 'private_key_jwt', key: { pem, id }, assertion: { ...assertion, algorithms } };
  };
  const kidIn = (proof: string): string | undefined => {
    const jwt = new URLSearchParams(proof.trim()).get('client_assertion');
    return jwt === null ? undefined : decodeProtectedHeader(jwt).kid;
  };

  it.each<[string, ClientAuthentication, ClientAuthentication, (proof: string) => boolean]>([
    [
      'client_secret_post',
      { method: 'client_secret_post', secret: new Secret('new') },
      { method: 'client_secret_post', secret: new Secret('old') },
      (proof) => proof.includes('client_secret=old'),
    ],
    [
      'a bearer token',
      { method: 'bearer', token: new Secret('new') },
      { method: 'bearer', token: new Secret('old') },
      (proof) => proof.startsWith('Bearer old'),
    ],
    ['a key of another kind', keyed('new', 'ec'), keyed('old', 'rsa'), (proof) => kidIn(proof) === 'old'],
  ])('gives way to the previous one: %s', async (_what, current, previous, isOld) => {
    accepted = isOld;
    const ours = rotating(current, previous);
    expect([await ask(ours), await ask(ours)]).toEqual(['active', 'active']);
    expect(server.requests).toHaveLength(3);
  });

  it('gives way to the previous one: client_secret_jwt', async () => {
    const signed = (secret: Secret): ClientAuthentication => ({
      method: 'client_secret_jwt',
      secret,
      assertion: { ...assertion, algorithms: ['HS256'] },
    });
    // The server of this test cannot verify; it takes the second assertion that it sees.
    const seen = new Set<string>();
    accepted = (proof) => seen.add(proof).size > 1;
    expect(await ask(rotating(signed(long('new')), signed(long('old'))))).toBe('active');
    expect(server.requests).toHaveLength(2);
  });
});

describe('a secret from code', () => {
  const failed = Promise.reject<string>(new Error('hunter2-canary'));
  failed.catch(() => undefined);
  const withSource = (source: SecretSource) =>
    withClientSecret(aClientOf(server.url('/introspect'), { authentication: basic('not this one') }), source);

  it.each<[string, SecretSource]>([
    ['a text', 's3cret'],
    ['a promise', Promise.resolve('s3cret')],
    ['a function', () => 's3cret'],
    ['a function that takes its time', async () => new Secret('s3cret')],
    ['a function of the request', (request) => (request?.host === aRequest().host ? 's3cret' : 'another')],
  ])('is shown to the server: %s', async (_what, source) => {
    accepted = (proof) => proof.includes(basicProof('s3cret'));
    expect(await ask(withSource(source))).toBe('active');
  });

  it('is asked for at each enquiry, so that code rotates it', async () => {
    let secret = 'one';
    const ours = withSource(() => secret);
    accepted = (proof) => proof.includes(basicProof(secret));
    expect(await ask(ours)).toBe('active');
    secret = 'two';
    expect(await ask(ours)).toBe('active');
  });

  it('is asked for without a request when the house finds out whether it is ready', async () => {
    const asked: unknown[] = [];
    accepted = () => true;
    const ours = withSource((request) => {
      asked.push(request);
      return 's3cret';
    });
    expect(await scene.introspector.warm(ours)).toMatchObject({ ok: true });
    expect(asked).toEqual([null]);
  });

  it.each<[string, SecretSource]>([
    [
      'throws',
      () => {
        throw new Error('hunter2-canary');
      },
    ],
    ['rejects', () => Promise.reject(new Error('hunter2-canary'))],
    ['gives no secret', () => undefined as unknown as string],
    ['never answers', () => new Promise<string>(() => undefined)],
    ['promised one and failed', failed],
  ])('that %s is a fault of ours, and nothing is sent', async (_what, source) => {
    const { introspection, ...rest } = withSource(source);
    const ours = { ...rest, introspection: { ...introspection, timeout: milliseconds(100) } };
    const answer = await scene.ask(ours, 'token');
    expect(answer).toMatchObject({ ok: false, failure: { reason: 'client_secret_unavailable' } });
    expect(JSON.stringify([answer, scene.events, scene.introspector.status()])).not.toContain('canary');
    expect(server.requests).toEqual([]);
  });

  it('is not for a client that has none', () => {
    const keyless = aClientOf(server.url('/introspect'), { authentication: { method: 'none' } });
    expect(() => withClientSecret(keyless, 's3cret')).toThrow('without a secret');
  });
});
