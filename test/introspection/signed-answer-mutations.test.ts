import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { NOON } from '../support/builders.ts';
import { type Given, outcome } from './signed-reading.ts';
import { claimsOf, decryption, encrypt, HEADER, ISSUER, otherEc, publicJwk, sign } from './signer.ts';

/** Answers that are right, and everything that somebody on the way may have seen of others. */
let active = '';
let inactive = '';
let encrypted = '';
const given: Given = { settings: { decryption: decryption({ required: false }) } };

beforeAll(async () => {
  active = await sign(claimsOf({ active: true, sub: 'alice' }));
  inactive = await sign(claimsOf({ active: false }));
  encrypted = await encrypt(active);
});

const original = () => fc.constantFrom(active, encrypted);
const isActive = async (text: string): Promise<boolean> => (await outcome(text, given)) === 'active';
const base64url = (text: string): string => Buffer.from(text).toString('base64url');

describe('a signed answer that somebody changed on its way', () => {
  it('was active before', async () => {
    expect(await isActive(active)).toBe(true);
    expect(await isActive(encrypted)).toBe(true);
    expect(await outcome(inactive, given)).toBe('inactive');
  });

  it('is never active with any bit flipped', async () => {
    const flip = fc.tuple(original(), fc.nat(), fc.nat(7));
    await fc.assert(
      fc.asyncProperty(flip, async ([text, place, bit]) => {
        const bytes = Buffer.from(text);
        const at = place % bytes.length;
        bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << bit), at);
        expect(await isActive(bytes.toString('latin1'))).toBe(false);
      }),
      { numRuns: 1_500 },
    );
  });

  it('is never active with bytes dropped, doubled or put in', async () => {
    const change = fc.record({
      text: original(),
      at: fc.nat(),
      drop: fc.nat(8),
      insert: fc.oneof(
        fc.constantFrom('.', '=', '-', '_', 'A', '\n', ' ', '\0', '..', 'eyJ'),
        fc.string({ maxLength: 4 }),
      ),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ text, at, drop, insert }) => {
        const place = at % (text.length + 1);
        const changed = text.slice(0, place) + insert + text.slice(place + drop);
        if (changed !== text) expect(await isActive(changed)).toBe(false);
      }),
      { numRuns: 800 },
    );
  });

  const MEMBERS = [
    'alg',
    'kid',
    'typ',
    'crit',
    'jwk',
    'jku',
    'x5u',
    'x5c',
    'b64',
    'zip',
    'enc',
    'cty',
  ] as const;
  const headerChange = fc.dictionary(
    fc.constantFrom(...MEMBERS),
    fc.oneof(
      fc.constantFrom<unknown>(
        'none',
        'HS256',
        'RS256',
        'ES256',
        'ES384',
        'k1',
        'k2',
        'JWT',
        'at+jwt',
        'DEF',
      ),
      fc.constantFrom<unknown>(
        null,
        true,
        [],
        ['exp'],
        'https://evil.example/jwks',
        publicJwk(otherEc.publicKey),
      ),
      fc.string(),
    ),
    { minKeys: 1 },
  );

  it('is never active with any header altered', async () => {
    await fc.assert(
      fc.asyncProperty(original(), headerChange, async (text, members) => {
        const [head = '', ...rest] = text.split('.');
        const before = Buffer.from(head, 'base64url').toString();
        const header = JSON.stringify({ ...(JSON.parse(before) as object), ...members });
        if (header !== before) expect(await isActive([base64url(header), ...rest].join('.'))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('is never active when it is signed anew with a key that is not the server’s, whatever the header says', async () => {
    await fc.assert(
      fc.asyncProperty(headerChange, async (members) => {
        // What the library would not sign under stays as it is.
        const header = { ...members, alg: HEADER.alg, crit: undefined, b64: undefined };
        const forged = await sign(claimsOf(), header, otherEc.privateKey);
        expect(await isActive(forged)).toBe(false);
        expect(await isActive(await encrypt(forged))).toBe(false);
      }),
      { numRuns: 150 },
    );
  });

  it('is never active when it is put together of others', async () => {
    const others = await Promise.all([
      sign(claimsOf({ active: true }, { aud: 'another' })),
      sign(claimsOf({ active: true }, { iat: NOON - 3_600 })),
      sign(claimsOf({ active: true }), { typ: 'at+jwt' }),
      sign({ iss: ISSUER, aud: 'gateway', iat: NOON, active: true }),
      sign(claimsOf({ active: true }), {}, otherEc.privateKey),
    ]);
    const texts = [active, inactive, ...others];
    const source = fc.nat(texts.length - 1);
    await fc.assert(
      fc.asyncProperty(source, source, source, async (...from) => {
        const text = from.map((index, part) => texts[index]?.split('.')[part]).join('.');
        if (text !== active) expect(await isActive(text)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('is never active by claims that a server does not make so', async () => {
    const wrong = fc.record(
      {
        iss: fc.constantFrom<unknown>(null, '', `${ISSUER}/`, 7, [ISSUER], 'https://evil.example'),
        aud: fc.constantFrom<unknown>(null, '', 'gateway ', [], [['gateway']], { gateway: 1 }, 7),
        iat: fc.constantFrom<unknown>(null, `${NOON}`, NOON - 66, NOON + 61, NOON * 1000, -1, [NOON]),
        token_introspection: fc.constantFrom<unknown>(
          ...[
            null,
            true,
            'active',
            [],
            {},
            { active: 'true' },
            { active: 1 },
            [{ active: true }],
            { Active: true },
          ],
        ),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(wrong, async (members) => {
        const isRight = Object.keys(members).length === 0;
        expect(await isActive(await sign(claimsOf(undefined, members), HEADER))).toBe(isRight);
      }),
      { numRuns: 200 },
    );
  });
});
