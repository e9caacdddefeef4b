import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import {
  AccessToken,
  type AnswerAge,
  type CacheKey,
  type CacheRecord,
  type Clock,
  fail,
  fault,
  type FaultReason,
  INACTIVE,
  MISS,
  milliseconds,
  type Resolved,
  succeed,
  type TokenCache,
} from '../../src/domain/index.ts';
import { deriveKeys } from '../../src/sealing/index.ts';
import { anAnswer, NOW } from '../cache/records.ts';
import { aClient } from '../support/builders.ts';
import { aHouse, type Answer, LIMITS, useSimulatedTimers } from './house.ts';
import { aModel, expectedOf, type Model, type Said, STALE_MOST_MS } from './model.ts';

/** The resolver with memory and a store, against a model of all that. */
interface Real {
  readonly house: ReturnType<typeof aHouse>;
  readonly says: Map<string, Said>;
  readonly stored: Map<CacheKey, CacheRecord>;
  out: FaultReason | null;
}

const CLIENTS = [
  aClient({ name: 'orders' }),
  aClient({ name: 'partner', cache: { active: milliseconds(20_000), inactive: null } }),
] as const;
const TOKENS = ['alice', 'bob'];
const AGES = {
  any: { freshness: null, stale: milliseconds(0) },
  'each time': { freshness: milliseconds(0), stale: milliseconds(0) },
  '10 s': { freshness: milliseconds(10_000), stale: milliseconds(0) },
  stale: { freshness: null, stale: milliseconds(30_000) },
} as const satisfies Record<string, AnswerAge>;
const IS_LONG = process.env['GATEHOUSE_LONG'] !== undefined;
const RUNS = IS_LONG ? 10_000 : 300;
const PATIENCE_MS = IS_LONG ? 1_800_000 : 60_000;

const { names } = deriveKeys(Buffer.alloc(32, 7));

const aTarget = fc.record({ client: fc.constantFrom(...CLIENTS), token: fc.constantFrom(...TOKENS) });
type Target = typeof aTarget extends fc.Arbitrary<infer T> ? T : never;
const anAge = fc.constantFrom(...(Object.keys(AGES) as (keyof typeof AGES)[]));
const aFault = fc.constantFrom<FaultReason>(
  'introspection_timeout',
  'introspection_server_error',
  'introspection_unreadable',
);
const aSaid: fc.Arbitrary<Said> = fc.oneof(
  fc.record({
    kind: fc.constant('active' as const),
    livesForSeconds: fc.option(fc.integer({ min: -5, max: 120 })),
  }),
  fc.constant<Said>({ kind: 'inactive' }),
  aFault,
);

const FOREVER: Said = { kind: 'active', livesForSeconds: null };
/** The ends of what there is, and the moments around them. */
const aWhile = fc.constantFrom(
  ...[1, 100, 249, 250, 999, 1_000, 2_000, 4_999, 5_000, 9_999, 10_000, 10_001, 14_000, 16_500, 20_000],
  ...[29_999, 30_000, 30_001, 49_499, 49_500, 60_000],
);

const commands = [
  fc.record({ target: aTarget, said: aSaid }).map(({ target, said }) => serverSays(target, said)),
  ...[1, 1, 6].map((times) =>
    fc.record({ target: aTarget, age: anAge }).map(({ target, age }) => check(target, age, times)),
  ),
  fc.option(aFault).map(serverIsOut),
  aWhile.map(timePasses),
  aWhile.map(timePasses),
  fc.integer({ min: -7_200_000, max: 7_200_000 }).map(clockIsSet),
  aTarget.map(memoryForgets),
  aTarget.map(storeForgets),
  // What chance alone brings about too seldom: a token in steady use when its answer is due, and one whose answer
  // runs out in an outage, with an outage that chance may have begun or ended before.
  fc
    .record({ target: aTarget, said: aSaid })
    .map(({ target, said }) =>
      inARow(
        serverSays(target, FOREVER),
        check(target, 'each time', 1),
        check(target, 'any', 5),
        due(target),
        serverSays(target, said),
        check(target, 'any', 2),
      ),
    ),
  aTarget.map((target) =>
    inARow(
      serverSays(target, FOREVER),
      check(target, 'each time', 1),
      endOf(target),
      check(target, 'stale', 1),
    ),
  ),
  fc
    .record({ target: aTarget, reason: aFault })
    .map(({ target, reason }) =>
      inARow(
        serverIsOut(null),
        serverSays(target, FOREVER),
        check(target, 'each time', 1),
        serverIsOut(reason),
        endOf(target),
        check(target, 'stale', 2),
      ),
    ),
];

/** How often the model went through what is worth going through. */
const seen = { stale: 0, refreshed: 0, retracted: 0, fromStore: 0 };

describe('the resolver against a model', () => {
  beforeEach(useSimulatedTimers);
  afterEach(() => void jest.useRealTimers());

  it(
    'answers, asks and shares as the model says: hits, ends, freshness, refreshes, outages, evictions, clock steps, two tenants (T-32, G5, G6, G9)',
    async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.commands(commands, { maxCommands: 50, size: 'max' }),
          fc.boolean(),
          async (run, sharesInactive) => {
            await fc.asyncModelRun(
              () => ({ model: aModel(NOW, sharesInactive), real: aRealOne(sharesInactive) }),
              run,
            );
            jest.clearAllTimers();
          },
        ),
        { numRuns: RUNS },
      );
      for (const times of Object.values(seen)) expect(times).toBeGreaterThan(RUNS / 10);
    },
    PATIENCE_MS,
  );
});

function aRealOne(sharesInactive: boolean): Real {
  const says = new Map<string, Said>();
  const stored = new Map<CacheKey, CacheRecord>();
  const real: Real = {
    says,
    stored,
    out: null,
    house: aHouse({
      says: ({ client }, token) =>
        answerNow(real.out ?? says.get(`${client.name} ${token}`), real.house.clock.now()),
      shared: aStore(stored, () => real.house.clock),
      limits: { ...LIMITS, inactive: { ...LIMITS.inactive, shared: sharesInactive } },
      longestPast: STALE_MOST_MS,
    }),
  };
  return real;
}

/** Gives out only what has not ended, as the shared tier does. */
function aStore(stored: Map<CacheKey, CacheRecord>, clock: () => Clock): TokenCache {
  return {
    async get(_kind, key) {
      const record = stored.get(key);
      const now = clock().now();
      if (record === undefined || now >= record.keepUntil) return MISS;
      if (record.exp !== null && record.exp * 1000 <= now) return MISS;
      seen.fromStore += 1;
      return { kind: 'hit', record };
    },
    put: async (_kind, key, record) => void stored.set(key, record),
  };
}

function serverSays(target: Target, said: Said): fc.AsyncCommand<Model, Real> {
  return {
    check: () => true,
    async run(model, { says }) {
      model.says.set(nameOf(target), said);
      says.set(nameOf(target), said);
    },
    toString: () => `serverSays(${nameOf(target)}, ${JSON.stringify(said)})`,
  };
}

function serverIsOut(reason: FaultReason | null): fc.AsyncCommand<Model, Real> {
  return {
    check: () => true,
    async run(model, real) {
      model.out = reason;
      real.out = reason;
    },
    toString: () => `serverIsOut(${reason})`,
  };
}

function check(target: Target, age: keyof typeof AGES, times: number): fc.AsyncCommand<Model, Real> {
  const { client, token } = target;
  return {
    check: () => true,
    async run(model, { house, stored }) {
      for (let time = 0; time < times; time += 1) {
        const asksBefore = house.asked.length;
        const refreshesBefore = house.all('answer_refreshed').length;
        const before = stored.get(keyOf(target))?.introspection.kind;
        const answer = describeAnswer(await house.resolve(token, client, undefined, AGES[age]));
        // What goes on in the background ends, too.
        await house.pass(0);
        const asked = house.asked.slice(asksBefore);
        expect({ answer, asked }).toEqual(expectedOf(model, client, token, AGES[age]));
        const after = stored.get(keyOf(target))?.introspection.kind;
        expect(after).toBe(model.store.get(nameOf(target))?.kind);

        if (answer.endsWith('stale')) seen.stale += 1;
        seen.refreshed += house.all('answer_refreshed').length - refreshesBefore;
        if (before === 'active' && after === 'inactive') seen.retracted += 1;
      }
    },
    toString: () => `check(${nameOf(target)}, ${age}, ${times})`,
  };
}

function timePasses(ms: number): fc.AsyncCommand<Model, Real> {
  return {
    check: () => true,
    async run(model, { house }) {
      model.steadyMs += ms;
      model.wallMs += ms;
      await house.pass(ms);
    },
    toString: () => `timePasses(${ms})`,
  };
}

function clockIsSet(ms: number): fc.AsyncCommand<Model, Real> {
  return {
    check: () => true,
    async run(model, { house }) {
      model.wallMs += ms;
      house.clock.step(ms);
    },
    toString: () => `clockIsSet(${ms})`,
  };
}

function inARow(...all: readonly fc.AsyncCommand<Model, Real>[]): fc.AsyncCommand<Model, Real> {
  return {
    check: () => true,
    async run(model, real) {
      for (const command of all) await command.run(model, real);
    },
    toString: () => all.map(String).join(', '),
  };
}

/** Until an answer that was asked for just now may be refreshed ahead. */
function due({ client }: Target): fc.AsyncCommand<Model, Real> {
  return timePasses(client.cache === null ? 49_500 : 16_500);
}

/** Until an answer that was asked for just now runs out. */
function endOf({ client }: Target): fc.AsyncCommand<Model, Real> {
  return timePasses(client.cache === null ? 60_000 : 20_000);
}

/** As when it has no more room. */
function memoryForgets(target: Target): fc.AsyncCommand<Model, Real> {
  return {
    check: () => true,
    async run(model, { house }) {
      model.memory.delete(nameOf(target));
      house.memory.forget('introspection', keyOf(target));
    },
    toString: () => `memoryForgets(${nameOf(target)})`,
  };
}

function storeForgets(target: Target): fc.AsyncCommand<Model, Real> {
  return {
    check: () => true,
    async run(model, { stored }) {
      model.store.delete(nameOf(target));
      stored.delete(keyOf(target));
    },
    toString: () => `storeForgets(${nameOf(target)})`,
  };
}

function answerNow(said: Said = { kind: 'inactive' }, wallMs: number): Answer {
  if (typeof said === 'string') return fail(fault(said));
  if (said.kind === 'inactive') return succeed(INACTIVE);
  if (said.livesForSeconds === null) return succeed({ ...anAnswer(), expiresAt: null });
  return succeed(anAnswer({ exp: Math.floor(wallMs / 1000) + said.livesForSeconds }));
}

function describeAnswer(answer: Resolved): string {
  if (!answer.ok) return answer.failure.reason;
  const { value, staleFor } = answer;
  const words = value.kind === 'inactive' ? 'inactive' : `active until ${value.expiresAt}`;
  return staleFor === undefined ? words : `${words}, stale`;
}

function nameOf({ client, token }: Target): string {
  return `${client.name} ${token}`;
}

function keyOf({ client, token }: Target): CacheKey {
  return names.name('introspection', Buffer.from(client.name), new AccessToken(token));
}
