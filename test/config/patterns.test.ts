import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RouteSettings } from '../../src/domain/index.ts';
import { readSettings } from '../../src/config/index.ts';
import { inspectPatterns } from '../../src/policy/index.ts';
import { aWorld } from './worlds.ts';

const CLIENTS = {
  only: { issuer: 'https://idp.example.com', clientId: 'a', clientSecret: { env: 'SECRET' } },
};

const segment = fc.oneof(
  fc.stringMatching(/^[a-z*%.;é\\0-9A-F~-]{0,4}$/),
  fc.constantFrom(
    'a',
    '*',
    '**',
    '%2F',
    '%2e',
    '%3B',
    '%C3%A9',
    'é',
    '.',
    '..',
    '',
    '%25',
    '%2541',
    '%41',
    '%7e',
  ),
);
const path = fc.array(segment, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`);
const host = fc.oneof(
  fc.stringMatching(/^[a-zA-Z*_:[\]0-9. -]{0,12}$/),
  fc.ipV6().map((address) => `[${address}]`),
  fc.domain().map((domain) => `*.${domain}`),
  fc.constantFrom('[fe80::1%eth0]', '*.[::1]', 'a..b', 'a.', '_x.y', '1.2.3.4', '*.1.2.3.4'),
);
const scrub = fc.stringMatching(/^[a-zA-Z*_:. -]{0,8}$/);

const join = fc.string({ minLength: 1, maxLength: 3 });

describe('what the settings accept', () => {
  it('has a meaning to the policy: hosts, paths, scrub patterns and separators', async () => {
    let accepted = 0;
    await fc.assert(
      fc.asyncProperty(host, path, scrub, join, async (oneHost, onePath, oneScrub, oneJoin) => {
        for (const settings of [
          { routes: [{ name: 'a', match: { hosts: [oneHost] } }] },
          { routes: [{ name: 'a', match: { paths: [onePath] } }] },
          { scrub: [oneScrub] },
          { routes: [{ name: 'a', upstream: { headers: { 'x-a': { claim: 'a', join: oneJoin } } } }] },
        ]) {
          const text = JSON.stringify({ clients: CLIENTS, ...settings });
          const read = await readSettings({ path: 'x', text }, aWorld({ offline: true }));
          if (!read.ok) continue;
          accepted += 1;
          expect(problemsIn(read.value.routes, read.value.scrub)).toEqual([]);
        }
      }),
      { numRuns: 150 },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});

function problemsIn(routes: readonly RouteSettings[], patterns: readonly string[]): readonly string[] {
  return inspectPatterns(routes, { scrub: patterns }).map(({ message }) => message);
}
