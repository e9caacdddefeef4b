import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aPolicy, type RouteWords, ruleOf } from './builders.ts';

// Decision 14 once more, written as it reads: every rule is looked at, nothing is worked out before.
function expectedRule(routes: readonly RouteWords[], request: Request): string {
  const guards: RouteWords[] = [];
  for (const route of routes) {
    const hosts = listOf(route.hosts, '*').filter((pattern) => isHostIn(request.host, pattern));
    const paths = listOf(route.paths, '/**').filter((pattern) => isPathIn(request.path, pattern));
    if (hosts.length === 0 || paths.length === 0) continue;
    const isInside = guards.every(
      (guard) =>
        hosts.every((host) => listOf(guard.hosts, '*').some((wide) => isHostInside(host, wide))) &&
        paths.every((path) => listOf(guard.paths, '/**').some((wide) => isPathInside(path, wide))),
    );
    if (!isInside) continue;
    if (listOf(route.methods, request.method).includes(request.method)) return route.name ?? '';
    if (route.otherwise !== 'next') guards.push(route);
  }
  return guards.length === 0 ? 'no_route' : 'route_guarded';
}

const HOSTS = ['a.x', 'b.x', 'a.b.x', 'y'];
const HOST_PATTERNS = ['*', '*.x', '*.b.x', ...HOSTS];
const SEGMENTS = ['a', 'b', 'c'];
const PATHS = [
  '/',
  ...SEGMENTS.flatMap((one) => [
    `/${one}`,
    ...SEGMENTS.flatMap((two) => [`/${one}/${two}`, `/${one}/${two}/a`]),
  ]),
];

interface Request {
  readonly host: string;
  readonly path: string;
  readonly method: string;
}

describe('finding a rule', () => {
  it('comes to the rule that decision 14 read literally comes to, over generated rules and requests', () => {
    const host = fc.constantFrom(...HOST_PATTERNS.slice(1));
    const path = fc
      .tuple(fc.array(fc.constantFrom(...SEGMENTS, '*'), { maxLength: 3 }), fc.boolean())
      .map(([segments, isDeep]) => `/${[...segments, ...(isDeep ? ['**'] : [])].join('/')}`);
    const route = fc.record({
      hosts: fc.array(host, { maxLength: 2 }),
      paths: fc.array(path, { maxLength: 2 }),
      methods: fc.subarray(['PUT', 'POST'], { maxLength: 1 }),
      otherwise: fc.constantFrom('deny', 'deny', 'next'),
    });
    const requests = fc.array(
      fc.record({
        host: fc.constantFrom(...HOSTS),
        path: fc.constantFrom(...PATHS),
        method: fc.constantFrom('PUT', 'POST'),
      }),
      { minLength: 8, maxLength: 8 },
    );
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(fc.array(route, { minLength: 1, maxLength: 7 }), requests, (generated, requests) => {
        const routes = generated.map((words, at) => ({ ...words, name: `rule-${at}` }));
        const policy = aPolicy(routes);
        for (const request of requests) {
          const expected = expectedRule(routes, request);
          seen.set(expected, (seen.get(expected) ?? 0) + 1);
          expect(ruleOf(policy, request)).toBe(expected);
        }
      }),
      { numRuns: 1_500 },
    );
    // All outcomes occurred, so the comparison compared something.
    for (const outcome of ['no_route', 'route_guarded', 'rule-0', 'rule-3']) {
      expect(seen.get(outcome) ?? 0).toBeGreaterThan(50);
    }
  });
});

function listOf(written: readonly string[] | undefined, otherwise: string): readonly string[] {
  return written === undefined || written.length === 0 ? [otherwise] : written;
}

function isHostIn(host: string, pattern: string): boolean {
  return pattern === '*' || pattern === host || (pattern.startsWith('*.') && host.endsWith(pattern.slice(1)));
}

/** Judged by every host there is in this test's world, and by one that no exact pattern names. */
function isHostInside(narrow: string, wide: string): boolean {
  const world = [...HOSTS, 'q.x', 'q.b.x', 'q'];
  return world.every((host) => !isHostIn(host, narrow) || isHostIn(host, wide));
}

function isPathIn(path: string, pattern: string): boolean {
  const shape = pattern
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) => (segment === '**' ? '(?:/[^/]+)*' : segment === '*' ? '/[^/]+' : `/${segment}`))
    .join('');
  const known = pathShapes.get(shape) ?? new RegExp(`^${shape}/?$`);
  pathShapes.set(shape, known);
  return known.test(path);
}

const pathShapes = new Map<string, RegExp>();

/** Judged by every path of up to four segments, some of them of a segment that no pattern names. */
function isPathInside(narrow: string, wide: string): boolean {
  const pair = `${narrow} ${wide}`;
  const known = insidePaths.get(pair);
  if (known !== undefined) return known;
  const isInside = WORLD_PATHS.every((path) => !isPathIn(path, narrow) || isPathIn(path, wide));
  insidePaths.set(pair, isInside);
  return isInside;
}

const insidePaths = new Map<string, boolean>();

const WORLD_PATHS = [1, 2, 3, 4]
  .reduce<readonly (readonly string[])[]>(
    (levels) => [
      ...levels,
      (levels.at(-1) ?? []).flatMap((path) => [...SEGMENTS, 'q'].map((segment) => `${path}/${segment}`)),
    ],
    [['']],
  )
  .flat()
  .map((path) => (path === '' ? '/' : path));
