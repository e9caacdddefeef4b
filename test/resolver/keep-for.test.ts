import { describe, expect, it } from '@jest/globals';
import { epochMilliseconds, INACTIVE, milliseconds } from '../../src/domain/index.ts';
import { keepFor } from '../../src/resolver/index.ts';
import { anAnswer, inSeconds, NOW } from '../cache/records.ts';
import { LIMITS } from './house.ts';

const now = epochMilliseconds(NOW);

describe('keepFor', () => {
  it.each<[string, number, Parameters<typeof anAnswer>[0]]>([
    ['the configured time when the token lives longer', 60_000, { exp: inSeconds(3_600) }],
    ['until exp when that comes first (CACHE-2)', 2_000, { exp: inSeconds(2) }],
    ['until nbf when the token is not valid yet (T-35)', 3_000, { nbf: inSeconds(3) }],
    ['the configured time when nbf is past', 60_000, { nbf: inSeconds(-3) }],
    ['until exp when nbf is past', 2_000, { exp: inSeconds(2), nbf: inSeconds(-3) }],
    ['the short time when exp is now', 5_000, { exp: inSeconds(0) }],
    ['the short time when exp is past', 5_000, { exp: inSeconds(-100) }],
  ])('keeps an active answer for %s', (_what, expected, claims) => {
    expect(keepFor(anAnswer(claims), now, LIMITS)).toBe(expected);
  });

  it('keeps an active answer without exp for the configured time (CACHE-3)', () => {
    expect(keepFor({ ...anAnswer(), expiresAt: null }, now, LIMITS)).toBe(60_000);
  });

  it('keeps an inactive answer for its own, short time (CACHE-5)', () => {
    expect(keepFor(INACTIVE, now, LIMITS)).toBe(5_000);
  });

  it('keeps nothing whose configured time is zero (CACHE-4)', () => {
    const off = { active: { max: milliseconds(0) }, inactive: { max: milliseconds(0) } };
    expect([keepFor(anAnswer(), now, off), keepFor(INACTIVE, now, off)]).toEqual([0, 0]);
  });
});
