import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { fail, fault, type FaultReason, INACTIVE, succeed } from '../../src/domain/index.ts';
import { anAnswer, NOW } from '../cache/records.ts';
import { aClient } from '../support/builders.ts';
import { aHouse, type Answer, LIMITS, useSimulatedTimers } from './house.ts';

/**
 * The resolver with memory against the simplest thing that could be right: what the server says, and until when
 * each answer may be served.
 */
interface Model {
  steadyMs: number;
  wallMs: number;
  /** By client and token, as is all that follows. */
  readonly says: Map<string, Said>;
  /** In memory. */
  readonly kept: Map<string, Kept>;
  /** Faults in the single flight: they do not touch what is kept. */
  readonly held: Map<string, Kept>;
}

type Said =
  | { readonly kind: 'active'; readonly livesForSeconds: number | null }
  | { readonly kind: 'inactive' }
  | FaultReason;

interface Kept {
  readonly answer: string;
  readonly servedUntilMs: number;
  /** The token's end, when it was still to come. */
  readonly endsAtMs: number | null;
}

interface Real {
  readonly house: ReturnType<typeof aHouse>;
  readonly says: Map<string, Said>;
}

const CLIENTS = [aClient({ name: 'orders' }), aClient({ name: 'partner' })] as const;
const TOKENS = ['alice', 'bob'];
const HELD_FOR_MS = 250;
const IS_LONG = process.env['GATEHOUSE_LONG'] !== undefined;
const RUNS = IS_LONG ? 10_000 : 300;
const PATIENCE_MS = IS_LONG ? 600_000 : 20_000;

const aTarget = fc.record({ client: fc.constantFrom(...CLIENTS), token: fc.constantFrom(...TOKENS) });
const aSaid: fc.Arbitrary<Said> = fc.oneof(
  fc.record({
    kind: fc.constant('active' as const),
    livesForSeconds: fc.option(fc.integer({ min: -5, max: 120 })),
  }),
  fc.constant<Said>({ kind: 'inactive' }),
  fc.constantFrom<FaultReason>('introspection_timeout', 'introspection_server_error'),
);

const commands = [
  fc.record({ target: aTarget, said: aSaid }).map(({ target, said }) => serverSays(nameOf(target), said)),
  aTarget.map(({ client, token }) => check(client, token)),
  aTarget.map(({ client, token }) => check(client, token)),
  fc.constantFrom(1, 100, 249, 250, 1_000, 4_999, 5_000, 30_000, 60_000).map(timePasses),
  fc.integer({ min: -7_200_000, max: 7_200_000 }).map(clockIsSet),
];

describe('the resolver against a model', () => {
  beforeEach(useSimulatedTimers);
  afterEach(() => void jest.useRealTimers());

  it(
    'answers and asks as the model says: hits, ends, faults, clock steps, two tenants (T-32, G5, G6, G9)',
    async () => {
      await fc.assert(
        fc.asyncProperty(fc.commands(commands, { maxCommands: 50, size: 'max' }), async (run) => {
          await fc.asyncModelRun(() => {
            const says = new Map<string, Said>();
            const model: Model = {
              steadyMs: 0,
              wallMs: NOW,
              says: new Map(),
              kept: new Map(),
              held: new Map(),
            };
            const house = aHouse({
              says: ({ client }, token) => answerNow(says.get(`${client.name} ${token}`), house.clock.now()),
            });
            return { model, real: { house, says } };
          }, run);
          jest.clearAllTimers();
        }),
        { numRuns: RUNS },
      );
    },
    PATIENCE_MS,
  );
});

function serverSays(name: string, said: Said): fc.AsyncCommand<Model, Real> {
  return {
    check: () => true,
    async run(model, { says }) {
      model.says.set(name, said);
      says.set(name, said);
    },
    toString: () => `serverSays(${name}, ${JSON.stringify(said)})`,
  };
}

function check(client: (typeof CLIENTS)[number], token: string): fc.AsyncCommand<Model, Real> {
  const name = `${client.name} ${token}`;
  return {
    check: () => true,
    async run(model, { house }) {
      const asksBefore = house.asked.length;
      const known = [model.kept.get(name), model.held.get(name)].find((kept) => isServed(kept, model));

      const answer = describeAnswer(await house.resolve(token, client));
      const asked = house.asked.slice(asksBefore);

      if (known !== undefined) {
        expect([answer, asked]).toEqual([known.answer, []]);
        return;
      }
      const expected = answerNow(model.says.get(name), model.wallMs);
      expect([answer, asked]).toEqual([describeAnswer(expected), [name]]);
      (expected.ok ? model.kept : model.held).set(name, keptOf(expected, model));
    },
    toString: () => `check(${name})`,
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

function isServed(kept: Kept | undefined, { steadyMs, wallMs }: Model): boolean {
  if (kept === undefined) return false;
  const { servedUntilMs, endsAtMs } = kept;
  return steadyMs < servedUntilMs && (endsAtMs === null || wallMs < endsAtMs);
}

function keptOf(answer: Answer, { steadyMs, wallMs }: Model): Kept {
  const forMs = (ms: number, endsAtMs: number | null = null): Kept => ({
    answer: describeAnswer(answer),
    servedUntilMs: steadyMs + ms,
    endsAtMs,
  });
  if (!answer.ok) return forMs(answer.failure.reason === 'introspection_server_error' ? HELD_FOR_MS : 0);
  if (answer.value.kind === 'inactive') return forMs(LIMITS.inactive.max);
  if (answer.value.expiresAt === null) return forMs(LIMITS.active.max);
  const endsAtMs = answer.value.expiresAt * 1000;
  if (endsAtMs <= wallMs) return forMs(LIMITS.inactive.max);
  return forMs(Math.min(LIMITS.active.max, endsAtMs - wallMs), endsAtMs);
}

function answerNow(said: Said = { kind: 'inactive' }, wallMs: number): Answer {
  if (typeof said === 'string') return fail(fault(said));
  if (said.kind === 'inactive') return succeed(INACTIVE);
  if (said.livesForSeconds === null) return succeed({ ...anAnswer(), expiresAt: null });
  return succeed(anAnswer({ exp: Math.floor(wallMs / 1000) + said.livesForSeconds }));
}

function describeAnswer(answer: Answer): string {
  if (!answer.ok) return answer.failure.reason;
  return answer.value.kind === 'inactive' ? 'inactive' : `active until ${answer.value.expiresAt}`;
}

function nameOf({ client, token }: { client: (typeof CLIENTS)[number]; token: string }): string {
  return `${client.name} ${token}`;
}
