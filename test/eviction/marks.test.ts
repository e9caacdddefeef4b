import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  AccessToken,
  type AnsweredToken,
  epochMilliseconds,
  INACTIVE,
  type Matcher,
  milliseconds,
} from '../../src/domain/index.ts';
import { createMarks } from '../../src/eviction/marks.ts';
import { aClock, anAnswer } from '../cache/records.ts';
import { aClient } from '../support/builders.ts';
import { anAnswered, NO_CONDITION } from './parts.ts';

const LIFE = 60_000;
const SKEW = 5_000;

function someMarks(most?: number) {
  const clock = aClock();
  const fingerprintsOf = (token: AccessToken) => [`print of ${token.reveal()}`];
  const marks = createMarks({ clock, fingerprintsOf, lifetime: () => milliseconds(LIFE) }, most);
  let made = 0;
  return {
    clock,
    marks,
    forget: (matcher: Partial<Matcher>, madeAt = clock.now()) =>
      marks.add({ id: `mark ${(made += 1)}`, madeAt, matcher: { ...NO_CONDITION, ...matcher } }),
  };
}

const ALICE: AnsweredToken = anAnswered({
  introspection: anAnswer({
    sub: 'alice',
    client_id: 'web',
    iss: 'https://idp.example',
    sid: 's-1',
    jti: 'j-1',
  }),
  client: aClient({ name: 'orders', issuer: 'https://front.example' }),
  token: new AccessToken('token-of-alice'),
});
const BOB: AnsweredToken = anAnswered({
  introspection: anAnswer({
    sub: 'bob',
    client_id: 'app',
    iss: 'https://other.example',
    sid: 's-2',
    jti: 'j-2',
  }),
  client: aClient({ name: 'partner', issuer: null }),
  token: new AccessToken('token-of-bob'),
});

describe('marks', () => {
  it.each<[string, Partial<Matcher>]>([
    ['its token', { fingerprints: ['another', 'print of token-of-alice'] }],
    ['its jti', { tokenId: 'j-1' }],
    ['its session', { session: 's-1' }],
    ['its subject', { subject: 'alice' }],
    ['its client', { clientId: 'web' }],
    ['its issuer', { issuer: 'https://idp.example' }],
    ['the issuer of our client', { issuer: 'https://front.example' }],
    ['its tenant', { tenant: 'orders' }],
    ['subject and issuer', { subject: 'alice', issuer: 'https://idp.example' }],
  ])('cover an answer from before by %s, and no other one (CACHE-8)', (_what, matcher) => {
    const { marks, forget } = someMarks();
    const seen = marks.count;
    expect(forget(matcher)).toBe(true);
    expect([marks.covers(ALICE, seen), marks.covers(BOB, seen)]).toEqual([true, false]);
    expect(marks.covers(ALICE, marks.count)).toBe(false);
  });

  it('cover every answer with no condition at all', () => {
    const { marks, forget } = someMarks();
    forget({});
    expect([marks.covers(ALICE, 0), marks.covers(BOB, 0)]).toEqual([true, true]);
  });

  it('cover nothing of which one of several conditions does not hold', () => {
    const { marks, forget } = someMarks();
    forget({ subject: 'alice', issuer: 'https://other.example' });
    expect([marks.covers(ALICE, 0), marks.covers(BOB, 0)]).toEqual([false, false]);
  });

  it('cover an inactive answer by token, issuer and tenant, which are all that is known of it', () => {
    const { marks, forget } = someMarks();
    const inactive = { ...ALICE, introspection: INACTIVE };
    for (const matcher of [{ subject: 'alice' }, { clientId: 'web' }, { session: 's-1' }]) forget(matcher);
    expect(marks.covers(inactive, 0)).toBe(false);
    const seen = marks.count;
    forget({ issuer: 'https://front.example' });
    expect(marks.covers(inactive, seen)).toBe(true);
    const later = marks.count;
    forget({ fingerprints: ['print of token-of-alice'] });
    expect(marks.covers(inactive, later)).toBe(true);
  });

  it('cover what lies in a store up to as long after as clocks may differ (INV-2)', () => {
    const { marks, forget, clock } = someMarks();
    forget({ subject: 'alice' });
    const at = (ms: number) => epochMilliseconds(clock.now() + ms);
    expect(marks.coversStored(ALICE, at(-1))).toBe(true);
    expect(marks.coversStored(ALICE, at(SKEW - 1))).toBe(true);
    expect(marks.coversStored(ALICE, at(SKEW))).toBe(false);
    expect(marks.coversStored(BOB, at(-1))).toBe(false);
  });

  it('that come from the future count from now', () => {
    const { marks, forget, clock } = someMarks();
    forget({}, epochMilliseconds(clock.now() + 86_400_000));
    expect(marks.coversStored(ALICE, epochMilliseconds(clock.now() + SKEW))).toBe(false);
    expect(marks.coversStored(ALICE, epochMilliseconds(clock.now() + SKEW - 1))).toBe(true);
  });

  it('that come twice, or when nothing from before lives any more, are not marks', () => {
    const { marks, clock } = someMarks();
    const mark = { id: 'the same', madeAt: clock.now(), matcher: NO_CONDITION };
    expect([marks.add(mark), marks.add(mark)]).toEqual([true, false]);
    expect(marks.add({ ...mark, id: 'old', madeAt: epochMilliseconds(clock.now() - LIFE - 1) })).toBe(false);
    expect(marks.count).toBe(1);
  });

  it('end when no answer from before can live, and what was not looked at since stays forgotten', () => {
    const { marks, forget, clock } = someMarks();
    forget({ subject: 'alice' });
    clock.pass(LIFE);
    forget({ subject: 'nobody' });
    expect(marks.size).toBe(1);
    expect(marks.covers(ALICE, 1)).toBe(false);
    expect(marks.covers(ALICE, 0)).toBe(true);
    expect(marks.coversStored(ALICE, epochMilliseconds(clock.now() - 1))).toBe(false);
  });

  it('beyond their bound become one for everything, so that nothing lives on for want of room', () => {
    const { marks, forget } = someMarks(2);
    forget({ subject: 'carol' });
    forget({ subject: 'dave' });
    expect(marks.room).toBe(0);
    const seen = marks.count;
    forget({ subject: 'erin' });
    expect([marks.covers(ALICE, seen), marks.size]).toEqual([true, 1]);
  });

  it('agree with a list of all that was ever forgotten, whatever comes in whatever order', () => {
    const value = fc.constantFrom('a', 'b', null);
    const matcher = fc.record({ subject: value, session: value, issuer: value, tenant: value });
    const steps = fc.array(fc.record({ matcher, look: fc.nat(8) }), { maxLength: 12 });
    fc.assert(
      fc.property(steps, matcher, (all, shown) => {
        const { marks, forget } = someMarks();
        const answer = anAnswered({
          introspection: anAnswer({
            ...(shown.subject === null ? {} : { sub: shown.subject }),
            ...(shown.issuer === null ? {} : { iss: shown.issuer }),
            ...(shown.session === null ? {} : { sid: shown.session }),
          }),
          client: aClient({ name: shown.tenant ?? 'none', issuer: null }),
        });
        const fits = ({ matcher: asked }: (typeof all)[number]): boolean =>
          (asked.subject === null || asked.subject === shown.subject) &&
          (asked.session === null || asked.session === shown.session) &&
          (asked.issuer === null || asked.issuer === shown.issuer) &&
          (asked.tenant === null || asked.tenant === (shown.tenant ?? 'none'));
        for (const step of all) forget(step.matcher);
        for (const { look } of all) expect(marks.covers(answer, look)).toBe(all.slice(look).some(fits));
      }),
    );
  });
});
