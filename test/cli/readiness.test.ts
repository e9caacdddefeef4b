import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createReadinessWatch } from '../../src/cli/readiness.ts';
import {
  type ClientContext,
  fail,
  type Fault,
  fault,
  type HouseEvent,
  type Result,
  succeed,
} from '../../src/domain/index.ts';
import { aClient } from '../support/builders.ts';

const FINE: Result<null, Fault> = succeed(null);
const UNREACHABLE = fail(fault('introspection_unreachable', 'connection refused'));
const REFUSED = fail(fault('credentials_refused', '401'));
const WRONG_ISSUER = fail(fault('metadata_invalid', 'another issuer'));

function aWatch(answers: Record<string, () => Promise<Result<null, Fault>>>) {
  const events: HouseEvent[] = [];
  const asked: string[] = [];
  const watch = createReadinessWatch({
    warm: async ({ name }: ClientContext) => {
      asked.push(name);
      return (answers[name] ?? (async () => FINE))();
    },
    isWrongSetting: ({ reason }) => reason === 'metadata_invalid' || reason === 'credentials_refused',
    observe: (event) => void events.push(event),
    randomness: { fraction: () => 0.5 },
    changed: () => undefined,
  });
  return { watch, events, asked };
}

describe('createReadinessWatch', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('is not ready before the doors are open, and says so', () => {
    const { watch } = aWatch({});
    expect(watch.state()).toEqual({ ready: false, waitingFor: ['the doors'] });
  });

  it('is ready when every client had a first attempt that succeeded', async () => {
    const { watch } = aWatch({});
    watch.begin([aClient({ name: 'a' }), aClient({ name: 'b' })]);
    expect(watch.state().ready).toBe(false);
    await jest.advanceTimersByTimeAsync(0);
    expect(watch.state()).toEqual({ ready: true, waitingFor: [] });
  });

  it('is ready during an outage of the authorization server', async () => {
    const { watch } = aWatch({ a: async () => UNREACHABLE });
    watch.begin([aClient({ name: 'a' })]);
    await jest.advanceTimersByTimeAsync(0);
    expect(watch.state().ready).toBe(true);
    expect(watch.clients().get('a')).toBe('outage');
  });

  it('waits for a first attempt that does not end, but not longer than five seconds', async () => {
    const { watch } = aWatch({ a: () => new Promise(() => undefined) });
    watch.begin([aClient({ name: 'a' })]);
    await jest.advanceTimersByTimeAsync(4_999);
    expect(watch.state()).toEqual({ ready: false, waitingFor: ['the first attempt of client "a"'] });
    await jest.advanceTimersByTimeAsync(1);
    expect(watch.state().ready).toBe(true);
  });

  it('is held back when the settings of its only client are wrong, and recovers when they work', async () => {
    let answer: Result<null, Fault> = WRONG_ISSUER;
    const { watch, events } = aWatch({ a: async () => answer });
    watch.begin([aClient({ name: 'a' })]);
    await jest.advanceTimersByTimeAsync(6_000);
    expect(watch.state().ready).toBe(false);
    expect(events).toContainEqual(expect.objectContaining({ event: 'lifecycle', phase: 'warning' }));
    answer = FINE;
    await jest.advanceTimersByTimeAsync(20_000);
    expect(watch.state().ready).toBe(true);
  });

  it('is ready although one of two clients is wrong, and warns once', async () => {
    const { watch, events } = aWatch({ a: async () => WRONG_ISSUER });
    watch.begin([aClient({ name: 'a' }), aClient({ name: 'b' })]);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(watch.state().ready).toBe(true);
    expect(events.filter((event) => event.event === 'lifecycle' && event.phase === 'warning')).toHaveLength(
      1,
    );
  });

  it('takes credentials for refused after three random tokens, not after one', async () => {
    const { watch, asked } = aWatch({ a: async () => REFUSED });
    watch.begin([aClient({ name: 'a' })]);
    await jest.advanceTimersByTimeAsync(0);
    expect(watch.clients().get('a')).toBe('pending');
    await jest.advanceTimersByTimeAsync(600);
    expect(asked).toHaveLength(3);
    expect(watch.clients().get('a')).toBe('wrong');
    expect(watch.state().ready).toBe(false);
  });

  it('waits for the success of a required client, outage or not', async () => {
    let answer: Result<null, Fault> = UNREACHABLE;
    const { watch } = aWatch({ a: async () => answer });
    watch.begin([aClient({ name: 'a', required: true }), aClient({ name: 'b' })]);
    await jest.advanceTimersByTimeAsync(30_000);
    expect(watch.state()).toEqual({ ready: false, waitingFor: ['client "a", which is required'] });
    answer = FINE;
    await jest.advanceTimersByTimeAsync(20_000);
    expect(watch.state().ready).toBe(true);
  });

  it('stays ready when a reload brings a client that does not work', async () => {
    const { watch } = aWatch({ bad: async () => WRONG_ISSUER });
    const good = aClient({ name: 'a' });
    watch.begin([good]);
    await jest.advanceTimersByTimeAsync(0);
    watch.follow([good, aClient({ name: 'bad', required: true })]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(watch.state().ready).toBe(true);
    expect(watch.clients().get('bad')).toBe('wrong');
  });

  it('asks again only about clients that a reload changed', async () => {
    const { watch, asked } = aWatch({});
    const same = aClient({ name: 'same' });
    watch.begin([same]);
    await jest.advanceTimersByTimeAsync(0);
    watch.follow([same, aClient({ name: 'added' })]);
    await jest.advanceTimersByTimeAsync(0);
    expect(asked).toEqual(['same', 'added']);
  });

  it('is not ready while it drains', async () => {
    const { watch } = aWatch({});
    watch.begin([aClient()]);
    await jest.advanceTimersByTimeAsync(0);
    watch.drain();
    expect(watch.state().ready).toBe(false);
  });
});
