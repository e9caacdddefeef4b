import { describe, expect, it } from '@jest/globals';

import { type JsonObject, type RouteMatch, UnusableRequestError } from '../../src/domain/index.ts';
import {
  areRivals,
  compileMatch,
  compileRest,
  coversRest,
  fits,
  fitsAlways,
} from '../../src/matching/index.ts';
import { aMatch, aRequest } from '../support/builders.ts';

const bytes = (text: string): string => Buffer.from(text).toString('latin1');

describe('a match by the server name of the handshake', () => {
  const rest = compileRest(aMatch({ serverNames: ['Orders.example.com', '*.partner.example'] }));

  it.each([
    ['the name', 'orders.example.com', true],
    ['the name with a dot at its end', 'orders.example.com.', true],
    ['a name of the family', 'x.y.partner.example', true],
    ['the name that the family is named after', 'partner.example', false],
    ['a name that only ends alike', 'evil-orders.example.com', false],
    ['another name', 'example.com', false],
    ['no name at all', null, false],
    ['something that is no name', 'orders.example.com,x', false],
  ])('takes %s: %j, %j', (_what, serverName, expected) => {
    expect(fits(rest, aRequest({ serverName }))).toBe(expected);
  });

  it('looks at the handshake, never at the host that the caller wrote', () => {
    expect(fits(rest, aRequest({ host: 'orders.example.com' }))).toBe(false);
  });
});

describe('a match by the metadata of the route', () => {
  const rest = compileRest(
    aMatch({
      routeMetadata: new Map([
        ['com.example', new Map([['tier', ['gold', '7', 'true', 'größer']]])],
        ['größe', new Map([['a', ['b']]])],
      ]),
    }),
  );
  const other = { [bytes('größe')]: { a: 'b' } };

  it.each<[string, JsonObject, boolean]>([
    ['the value', { 'com.example': { tier: 'gold' }, ...other }, true],
    [
      'a value beyond ASCII: a request carries bytes',
      { 'com.example': { tier: bytes('größer') }, ...other },
      true,
    ],
    ['a number', { 'com.example': { tier: 7 }, ...other }, true],
    ['a truth value', { 'com.example': { tier: true }, ...other }, true],
    ['another value', { 'com.example': { tier: 'lead' }, ...other }, false],
    ['a list with the value', { 'com.example': { tier: ['gold'] }, ...other }, false],
    ['a map with the value', { 'com.example': { tier: { gold: 'gold' } }, ...other }, false],
    ['nothing under the name', { 'com.example': {}, ...other }, false],
    ['the value in another namespace', { other: { tier: 'gold' }, ...other }, false],
    ['one of two namespaces', { 'com.example': { tier: 'gold' } }, false],
    ['no metadata', {}, false],
  ])('takes %s', (_what, routeMetadata, expected) => {
    expect(fits(rest, aRequest({ routeMetadata }))).toBe(expected);
  });

  it('lets a request whose metadata cannot be read come out as unusable', () => {
    const request = Object.defineProperty(aRequest(), 'routeMetadata', {
      get: () => {
        throw new UnusableRequestError('attributes.route_metadata_context cannot be read');
      },
    });
    expect(() => fits(rest, request)).toThrow(UnusableRequestError);
    expect(fits(compileRest(aMatch()), request)).toBe(true);
  });
});

const metadata = (...values: readonly string[]): Partial<RouteMatch> => ({
  routeMetadata: new Map([['a', new Map([['b', values]])]]),
});

describe('coversRest', () => {
  it.each<[string, Partial<RouteMatch>, Partial<RouteMatch>, boolean]>([
    ['any server name, one', {}, { serverNames: ['a.x'] }, true],
    ['one server name, any', { serverNames: ['a.x'] }, {}, false],
    ['a family, a name of it', { serverNames: ['*.x'] }, { serverNames: ['a.x'] }, true],
    ['a family, a name of it and another', { serverNames: ['*.x'] }, { serverNames: ['a.x', 'y'] }, false],
    ['two values, one', metadata('1', '2'), metadata('1'), true],
    ['one value, two', metadata('1'), metadata('1', '2'), false],
    [
      'a value, the same of another namespace',
      metadata('1'),
      { routeMetadata: new Map([['z', new Map([['b', ['1']]])]]) },
      false,
    ],
  ])('of %s: %#', (_what, wide, narrow, expected) => {
    expect(coversRest(compileRest(aMatch(wide)), compileRest(aMatch(narrow)))).toBe(expected);
  });

  it('is not always fitting what asks for a server name or for metadata', () => {
    expect(
      [{}, { serverNames: ['a.x'] }, metadata('1')].map((match) => fitsAlways(compileRest(aMatch(match)))),
    ).toEqual([true, false, false]);
  });
});

describe('areRivals', () => {
  it.each<[string, Partial<RouteMatch>, Partial<RouteMatch>, boolean]>([
    ['the same server name', { serverNames: ['a.x'] }, { serverNames: ['A.x', 'b.x'] }, true],
    ['a family and a name of it', { serverNames: ['*.x'] }, { serverNames: ['a.x'] }, true],
    ['different server names', { serverNames: ['a.x'] }, { serverNames: ['b.x'] }, false],
    ['a server name and none', { serverNames: ['a.x'] }, {}, false],
    ['a value of metadata in common', metadata('1', '2'), metadata('2'), true],
    ['different values of metadata', metadata('1'), metadata('2'), false],
  ])('tells of two with %s', (_what, one, other, expected) => {
    const [first, second] = [one, other].map((match) => compileMatch(aMatch(match)));
    if (!first?.ok || !second?.ok) throw new Error('a pattern has no meaning');
    expect(areRivals(first.value, second.value)).toBe(expected);
    expect(areRivals(second.value, first.value)).toBe(expected);
  });
});
