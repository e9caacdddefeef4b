import { describe, expect, it } from '@jest/globals';
import { createCheck } from '../../src/check/index.ts';
import {
  type Decision,
  epochMilliseconds,
  fail,
  fault,
  type HouseEvent,
  type Introspection,
  succeed,
} from '../../src/domain/index.ts';
import { aPolicy, type RouteWords } from '../policy/builders.ts';
import { aClient, anActiveIntrospection, aRequest, NOON } from '../support/builders.ts';

interface Walk {
  readonly token?: boolean;
  readonly request?: Parameters<typeof aRequest>[0];
  readonly answer?: Introspection | 'fault';
}

/** The corridor with the real policy; what was told of trials, and who was asked. */
async function walk(routes: readonly RouteWords[], { token = true, request = {}, answer }: Walk = {}) {
  const events: HouseEvent[] = [];
  const asked: string[] = [];
  const check = createCheck({
    policy: aPolicy(routes),
    clients: { first: () => succeed(aClient({ name: 'main' })), next: () => null },
    resolve: (client) => {
      asked.push(client.name);
      return answer === 'fault'
        ? fail(fault('introspection_timeout'))
        : succeed(answer ?? anActiveIntrospection());
    },
    clock: { now: () => epochMilliseconds(NOON * 1_000) },
    observe: (event) => void events.push(event),
  });
  const headers = token ? ([['authorization', 'Bearer abc']] as const) : [];
  const decision: Decision = await check(aRequest({ headers, ...request }));
  const trials = events.flatMap((event) =>
    event.event === 'trial_judged'
      ? [`${event.route} ${event.inForce} ${event.outcome} ${event.reason}`]
      : [],
  );
  return { decision: `${decision.route} ${decision.reason}`, trials, asked, events };
}

const trial = (words: RouteWords = {}): RouteWords => ({ name: 'next', enforce: false, ...words });
const strict = trial({ require: [{ subject: ['bob'] }] });

describe('a rule with enforce: false', () => {
  it.each<readonly [string, string, RouteWords, RouteWords, Walk]>([
    ['would_deny subject_refused', 'it asks for more', strict, {}, {}],
    ['same token_accepted', 'it asks for the same', trial(), {}, {}],
    ['same subject_refused', 'both deny', strict, { require: [{ issuer: ['x'] }] }, {}],
    ['would_allow token_accepted', 'it asks for less', trial(), { require: [{ issuer: ['x'] }] }, {}],
    ['would_allow public_route', 'it is public', trial({ mode: 'public' }), {}, { token: false }],
    ['would_deny route_denied', 'it denies', trial({ mode: 'deny' }), { mode: 'public' }, {}],
    ['would_allow anonymous', 'it is optional', trial({ mode: 'optional' }), {}, { token: false }],
    ['would_deny credential_missing', 'it wants a token', trial(), { mode: 'public' }, { token: false }],
    [
      'would_deny scheme_unsupported',
      'what was sent is no use to it',
      trial(),
      { mode: 'public' },
      { request: { headers: [['authorization', 'Basic abc']] } },
    ],
    ['unknown null', 'the rule in force asks nobody', trial(), { mode: 'public' }, {}],
    ['unknown null', 'another client would judge', trial({ clients: ['other'] }), {}, {}],
    ['would_deny subject_refused', 'it names the same client', { ...strict, clients: ['main'] }, {}, {}],
    ['unknown null', 'nobody could be asked', trial(), {}, { answer: 'fault' }],
  ])('is told as %s where %s', async (outcome, _case, candidate, inForce, how) => {
    const { trials } = await walk([candidate, { name: 'live', ...inForce }], how);
    expect(trials).toEqual([`next live ${outcome}`]);
  });

  it('changes neither the decision nor who is asked', async () => {
    const live = { name: 'live' };
    const { decision, asked } = await walk([strict, live]);
    expect([decision, asked]).toEqual(['live token_accepted', ['main']]);
    expect((await walk([trial(), { ...live, mode: 'public' }])).asked).toEqual([]);
    expect((await walk([trial()])).decision).toBe('null no_route');
    expect((await walk([trial()])).trials).toEqual(['next null unknown null']);
  });

  it('guards nothing, and its headers stay those of the client', async () => {
    const candidate = trial({ paths: ['/orders/**'], methods: ['PUT'], sets: { 'x-next': ['sub'] } });
    const policy = aPolicy([candidate, { name: 'live', sets: { 'x-live': ['sub'] } }]);
    const context = aRequest({ method: 'POST' });
    const found = policy.find(context);
    if (found.kind === 'refused') throw new Error(found.decision.reason);
    expect([found.rule.name, found.trial]).toEqual(['live', undefined]);
    expect(policy.admit(found.rule, 'anonymous', context).mutations.remove.join()).not.toContain('next');
  });

  it('is the first of several that fits, in the place where it would stand', async () => {
    const { trials } = await walk([
      { name: 'guard', paths: ['/orders/1'], methods: ['PUT'] },
      trial({ name: 'shut-out' }),
      trial({ name: 'first', paths: ['/orders/1'] }),
      trial({ name: 'second', paths: ['/orders/1'] }),
      { name: 'live', paths: ['/orders/1'] },
    ]);
    expect(trials).toEqual(['first live same token_accepted']);
  });

  it('never harms the decision in force when it fails', async () => {
    const broken = trial({ require: [{ subject: ['x'] }] });
    const policy = aPolicy([broken, { name: 'live', mode: 'public' }]);
    const events: string[] = [];
    const check = createCheck({
      policy: {
        ...policy,
        find: (context) => {
          const found = policy.find(context);
          if (found.trial === undefined) return found;
          return {
            ...found,
            trial: Object.defineProperty({ ...found.trial }, 'mode', { get: () => fails() }),
          };
        },
      },
      clients: { first: () => fails(), next: () => fails() },
      resolve: () => fails(),
      clock: { now: () => epochMilliseconds(0) },
      observe: ({ event }) => void events.push(event),
    });
    expect(await check(aRequest())).toMatchObject({ kind: 'allow', route: 'live' });
    expect(events).toEqual(['crashed']);
  });
});

function fails(): never {
  throw new Error('not to be asked');
}
