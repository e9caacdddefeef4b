import { describe, expect, it } from '@jest/globals';

import {
  type Check,
  type Decision,
  epochMilliseconds,
  type HouseEvent,
  milliseconds,
  monotonicMilliseconds,
  type RequestContext,
} from '../../../src/domain/index.ts';
import {
  type CheckHandler,
  type CheckHandlerParts,
  createCheckHandler,
} from '../../../src/gateway/envoy/check-handler.ts';
import { aDenial, aFault, anAllow, answerFor, systemClock } from './builders.ts';
import { CODECS } from './protos.ts';
import { checkOf, field, mappedHeader } from './wire.ts';

const A_CHECK = checkOf(field(2, 'GET'), field(4, '/orders'), field(5, 'api.example.com'));

describe('createCheckHandler', () => {
  it('answers before it returns when the verdict is at hand, and leaves nothing open', () => {
    const { handler, answers, events } = aHandler(() => anAllow());
    expect(handler.handle(A_CHECK, null, answers.push)).toBeNull();
    expect(answers.read()).toMatchObject([{ status: { code: 0 }, httpResponse: 'okResponse' }]);
    expect(events).toMatchObject([
      { event: 'decided', door: 'grpc', context: { path: '/orders' }, decision: { kind: 'allow' } },
    ]);
  });

  it('answers once when the verdict comes later', async () => {
    const verdict = Promise.withResolvers<Decision>();
    const { handler, answers, events } = aHandler(() => verdict.promise);
    expect(handler.handle(A_CHECK, null, answers.push)).not.toBeNull();
    expect(answers.read()).toEqual([]);
    verdict.resolve(aDenial('token_inactive'));
    await turns();
    expect(answers.read()).toMatchObject([{ status: { code: 16 } }]);
    expect(events).toHaveLength(1);
  });

  it('measures what it took', async () => {
    let now = 100;
    const verdict = Promise.withResolvers<Decision>();
    const { handler, answers, events } = aHandler(() => verdict.promise, {
      clock: { now: systemClock.now, monotonic: () => monotonicMilliseconds(now) },
    });
    handler.handle(A_CHECK, null, answers.push);
    now = 142;
    verdict.resolve(anAllow());
    await turns();
    expect(events).toMatchObject([{ event: 'decided', tookMs: 42 }]);
  });

  describe('denies with 503 and tells only the class', () => {
    class UpsetError extends Error {}
    const secret = 'Bearer abc';

    it.each<readonly [string, Check]>([
      [
        'when the check throws',
        () => {
          throw new UpsetError(secret);
        },
      ],
      ['when the check rejects', () => Promise.reject(new UpsetError(secret))],
      ['when the check answers nothing', () => undefined as unknown as Decision],
      ['when the check comes to nothing', () => Promise.resolve(null as unknown as Decision)],
      ['when the decision is none we know', () => ({ kind: 'perhaps' }) as unknown as Decision],
      ['when the answer cannot be made', () => ({ kind: 'allow', strays: [] }) as unknown as Decision],
    ])('%s', async (_when, check) => {
      const { handler, answers, events } = aHandler(check);
      handler.handle(A_CHECK, null, answers.push);
      await turns();
      expect(answers.read()).toMatchObject([
        { status: { code: 14 }, deniedResponse: { status: { code: 'ServiceUnavailable' } } },
      ]);
      expect(events).toMatchObject([
        { event: 'crashed', where: 'gateway/envoy' },
        { event: 'decided', decision: { kind: 'fault', reason: 'internal' } },
      ]);
      expect(JSON.stringify(events)).not.toContain(secret);
    });

    it('when even the refusal cannot be made', () => {
      let calls = 0;
      const { handler, answers } = aHandler(() => aDenial('no_route'), {
        answerFor: (refusal) => {
          calls += 1;
          if (calls > 1) throw new UpsetError();
          return answerFor(refusal);
        },
      });
      handler.handle(A_CHECK, null, answers.push);
      expect(answers.read()).toMatchObject([{ status: { code: 14 } }]);
    });
  });

  it('answers once although the verdict arrives twice', async () => {
    const twice = {
      then(resolve: (decision: Decision) => void) {
        resolve(aDenial('no_route'));
        resolve(anAllow());
      },
    } as unknown as Promise<Decision>;
    const { handler, answers } = aHandler(() => twice);
    handler.handle(A_CHECK, null, answers.push);
    await turns();
    expect(answers.read()).toMatchObject([{ status: { code: 7 } }]);
  });

  it('survives a connection that cannot take the answer', () => {
    const { handler, events } = aHandler(() => anAllow());
    handler.handle(A_CHECK, null, () => {
      throw new TypeError('gone');
    });
    expect(events).toMatchObject([
      { event: 'crashed', cause: 'TypeError' },
      { event: 'decided', decision: { kind: 'allow' } },
    ]);
  });

  it('gives no answer to a caller who left, and lets the enquiry go on', async () => {
    const verdict = Promise.withResolvers<Decision>();
    const { handler, answers, events } = aHandler(() => verdict.promise);
    const open = handler.handle(A_CHECK, null, answers.push);
    open?.leave();
    open?.leave();
    verdict.resolve(anAllow());
    await turns();
    expect(answers.read()).toEqual([]);
    expect(events).toEqual([{ event: 'caller_left', door: 'grpc' }]);
  });

  it('takes no notice of a leaving after the answer', async () => {
    const { handler, answers, events } = aHandler(() => Promise.resolve(anAllow()));
    const open = handler.handle(A_CHECK, null, answers.push);
    await turns();
    open?.leave();
    expect(events).toMatchObject([{ event: 'decided' }]);
  });

  describe('refuses without asking', () => {
    it.each([
      ['bytes that are no message', Buffer.of(0xff), 'request_malformed', 3, 'BadRequest'],
      ['a message over 8 MiB', Buffer.alloc(8 * 1024 * 1024 + 1), 'message_too_large', 3, 'PayloadTooLarge'],
      [
        'headers over 96 KiB',
        checkOf(mappedHeader('x-a', 'a'.repeat(97 * 1024))),
        'headers_too_large',
        8,
        'RequestHeaderFieldsTooLarge',
      ],
    ])('%s', (_what, bytes, reason, code, status) => {
      const { handler, answers, events, contexts } = aHandler(() => anAllow());
      handler.handle(bytes, null, answers.push);
      expect(answers.read()).toMatchObject([
        { status: { code }, deniedResponse: { status: { code: status } } },
      ]);
      expect(events).toMatchObject([{ event: 'decided', context: null, decision: { kind: 'deny', reason } }]);
      expect(contexts).toEqual([]);
    });

    it('takes a message of 8 MiB whose body nobody reads', () => {
      const { handler, answers } = aHandler(() => anAllow());
      const frame = 30;
      handler.handle(
        checkOf(field(4, '/'), field(12, Buffer.alloc(8 * 1024 * 1024 - frame))),
        null,
        answers.push,
      );
      expect(answers.read()).toMatchObject([{ status: { code: 0 } }]);
    });
  });

  describe('waitUntil (ENV-3)', () => {
    const settings = { max: milliseconds(800), margin: milliseconds(25) };

    it.each([
      ['is `wait.max` when the caller names no deadline', null, 1_800],
      ['is the deadline less the margin when that is shorter', 200, 1_175],
      ['is `wait.max` when the deadline is further away', 5_000, 1_800],
      ['is now when the deadline leaves nothing', 10, 1_000],
      ['is now when the deadline has passed', -50, 1_000],
    ])('%s', (_what, leftMs, expected) => {
      const wall = 1_700_000_000_000;
      const { handler, answers, contexts } = aHandler(() => anAllow(), {
        clock: { now: () => epochMilliseconds(wall), monotonic: () => monotonicMilliseconds(1_000) },
        wait: () => settings,
      });
      handler.handle(A_CHECK, leftMs === null ? null : epochMilliseconds(wall + leftMs), answers.push);
      expect(contexts[0]?.waitUntil).toBe(expected);
    });

    it('is kept by the door when the check forgets it (G21)', async () => {
      const { handler, answers, events } = aHandler(() => new Promise(() => undefined), {
        wait: () => ({ max: milliseconds(20), margin: milliseconds(10) }),
      });
      await new Promise<void>((resolve) => {
        handler.handle(A_CHECK, null, (answer) => {
          answers.push(answer);
          resolve();
        });
      });
      expect(answers.read()).toMatchObject([{ status: { code: 14 } }]);
      expect(events).toMatchObject([{ decision: { kind: 'fault', reason: 'wait_exceeded' } }]);
    });

    it('is past, and a check that rejects afterwards harms nobody', async () => {
      const verdict = Promise.withResolvers<Decision>();
      const { handler, answers, events } = aHandler(() => verdict.promise, {
        wait: () => ({ max: milliseconds(0), margin: milliseconds(0) }),
      });
      handler.handle(A_CHECK, null, answers.push);
      await turns();
      verdict.reject(new RangeError());
      await turns();
      expect(events.map(({ event }) => event)).toEqual(['decided', 'crashed']);
      expect(answers.read()).toHaveLength(1);
    });
  });

  it('denies whoever waits with `draining` when the door is shut, and whoever comes then (T-70)', async () => {
    const verdict = Promise.withResolvers<Decision>();
    const { handler, answers, events, contexts } = aHandler(() => verdict.promise);
    handler.handle(A_CHECK, null, answers.push);
    handler.abandon();
    handler.handle(A_CHECK, null, answers.push);
    verdict.resolve(aFault('introspection_timeout'));
    await turns();
    expect(contexts).toHaveLength(1);
    expect(answers.read()).toMatchObject([{ status: { code: 14 } }, { status: { code: 14 } }]);
    expect(events).toMatchObject([
      { decision: { reason: 'draining' } },
      { decision: { reason: 'draining' } },
    ]);
  });
});

interface Scene {
  readonly handler: CheckHandler;
  readonly answers: { readonly push: (answer: Buffer) => void; readonly read: () => readonly object[] };
  readonly events: readonly HouseEvent[];
  readonly contexts: readonly RequestContext[];
}

function aHandler(check: Check, differing: Partial<CheckHandlerParts> = {}): Scene {
  const answered: Buffer[] = [];
  const events: HouseEvent[] = [];
  const contexts: RequestContext[] = [];
  const handler = createCheckHandler({
    check: (context) => {
      contexts.push(context);
      return check(context);
    },
    answerFor,
    clock: systemClock,
    observe: (event) => void events.push(event),
    wait: () => ({ max: milliseconds(5_000), margin: milliseconds(25) }),
    trustedHops: () => 0,
    ...differing,
  });
  return {
    handler,
    answers: {
      push: (answer) => void answered.push(answer),
      read: () => answered.map((answer) => CODECS[0]?.decodeResponse(answer) ?? {}),
    },
    events,
    contexts,
  };
}

/** As many turns of the loop as a promise needs to be heard of. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
