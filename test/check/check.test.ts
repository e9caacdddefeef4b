import { describe, expect, it } from '@jest/globals';
import { type CheckParts, createCheck } from '../../src/check/index.ts';
import {
  type AllowDecision,
  type ClientContext,
  epochMilliseconds,
  fail,
  type Fault,
  fault,
  type HouseEvent,
  INACTIVE,
  type Introspection,
  milliseconds,
  type Resolved,
  type Result,
  type Soon,
  succeed,
  UnusableRequestError,
} from '../../src/domain/index.ts';
import type { Policy, Rule } from '../../src/policy/index.ts';
import { aClient, anActiveIntrospection, aRequest, NOON } from '../support/builders.ts';

const ALLOWED: AllowDecision = {
  kind: 'allow',
  reason: 'token_accepted',
  route: 'orders',
  mutations: { set: [], remove: [], authorization: 'strip', metadata: {} },
  strays: [],
};

interface Scene {
  readonly mode?: Rule['mode'];
  readonly answer?: (client: ClientContext) => Soon<Resolved>;
  readonly get?: () => ReturnType<CheckParts['clients']['first']>;
  /** Those that come after the first client. */
  readonly others?: readonly ClientContext[];
  readonly policy?: Partial<Policy>;
}

function aCheck({ mode = 'required', answer, get, others = [], policy }: Scene = {}) {
  const events: HouseEvent[] = [];
  const resolved: string[] = [];
  const judged: Introspection[] = [];
  const rule = { name: 'orders', mode, credential: null, tryInOrder: others.length > 0 } as Rule;
  const check = createCheck({
    policy: {
      find: () => ({ kind: 'rule', rule }),
      admit: (_rule, reason) => ({ ...ALLOWED, reason }),
      judge: (_rule, introspection) => {
        judged.push(introspection);
        return ALLOWED;
      },
      ...policy,
    },
    clients: {
      first: get ?? (() => succeed<ClientContext>(aClient())),
      next: (after) => others[others.findIndex(({ name }) => name === after.name) + 1] ?? null,
    },
    resolve: (client, token) => {
      resolved.push(others.length > 0 ? client.name : token.reveal());
      return (answer ?? (() => succeed(anActiveIntrospection())))(client);
    },
    clock: { now: () => epochMilliseconds(NOON * 1000) },
    observe: (event) => void events.push(event),
  });
  return { check, events, resolved, judged };
}

const withToken = aRequest({ headers: [['authorization', 'Bearer abc']] });

describe('createCheck', () => {
  it('answers a known token at once, without a promise (decision 13)', () => {
    expect(aCheck().check(withToken)).toBe(ALLOWED);
  });

  it('waits for an answer that is on its way', async () => {
    const { check } = aCheck({ answer: async () => succeed(anActiveIntrospection()) });
    const decision = check(withToken);
    expect(decision).toBeInstanceOf(Promise);
    expect(await decision).toBe(ALLOWED);
  });

  it('marks what it allows by an answer that is over', () => {
    const stale = { ok: true, value: anActiveIntrospection(), staleFor: milliseconds(2_000) } as const;
    expect(aCheck({ answer: () => stale }).check(withToken)).toMatchObject({
      reason: 'allowed_stale',
      mutations: { metadata: { gatehouse_stale_seconds: 2 } },
    });
  });

  it('waits for a client store that answers later', async () => {
    const { check } = aCheck({ get: async () => succeed(aClient()) });
    expect(await check(withToken)).toBe(ALLOWED);
  });

  it('repeats what policy refused, and asks nobody', () => {
    const refusal = { kind: 'deny', reason: 'no_route', route: null, scopes: [], detail: null } as const;
    const { check, resolved } = aCheck({ policy: { find: () => ({ kind: 'refused', decision: refusal }) } });
    expect(check(withToken)).toBe(refusal);
    expect(resolved).toEqual([]);
  });

  it.each([
    ['required', 'deny', 'credential_missing'],
    ['optional', 'allow', 'anonymous'],
    ['public', 'allow', 'public_route'],
    ['deny', 'deny', 'route_denied'],
  ] as const)(
    'on a rule of mode %s answers %s with %s when no credential was sent (R1, R21)',
    (mode, kind, reason) => {
      const { check, resolved } = aCheck({ mode });
      expect(check(aRequest())).toMatchObject({ kind, reason });
      expect(resolved).toEqual([]);
    },
  );

  it.each(['public', 'deny'] as const)('on a rule of mode %s looks at no token', (mode) => {
    const { check, resolved } = aCheck({ mode });
    void check(withToken);
    expect(resolved).toEqual([]);
  });

  it.each(['required', 'optional'] as const)(
    'on a rule of mode %s judges a credential whatever it holds',
    (mode) => {
      const { check } = aCheck({ mode });
      expect(check(aRequest({ headers: [['authorization', 'Basic YTpi']] }))).toMatchObject({
        kind: 'deny',
        reason: 'scheme_unsupported',
        route: 'orders',
      });
    },
  );

  it('denies with the reason of the client store, and asks nobody', () => {
    const { check, resolved } = aCheck({
      get: () => fail({ kind: 'deny', reason: 'no_client', detail: 'two clients' }),
    });
    expect(check(withToken)).toMatchObject({ kind: 'deny', reason: 'no_client', detail: 'two clients' });
    expect(resolved).toEqual([]);
  });

  it('answers a fault of the client store with a fault', () => {
    const { check } = aCheck({ get: () => fail({ kind: 'fault', fault: fault('client_store_failed') }) });
    expect(check(withToken)).toMatchObject({ kind: 'fault', reason: 'client_store_failed', route: 'orders' });
  });

  it.each([
    ['at once', () => unusable()],
    ['later', async () => unusable()],
  ])(
    'denies as malformed a request of which %s a part turns out unreadable that was needed',
    async (_when, get) => {
      const { check, resolved, events } = aCheck({ get });
      expect(await check(withToken)).toMatchObject({
        kind: 'deny',
        reason: 'request_malformed',
        detail: 'attributes.source cannot be read',
      });
      expect([resolved, events]).toEqual([[], []]);
    },
  );

  describe('with clients that are tried in order', () => {
    const others = ['second', 'third'].map((name) => aClient({ name }));
    const knownTo =
      (name: string, soon: <Value>(value: Value) => Soon<Value>) =>
      (client: ClientContext): Soon<Result<Introspection, Fault>> =>
        soon(succeed(client.name === name ? anActiveIntrospection() : INACTIVE));

    it.each([
      ['at once', <Value>(value: Value) => value],
      ['later', async <Value>(value: Value) => value],
    ])(
      'goes on as long as the token is inactive, and stops at the first that knows it, %s',
      async (_when, soon) => {
        const { check, resolved, judged } = aCheck({ others, answer: knownTo('second', soon) });
        expect(await check(withToken)).toBe(ALLOWED);
        expect(resolved).toEqual(['main', 'second']);
        expect(judged).toMatchObject([{ kind: 'active' }]);
      },
    );

    it('judges the token as inactive when it is inactive everywhere', async () => {
      const { check, resolved, judged } = aCheck({ others, answer: () => succeed(INACTIVE) });
      await check(withToken);
      expect(resolved).toEqual(['main', 'second', 'third']);
      expect(judged).toEqual([INACTIVE]);
    });

    it('ends with the fault of one, and asks nobody behind it', async () => {
      const answer = ({ name }: ClientContext) =>
        name === 'second' ? fail(fault('introspection_timeout')) : succeed(INACTIVE);
      const { check, resolved } = aCheck({ others, answer });
      expect(await check(withToken)).toMatchObject({ kind: 'fault', reason: 'introspection_timeout' });
      expect(resolved).toEqual(['main', 'second']);
    });

    it('does not go on after a verdict over an active token', async () => {
      const denial = {
        kind: 'deny',
        reason: 'scope_insufficient',
        route: 'orders',
        scopes: [],
        detail: null,
      } as const;
      const { check, resolved } = aCheck({ others, policy: { judge: () => denial } });
      expect(await check(withToken)).toBe(denial);
      expect(resolved).toEqual(['main']);
    });
  });

  it('answers a fault of the resolver with a fault, never with a denial', () => {
    const { check, judged } = aCheck({ answer: () => fail(fault('introspection_timeout', 'after 5 s')) });
    expect(check(withToken)).toEqual({
      kind: 'fault',
      reason: 'introspection_timeout',
      route: 'orders',
      detail: 'after 5 s',
    });
    expect(judged).toEqual([]);
  });

  it.each([
    ['policy throws', { policy: { find: () => explode() } }],
    ['the client store throws', { get: () => explode() }],
    ['the client store rejects', { get: async () => explode() }],
    ['the resolver throws', { answer: () => explode() }],
    ['the resolver rejects', { answer: async () => explode() }],
    ['the judgement throws', { policy: { judge: () => explode() } }],
    [
      'the judgement throws later',
      { answer: async () => succeed(anActiveIntrospection()), policy: { judge: () => explode() } },
    ],
  ] satisfies [string, Scene][])('ends as the fault internal when %s (T-12)', async (_what, scene) => {
    const { check, events } = aCheck(scene);
    expect(await check(withToken)).toMatchObject({ kind: 'fault', reason: 'internal' });
    expect(events).toEqual([{ event: 'crashed', where: 'check', cause: 'TypeError' }]);
  });
});

function explode(): never {
  throw new TypeError('the token was s3cret');
}

function unusable(): never {
  throw new UnusableRequestError('attributes.source cannot be read');
}
