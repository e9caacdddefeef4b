import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type AuthorizationServer, processIntrospectionResponse } from 'oauth4webapi';

import type { HttpAnswer } from '../../src/introspection/connection/exchange.ts';
import { readAnswer } from '../../src/introspection/answer/read-answer.ts';

const CORRECT = {
  active: true,
  scope: 'read write',
  client_id: 'web',
  username: 'jdoe',
  token_type: 'Bearer',
  sub: 'alice',
  aud: ['https://api.example', 'https://other.example'],
  iss: 'https://idp.example',
  exp: 1_900_000_000,
  iat: 1_800_000_000,
  nbf: 1_800_000_000,
  realm_access: { roles: ['a', 'b'] },
};

/** What attackers and broken servers put into answers. */
const FRAGMENTS = [
  '"active":true,',
  '"active":false,',
  '"\\u0061ctive":true,',
  '"__proto__":{"active":true},',
  ',"active":true',
  '{"active":true}',
  '\ufeff',
  '\u0000',
  '\u00a0',
  '1e400',
  '//',
  '"',
  '{',
  '}',
  '[',
  ']',
];

function anAnswer(body: string | Buffer, differing: Partial<Omit<HttpAnswer, 'body'>> = {}): HttpAnswer {
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: { kind: 'whole', bytes: Buffer.from(body as string) },
    ...differing,
  };
}

const isActive = (answer: HttpAnswer): boolean => {
  const read = readAnswer(answer);
  return read.ok && read.value.kind === 'active';
};

describe('readAnswer over a corpus of spoilt answers', () => {
  it('takes the answer that all of them are made of', () => {
    expect(isActive(anAnswer(JSON.stringify(CORRECT)))).toBe(true);
  });

  /** Bytes changed, dropped, doubled or put in anywhere. */
  const byteMutation = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), at: fc.nat(), byte: fc.nat(255) }),
    fc.record({ kind: fc.constant('drop' as const), at: fc.nat(), length: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), text: fc.constantFrom(...FRAGMENTS) }),
    fc.record({
      kind: fc.constant('double' as const),
      at: fc.nat(),
      length: fc.integer({ min: 1, max: 60 }),
    }),
  );
  type ByteMutation = typeof byteMutation extends fc.Arbitrary<infer Value> ? Value : never;

  function mutate(bytes: Buffer, mutation: ByteMutation): Buffer {
    const at = mutation.at % (bytes.length + 1);
    const [head, tail] = [bytes.subarray(0, at), bytes.subarray(at)];
    switch (mutation.kind) {
      case 'set':
        return Buffer.concat([head, Buffer.from([mutation.byte]), tail.subarray(1)]);
      case 'drop':
        return Buffer.concat([head, tail.subarray(mutation.length)]);
      case 'insert':
        return Buffer.concat([head, Buffer.from(mutation.text), tail]);
      case 'double':
        return Buffer.concat([head, tail.subarray(0, mutation.length), tail]);
    }
  }

  it('is active only where a plain JSON reader finds one literal true, and inactive only for one false', () => {
    const mutations = fc.array(byteMutation, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.constantFrom(true, false), mutations, (active, list) => {
        const original: Buffer = Buffer.from(JSON.stringify({ ...CORRECT, active }));
        const bytes = list.reduce(mutate, original);
        const read = readAnswer(anAnswer(bytes));
        if (!read.ok) return;

        const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
        const plain = JSON.parse(text) as Readonly<Record<string, unknown>>;
        expect(plain['active']).toBe(read.value.kind === 'active');
        // Of two members of a name a plain reader takes the last; whoever takes the first must find the same.
        expect([...text.matchAll(/(?<=[{,]\s*)"(?:a|\\u0061)ctive"\s*:/g)].length).toBeLessThanOrEqual(
          (JSON.stringify(plain).match(/"active":/g) ?? []).length,
        );
      }),
      { numRuns: 4_000 },
    );
  });

  const wrongType = fc.constantFrom<unknown>(null, 7, true, {}, { a: 1 }, [7], [null], [[]], ['a', {}]);
  const NOT_STRINGS = ['sub', 'client_id', 'username', 'iss', 'token_type'] as const;

  it('is never active with one member of the wrong type (INT-16)', () => {
    const spoilt = fc.oneof(
      fc.tuple(fc.constantFrom(...NOT_STRINGS), wrongType),
      fc.tuple(fc.constantFrom('scope', 'aud'), wrongType),
      fc.tuple(
        fc.constantFrom('exp', 'iat', 'nbf'),
        fc.constantFrom<unknown>(null, '1', true, {}, [1], -1, 1e12, 2 ** 60),
      ),
      fc.tuple(
        fc.constant('active'),
        fc.constantFrom<unknown>(null, 'true', 1, {}, [true], 'yes', undefined),
      ),
    );
    fc.assert(
      fc.property(spoilt, ([member, value]) => {
        expect(isActive(anAnswer(JSON.stringify({ ...CORRECT, [member]: value })))).toBe(false);
      }),
    );
  });

  it('is never active under another status, type or encoding (INT-14, INT-15)', () => {
    const envelope = fc.oneof(
      fc.integer({ min: 201, max: 999 }).map((status) => ({ status })),
      fc
        .constantFrom(undefined, '', 'text/html', 'application/jwt', 'json', [
          'application/json',
          'application/json',
        ])
        .map((type) => ({ headers: { 'content-type': type } })),
      fc.constantFrom('gzip', 'br', 'identity, gzip', 'x', ['identity', 'identity']).map((encoding) => ({
        headers: { 'content-type': 'application/json', 'content-encoding': encoding },
      })),
    );
    fc.assert(
      fc.property(envelope, (differing) => {
        expect(isActive(anAnswer(JSON.stringify(CORRECT), differing))).toBe(false);
      }),
    );
  });

  it('is never active with a body that was cut', () => {
    for (const cause of ['too_large', 'timeout', 'lost'] as const) {
      expect(isActive({ ...anAnswer(''), body: { kind: 'cut', cause } })).toBe(false);
    }
  });
});

describe('readAnswer beside oauth4webapi', () => {
  const server: AuthorizationServer = { issuer: 'https://idp.example' };

  it('agrees on every good answer', async () => {
    const optional = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
    const good = fc.record({
      active: fc.boolean(),
      scope: optional(fc.constantFrom('', 'read', 'read write')),
      client_id: optional(fc.string()),
      username: optional(fc.string()),
      sub: optional(fc.string()),
      aud: optional(fc.oneof(fc.string(), fc.array(fc.string()))),
      exp: optional(fc.nat()),
      iat: optional(fc.nat()),
      extension_field: optional(fc.jsonValue({ maxDepth: 3 })),
    });
    await fc.assert(
      fc.asyncProperty(good, async (claims) => {
        const text = JSON.stringify(claims);
        const headers = { 'content-type': 'application/json' };
        const theirs = await processIntrospectionResponse(
          server,
          { client_id: 'gateway' },
          new Response(text, { headers }),
        );
        const ours = readAnswer(anAnswer(text));
        if (!ours.ok) throw new Error(ours.failure.detail ?? ours.failure.reason);
        expect(ours.value.kind === 'active').toBe(theirs.active);
        if (ours.value.kind === 'active') {
          expect(JSON.stringify(ours.value.claims)).toBe(JSON.stringify(theirs));
          expect([ours.value.subject, ours.value.clientId]).toEqual([
            theirs.sub ?? null,
            theirs.client_id ?? null,
          ]);
          expect([ours.value.expiresAt, ours.value.issuedAt]).toEqual([
            theirs.exp ?? null,
            theirs.iat ?? null,
          ]);
        }
      }),
      { numRuns: 200 },
    );
  });
});
