import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { areRivals, compileMatch, type CompiledMatch, createMatchIndex } from '../../src/matching/index.ts';
import type { RouteMatch } from '../../src/domain/index.ts';
import { aMatch, aRequest } from '../support/builders.ts';

function compiled(match: Partial<RouteMatch>): CompiledMatch {
  const made = compileMatch(aMatch(match));
  if (!made.ok) throw new Error('a pattern has no meaning');
  return made.value;
}

function selected(matches: readonly Partial<RouteMatch>[], host: string, path: string): number | null {
  const index = createMatchIndex(matches.map((match, thing) => ({ match: compiled(match), thing })));
  return index.select(host, path, aRequest({ method: 'POST' }));
}

describe('a match index', () => {
  // The first of each pair is the more specific one.
  it.each<[string, Partial<RouteMatch>, Partial<RouteMatch>]>([
    ['an exact host before a family', { hosts: ['a.b.x'] }, { hosts: ['*.b.x'] }],
    ['a smaller family before a larger', { hosts: ['*.b.x'] }, { hosts: ['*.x'] }],
    ['a family before any host', { hosts: ['*.x'] }, {}],
    ['a host before a path', { hosts: ['*.x'] }, { paths: ['/p/q'] }],
    ['a host before conditions', { hosts: ['*.x'] }, { methods: ['POST'] }],
    ['a word before a star', { paths: ['/p/*'] }, { paths: ['/*/q'] }],
    ['a longer path before a shorter', { paths: ['/p/q/**'] }, { paths: ['/p/**'] }],
    ['a star before everything below', { paths: ['/p/*/**'] }, { paths: ['/p/**'] }],
    ['an exact path before everything below it', { paths: ['/p/q'] }, { paths: ['/p/q/**'] }],
    ['a path before conditions', { paths: ['/p/**'] }, { methods: ['POST'] }],
    ['a condition before none', { methods: ['POST'] }, {}],
  ])('prefers %s, in either order', (_, narrow, wide) => {
    expect(selected([narrow, wide], 'a.b.x', '/p/q')).toBe(0);
    expect(selected([wide, narrow], 'a.b.x', '/p/q')).toBe(1);
    expect(areRivals(compiled(narrow), compiled(wide))).toBe(false);
  });

  it('prefers the first of two that are equally specific', () => {
    expect(selected([{ methods: ['POST'] }, { methods: ['POST', 'PUT'] }], 'a', '/')).toBe(0);
  });

  it('passes over the more specific one whose conditions do not fit', () => {
    expect(selected([{ hosts: ['a.x'], methods: ['PUT'] }, { hosts: ['*.x'] }], 'a.x', '/')).toBe(1);
    expect(selected([{ hosts: ['a.x'], methods: ['PUT'] }], 'a.x', '/')).toBeNull();
  });

  it('depends on the order of the file only among rivals, over generated matches', () => {
    const match = fc.record({
      hosts: fc.subarray(['a.x', 'b.a.x', '*.x', '*.a.x'], { maxLength: 2 }),
      paths: fc.subarray(['/p', '/p/**', '/*', '/*/**', '/p/q', '/*/q', '/p/*'], { maxLength: 2 }),
      methods: fc.subarray(['POST', 'PUT']),
    });
    const host = fc.constantFrom('a.x', 'b.a.x', 'c', 'c.x');
    const path = fc.constantFrom('/', '/p', '/p/q', '/r/q', '/r');
    fc.assert(
      fc.property(fc.array(match, { maxLength: 5 }), host, path, (matches, oneHost, onePath) => {
        const forwards = selected(matches, oneHost, onePath);
        const backwards = selected([...matches].reverse(), oneHost, onePath);
        const other = backwards === null ? null : matches.length - 1 - backwards;
        if (forwards === other) return;
        const [one, two] = [matches[forwards ?? -1], matches[other ?? -1]];
        expect(one !== undefined && two !== undefined && areRivals(compiled(one), compiled(two))).toBe(true);
      }),
    );
  });
});

describe('areRivals', () => {
  it.each<[string, Partial<RouteMatch>, Partial<RouteMatch>, boolean]>([
    ['the same host', { hosts: ['a.x'] }, { hosts: ['A.x'] }, true],
    ['two values of a header', header('x-t', '1'), header('x-t', '2'), false],
    ['a value of a header in common', header('x-t', '1', '2'), header('x-t', '2'), true],
    ['two different headers', header('x-t', '1'), header('x-u', '1'), true],
    ['GET and HEAD', { methods: ['GET'] }, { methods: ['HEAD'] }, true],
    ['different methods', { methods: ['GET'] }, { methods: ['PUT'] }, false],
    ['another host each', { hosts: ['a.x'] }, { hosts: ['b.x'] }, false],
    [
      'the same host and other paths',
      { hosts: ['a.x'], paths: ['/a'] },
      { hosts: ['a.x'], paths: ['/b'] },
      false,
    ],
  ])('tells whether only the order decides between two with %s', (_, one, other, expected) => {
    expect(areRivals(compiled(one), compiled(other))).toBe(expected);
    expect(areRivals(compiled(other), compiled(one))).toBe(expected);
  });
});

function header(name: string, ...values: readonly string[]): Partial<RouteMatch> {
  return { headers: new Map([[name, values]]) };
}
