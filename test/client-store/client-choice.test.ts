import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { claimedIssuer } from '../../src/client-store/claimed-issuer.ts';
import { type CandidateStore, createClientChoice } from '../../src/client-store/index.ts';
import {
  AccessToken,
  type ClientContext,
  type ClientRefusal,
  fail,
  fault,
  type Result,
  type Soon,
  succeed,
} from '../../src/domain/index.ts';
import { aClient, aRequest } from '../support/builders.ts';

const ORDERS = 'https://orders.example';
const PARTNER = 'https://partner.example';
const encoded = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const jwt = (claims: unknown): string => `${encoded({ alg: 'RS256' })}.${encoded(claims)}.c2ln`;

/** A client in few words. */
function client(name: string, issuer: string | null, differing: Partial<ClientContext> = {}): ClientContext {
  return aClient({ name, issuer, ...differing });
}

const prefixed = (...prefixes: readonly string[]): Partial<ClientContext> => ({
  token: { kind: 'prefixes', prefixes },
});

function choiceAmong(candidates: readonly ClientContext[], unknownClient: 403 | 404 = 403) {
  const store: CandidateStore = {
    get: () => fail({ kind: 'deny', reason: 'no_client', detail: 'nobody' }),
    candidates: () => candidates,
  };
  return createClientChoice({ store }, { unknownClient });
}

const SEVERAL = { clients: ['a', 'b'], tryInOrder: false };
const IN_ORDER = { clients: ['a', 'b'], tryInOrder: true };

/** Everybody who is asked about a token that nobody knows, or why nobody is. */
async function asked(
  candidates: readonly ClientContext[],
  token: string,
  wanted = SEVERAL,
): Promise<readonly string[] | string> {
  const choice = choiceAmong(candidates);
  const found = await choice.first(wanted, new AccessToken(token), aRequest());
  if (!found.ok) return found.failure.kind === 'deny' ? found.failure.reason : 'fault';
  const names = [found.value.name];
  let next = choice.next(found.value, wanted, new AccessToken(token), aRequest());
  while (next !== null) {
    names.push(next.name);
    next = choice.next(next, wanted, new AccessToken(token), aRequest());
  }
  return names;
}

describe('one of several clients, by the issuer that a token claims', () => {
  const both = [client('orders', ORDERS), client('partner', PARTNER, { acceptIssuers: ['urn:old'] })];

  it.each([
    ['the issuer of one', jwt({ iss: ORDERS }), ['orders']],
    ['the issuer of the other', jwt({ iss: PARTNER }), ['partner']],
    ['an issuer that one accepts besides', jwt({ iss: 'urn:old' }), ['partner']],
    ['no signature', `${encoded({ alg: 'none' })}.${encoded({ iss: ORDERS })}.`, ['orders']],
    ['an unknown issuer', jwt({ iss: 'https://evil.example' }), 'token_of_no_client'],
    ['an issuer with another spelling', jwt({ iss: `${ORDERS}/` }), 'token_of_no_client'],
    ['an issuer that is no text', jwt({ iss: [ORDERS] }), 'token_of_no_client'],
    ['no issuer', jwt({ sub: 'alice' }), 'token_of_no_client'],
    ['no form of a JWT', 'zRl0mXq3c7NqGk3aB2vTn1yS8oPzLw5d', 'token_of_no_client'],
    ['five parts', `${jwt({ iss: ORDERS })}.a.b`, 'token_of_no_client'],
    ['a payload that is no JSON', `a.${encoded('{"iss":')}.c`, 'token_of_no_client'],
    [
      'a payload that is no UTF-8',
      `a.${Buffer.of(0x22, 0xff, 0x22).toString('base64url')}.c`,
      'token_of_no_client',
    ],
    ['a payload that is a list', jwt([{ iss: ORDERS }]), 'token_of_no_client'],
    ['an issuer it inherits', jwt(`{"__proto__":{"iss":"${ORDERS}"}}`), 'token_of_no_client'],
    ['a payload nested without end', `a.${encoded('['.repeat(5_000))}.c`, 'token_of_no_client'],
  ])('is asked about one with %s: %#', async (_what, token, expected) => {
    expect(await asked(both, token)).toEqual(expected);
  });

  it('is never a client of another issuer, even where they are tried in order', async () => {
    expect(await asked(both, jwt({ iss: ORDERS }), IN_ORDER)).toEqual(['orders']);
    expect(await asked(both, jwt({ iss: 'https://evil.example' }), IN_ORDER)).toBe('token_of_no_client');
    expect(await asked(both, 'opaque', IN_ORDER)).toEqual(['orders', 'partner']);
  });

  it('is one that names no issuer where no other names that of the token', async () => {
    const withFixed = [client('orders', ORDERS), client('fixed', null)];
    expect(await asked(withFixed, jwt({ iss: PARTNER }))).toEqual(['fixed']);
    expect(await asked(withFixed, jwt({ iss: ORDERS }))).toEqual(['orders']);
  });
});

describe('one of several clients, by the form of a token', () => {
  it.each([
    ['the prefix of one', 'ord_1', ['orders']],
    ['the prefix of the other', 'par_1', ['partner']],
    ['another of its prefixes', 'old-1', ['partner']],
    ['no prefix of theirs', 'oth_1', 'token_of_no_client'],
    ['a prefix in its middle', 'x.ord_1', 'token_of_no_client'],
    ['less than a prefix', 'ord', 'token_of_no_client'],
  ])('is asked about one with %s', async (_what, token, expected) => {
    const both = [
      client('orders', ORDERS, prefixed('ord_')),
      client('partner', ORDERS, prefixed('par_', 'old-')),
    ];
    expect(await asked(both, token)).toEqual(expected);
    // Nor is it shown to anybody else when they are tried in order.
    expect(await asked(both, token, IN_ORDER)).toEqual(expected);
  });

  it('is the one without a form for what fits no other', async () => {
    const both = [client('rest', ORDERS), client('orders', ORDERS, prefixed('ord_'))];
    expect(await asked(both, 'ord_1')).toEqual(['orders']);
    expect(await asked(both, 'x')).toEqual(['rest']);
  });

  it('and by the claimed issuer where the form leaves several', async () => {
    const three = [
      client('a', ORDERS, { token: { kind: 'pattern', pattern: 'e[A-Za-z0-9_-]*\\..*' } }),
      client('b', PARTNER, { token: { kind: 'pattern', pattern: 'e[A-Za-z0-9_-]*\\..*' } }),
      client('c', 'https://c.example', prefixed('c_')),
    ];
    expect(await asked(three, jwt({ iss: PARTNER }))).toEqual(['b']);
    expect(await asked(three, 'c_1')).toEqual(['c']);
    expect(await asked(three, jwt({ iss: 'https://c.example' }))).toBe('token_of_no_client');
  });
});

describe('several clients that nothing tells apart', () => {
  const alike = [client('a', ORDERS), client('b', ORDERS), client('c', ORDERS)];

  it('are asked in order, where that is spelled out', async () => {
    expect(await asked(alike, 'opaque', IN_ORDER)).toEqual(['a', 'b', 'c']);
    expect(await asked(alike, jwt({ iss: ORDERS }), IN_ORDER)).toEqual(['a', 'b', 'c']);
  });

  it('are not asked at all otherwise', async () => {
    expect(await asked(alike, 'opaque')).toBe('token_of_no_client');
  });

  it('end where the client that was asked is not among them any more', () => {
    const choice = choiceAmong(alike);
    expect(choice.next(client('gone', ORDERS), IN_ORDER, new AccessToken('x'), aRequest())).toBeNull();
  });
});

describe('the one client of a request', () => {
  const only = (answer: Soon<Result<ClientContext, ClientRefusal>>, unknownClient: 403 | 404 = 403) =>
    createClientChoice({ store: { get: () => answer, candidates: () => null } }, { unknownClient });
  const WANTED = { clients: [], tryInOrder: true };

  it('is the very answer of the store, at once, whatever the token claims', () => {
    const answer = succeed(client('only', ORDERS));
    expect(only(answer).first(WANTED, new AccessToken(jwt({ iss: PARTNER })), aRequest())).toBe(answer);
  });

  it('is waited for where the store takes its time', async () => {
    const answer = succeed(client('only', ORDERS));
    expect(await only(Promise.resolve(answer)).first(WANTED, new AccessToken('x'), aRequest())).toBe(answer);
  });

  it('is not asked about a token that has not the form of its tokens', async () => {
    const choice = only(succeed(client('only', ORDERS, prefixed('ord_'))));
    expect(await choice.first(WANTED, new AccessToken('x'), aRequest())).toMatchObject({
      failure: { kind: 'deny', reason: 'token_of_no_client' },
    });
    expect(await choice.first(WANTED, new AccessToken('ord_1'), aRequest())).toMatchObject({ ok: true });
  });

  it('has nobody behind it', () => {
    const choice = only(succeed(client('only', ORDERS)));
    expect(choice.next(client('only', ORDERS), WANTED, new AccessToken('x'), aRequest())).toBeNull();
  });

  it.each([
    [403, 'no_client'],
    [404, 'client_unknown'],
  ] as const)('is missing with the status %i that the settings want', async (status, reason) => {
    const refusal = fail({ kind: 'deny', reason: 'no_client', detail: 'why' } as const);
    for (const answer of [refusal, Promise.resolve(refusal)])
      expect(await only(answer, status).first(WANTED, new AccessToken('x'), aRequest())).toEqual({
        ok: false,
        failure: { kind: 'deny', reason, detail: 'why' },
      });
  });

  it('leaves a fault of the store a fault', async () => {
    const refusal = fail({ kind: 'fault', fault: fault('client_store_failed') } as const);
    expect(await only(refusal, 404).first(WANTED, new AccessToken('x'), aRequest())).toEqual(refusal);
  });
});

describe('claimedIssuer', () => {
  it('never throws, and says nothing but texts, over generated tokens', () => {
    const part = fc.oneof(
      fc.string({ unit: fc.constantFrom(...Array.from('abcXYZ019-_=.~+/')), maxLength: 40 }),
      fc.json().map(encoded),
      fc.constantFrom(encoded({ iss: ORDERS }), encoded({ iss: 7 }), encoded('null'), ''),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
        const claimed = claimedIssuer(new AccessToken(parts.join('.')));
        expect(claimed === null || typeof claimed === 'string').toBe(true);
      }),
    );
  });

  it('finds what stands there, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
        (iss) => {
          expect(claimedIssuer(new AccessToken(jwt({ sub: 'alice', iss })))).toBe(iss);
        },
      ),
    );
  });
});
