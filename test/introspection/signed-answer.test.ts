import { createPublicKey, createSecretKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { type Fault, type Introspection, milliseconds, type Result, Secret } from '../../src/domain/index.ts';
import { isWrongSetting } from '../../src/introspection/index.ts';
import { readAnswer } from '../../src/introspection/answer/read-answer.ts';
import { NOON } from '../support/builders.ts';
import { outcomeOf } from './scene.ts';
import { anAnswer, type Given, outcome, read, readIn } from './signed-reading.ts';
import {
  claimsOf,
  decryption,
  decryptionKey,
  ec,
  ed,
  encrypt,
  HEADER,
  ISSUER,
  otherEc,
  rsa,
  sign,
  SIGNED_TYPE,
  unsigned,
} from './signer.ts';

const spki = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const fixed = (key: KeyObject, algorithms: readonly string[], id: string | null = 'k1') =>
  ({ kind: 'fixed', keys: [{ id, algorithms, pem: spki(key) }] }) as const;

describe('a signed answer', () => {
  it('is active when its `token_introspection` is, with its members and no others (JIR-8)', async () => {
    const facts = {
      active: true,
      sub: 'alice',
      scope: 'a b',
      aud: 'https://api.example',
      iss: ISSUER,
      exp: NOON + 60,
    };
    const answer = await read(
      await sign(claimsOf(facts, { sub: 'mallory', scope: 'admin', username: 'root' })),
    );
    expect(answer).toMatchObject({
      ok: true,
      value: {
        kind: 'active',
        subject: 'alice',
        username: null,
        scopes: ['a', 'b'],
        audiences: ['https://api.example'],
        issuer: ISSUER,
        expiresAt: NOON + 60,
        claims: facts,
      },
    });
  });

  it('is inactive when its `token_introspection` says so, whatever stands beside it (INT-13, JIR-8)', async () => {
    const text = await sign(claimsOf({ active: false, sub: 'alice' }, { active: true }));
    expect(await read(text)).toEqual({ ok: true, value: { kind: 'inactive' } });
  });

  it.each([
    ['', 'token-introspection+jwt'],
    ['in capitals, ', 'Token-Introspection+JWT'],
    ['with its first half, ', 'application/token-introspection+jwt'],
  ])('is of the type %s%s (JIR-2)', async (_how, typ) => {
    expect(await outcome(await sign(claimsOf(), { typ }))).toBe('active');
  });

  it.each([undefined, 'JWT', 'at+jwt', 'dpop+jwt', 'logout+jwt', 'secevent+jwt', 'token-introspection', ''])(
    'is refused with the type %s, for it may be for another purpose (JIR-2, T-15)',
    async (typ) => {
      expect(await outcome(await sign(claimsOf(), { typ }))).toBe('signed_answer_type');
    },
  );

  it.each([
    ['active', undefined],
    ['active', 'JWT'],
    ['active', 'token-introspection+jwt'],
    ['signed_answer_type', 'at+jwt'],
    ['signed_answer_type', 'logout+jwt'],
  ])('is %s with the type %s where the settings are for an old server', async (expected, typ) => {
    const settings = { takesOldType: true };
    expect(await outcome(await sign(claimsOf(), { typ }), { settings })).toBe(expected);
  });

  it.each([
    ['plain JSON', 'introspection_unsigned', 'application/json'],
    ['JSON of some kind', 'introspection_unsigned', 'application/x+json; charset=utf-8'],
    ['another JWT', 'introspection_content_type', 'application/jwt'],
    ['a page', 'introspection_content_type', 'text/html'],
  ])('is not looked for in %s (JIR-2, JIR-3)', async (_what, expected, type) => {
    for (const body of [JSON.stringify({ active: true }), await sign()])
      expect(outcomeOf(await readIn(anAnswer(body, type)))).toBe(expected);
  });

  it('is a fault of its own where plain JSON was asked for, and no other JWT is better (JIR-3)', async () => {
    for (const type of [SIGNED_TYPE, 'application/jwt', 'application/at+jwt; a=b']) {
      for (const body of [await sign(), JSON.stringify({ active: true })])
        expect(outcomeOf(readAnswer(anAnswer(body, type)))).toBe('introspection_signed');
    }
  });
});

describe('what a signed answer says about itself', () => {
  const without = (name: string) => ({ ...claimsOf(), [name]: undefined });

  it.each(['iss', 'aud', 'iat', 'token_introspection'])('must hold %s (JIR-4)', async (name) => {
    expect(await outcome(await sign(without(name)))).toBe('introspection_unreadable');
  });

  it.each([
    ['a string', '{"active":true}'],
    ['an array', [{ active: true }]],
    ['null', null],
    ['true', true],
    ['an object without "active"', {}],
    ['an object with "active" as a string', { active: 'true' }],
    ['an object with a wrong member', { active: true, scope: 7 }],
  ])('is no answer with %s as token_introspection (JIR-4, JIR-8)', async (_what, value) => {
    expect(await outcome(await sign(claimsOf(value, { active: true })))).toBe('introspection_unreadable');
  });

  it('does not count "active" at the top level alone (JIR-4)', async () => {
    const text = await sign({ ...without('token_introspection'), active: true });
    expect(await outcome(text)).toBe('introspection_unreadable');
  });

  it.each([
    ['with a final slash', `${ISSUER}/`],
    ['in capitals', ISSUER.toUpperCase()],
    ['with a port', `${ISSUER}:443`],
    ['of another', 'https://evil.example'],
    ['empty', ''],
  ])('is refused with an issuer %s (JIR-4, T-34)', async (_what, iss) => {
    expect(await outcome(await sign(claimsOf(undefined, { iss })))).toBe('signed_answer_issuer');
  });

  it('may be of an issuer in `acceptIssuers`', async () => {
    const text = await sign(claimsOf(undefined, { iss: 'https://idp.internal' }));
    expect(await outcome(text, { acceptIssuers: ['https://idp.internal'] })).toBe('active');
    expect(await outcome(text)).toBe('signed_answer_issuer');
  });

  it.each([
    ['active', 'our id', 'gateway'],
    ['active', 'our id among others', ['https://rs.example', 'gateway']],
    ['signed_answer_audience', 'another', 'https://rs.example'],
    ['signed_answer_audience', 'a part of our id', 'gate'],
    ['signed_answer_audience', 'our id and more', 'gateway.evil.example'],
    ['signed_answer_audience', 'our id in capitals', 'GATEWAY'],
    ['signed_answer_audience', 'nobody', []],
    ['introspection_unreadable', 'no text', { gateway: true }],
    ['introspection_unreadable', 'not only texts', ['gateway', 7]],
  ])('is %s for %s (JIR-5)', async (expected, _whom, aud) => {
    expect(await outcome(await sign(claimsOf(undefined, { aud })))).toBe(expected);
  });

  it('is for the configured names and no others, where there are any (JIR-5)', async () => {
    const settings = { audience: ['https://rs.example', 'other'] };
    const forResource = await sign(claimsOf(undefined, { aud: 'https://rs.example' }));
    expect(await outcome(forResource, { settings })).toBe('active');
    expect(await outcome(await sign(), { settings })).toBe('signed_answer_audience');
  });

  it.each([
    ['active', 'now', 0],
    ['active', '65 s ago', -65],
    ['signed_answer_time', '66 s ago', -66],
    ['signed_answer_time', 'five minutes ago', -300],
    ['active', '60 s ahead', 60],
    ['signed_answer_time', '61 s ahead', 61],
    ['introspection_unreadable', 'never', 'now'],
    ['introspection_unreadable', 'before all time', -2 * NOON],
    ['signed_answer_time', 'in milliseconds', NOON * 1000],
  ])('is %s when it was made %s (JIR-6)', async (expected, _when, offset) => {
    const iat = typeof offset === 'number' ? NOON + offset : offset;
    expect(await outcome(await sign(claimsOf(undefined, { iat })))).toBe(expected);
  });

  it('is refused when it is played again after five minutes (JIR-6)', async () => {
    const text = await sign();
    expect(await outcome(text)).toBe('active');
    expect(await outcome(text, { later: 300 })).toBe('signed_answer_time');
    expect(await outcome(text, { later: 300, settings: { maxAge: milliseconds(300_000) } })).toBe('active');
  });

  it.each([
    ['active', 'exp', NOON + 1],
    ['signed_answer_time', 'exp', NOON],
    ['signed_answer_time', 'exp', NOON - 1],
    ['signed_answer_time', 'exp', 'tomorrow'],
    ['active', 'nbf', NOON + 60],
    ['signed_answer_time', 'nbf', NOON + 61],
    ['signed_answer_time', 'nbf', null],
  ])('is %s when its own %s is %s (JIR-7)', async (expected, name, value) => {
    expect(await outcome(await sign(claimsOf(undefined, { [name]: value })))).toBe(expected);
  });

  it('takes no dates of the token from there (JIR-7)', async () => {
    const answer = await read(await sign(claimsOf({ active: true }, { exp: NOON + 60, sub: 'mallory' })));
    expect(answer).toMatchObject({
      value: { expiresAt: null, notBefore: null, issuedAt: null, subject: null },
    });
  });

  it.each([
    ['a repeated member', '{"iss":"a","iss":"https://idp.example"}'],
    [
      'a repeated "active"',
      `{"iss":"${ISSUER}","aud":"gateway","iat":${NOON},"token_introspection":{"active":false,"active":true}}`,
    ],
    ['an array', '[]'],
    ['a text', '"x"'],
    ['something after it', '{} {}'],
    ['nothing', ''],
    ['a byte order mark', `\ufeff${JSON.stringify(claimsOf())}`],
  ])('is unreadable when what is signed holds %s (INT-25)', async (_what, payload) => {
    expect(await outcome(await sign(payload))).toBe('introspection_unreadable');
  });
});

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('the signature of an answer', () => {
  const everyKey = {
    kind: 'fixed',
    keys: [
      { id: 'k1', algorithms: ['PS256', 'RS256'], pem: spki(rsa.publicKey) },
      { id: 'k1', algorithms: ['ES256'], pem: spki(ec.publicKey) },
      { id: 'k1', algorithms: ['EdDSA', 'Ed25519'], pem: spki(ed.publicKey) },
    ],
  } as const;
  const every = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'];

  it.each([
    ['RS256', rsa.privateKey],
    ['PS256', rsa.privateKey],
    ['ES256', ec.privateKey],
    ['EdDSA', ed.privateKey],
    ['Ed25519', ed.privateKey],
  ])('is checked with the key of its kind among keys of one name: %s (JIR-9)', async (alg, key) => {
    const text = await sign(claimsOf(), { alg }, key);
    expect(await outcome(text, { settings: { algorithms: every, keys: everyKey } })).toBe('active');
    const others = every.filter((algorithm) => algorithm !== alg);
    expect(await outcome(text, { settings: { algorithms: others, keys: everyKey } })).toBe(
      'signed_answer_algorithm',
    );
  });

  it.each(['none', 'None', 'NONE', 'nOnE', ''])(
    'is not done without by the algorithm "%s" (JIR-9, T-16)',
    async (alg) => {
      for (const text of [
        unsigned(claimsOf(), { alg }),
        unsigned(claimsOf(), { alg }, (await sign()).split('.')[2]),
      ])
        expect(await outcome(text, { settings: { algorithms: every, keys: everyKey } })).toBe(
          'signed_answer_algorithm',
        );
    },
  );

  it('is never checked with a public key as if it were a secret (T-16)', async () => {
    for (const secret of [spki(rsa.publicKey), spki(rsa.publicKey).trim()]) {
      const text = await sign(claimsOf(), { alg: 'HS256' }, createSecretKey(secret, 'utf8'));
      expect(await outcome(text, { settings: { algorithms: every, keys: everyKey } })).toBe(
        'signed_answer_algorithm',
      );
      // Even if somebody listed it: there is no key of that kind.
      const listed = { algorithms: [...every, 'HS256'], keys: everyKey };
      expect(await outcome(text, { settings: listed })).toBe('signed_answer_key');
    }
  });

  it('is by HMAC only where that is named, with our secret as the key (JIR-9)', async () => {
    const secret = 'a secret of at least thirty-two bytes';
    const text = await sign(claimsOf(), { alg: 'HS256', kid: undefined }, createSecretKey(secret, 'utf8'));
    const hmac = (word: string, algorithms = ['HS256']) => ({
      settings: { algorithms, keys: { kind: 'secret', secret: new Secret(word) } as const },
    });
    expect(await outcome(text, hmac(secret))).toBe('active');
    expect(await outcome(text, hmac(`${secret}!`))).toBe('signed_answer_signature');
    expect(await outcome(text, hmac(secret, ['HS512']))).toBe('signed_answer_algorithm');
    expect(await outcome(await sign(), hmac(secret))).toBe('signed_answer_algorithm');
  });

  it('is refused when another key made it, though it bears the name (JIR-9)', async () => {
    expect(await outcome(await sign(claimsOf(), {}, otherEc.privateKey))).toBe('signed_answer_signature');
  });

  it.each([
    ['active', 'k1', 'k1'],
    ['active', 'k1', undefined],
    ['active', null, 'k1'],
    ['active', null, undefined],
    ['signed_answer_key', 'k1', 'k2'],
    ['signed_answer_key', 'k1', '../k1'],
    ['signed_answer_key', 'k1', ''],
  ])('is %s by a key named %s under a header that names %s (JIR-9)', async (expected, id, kid) => {
    const settings = { keys: fixed(ec.publicKey, ['ES256'], id) };
    expect(await outcome(await sign(claimsOf(), { kid }), { settings })).toBe(expected);
  });

  it.each(['jwk', 'jku', 'x5u', 'x5c'])(
    'is not checked with a key that %s of the header brings (JIR-9)',
    async (name) => {
      const values = {
        jwk: otherEc.publicKey.export({ format: 'jwk' }),
        jku: 'https://evil.example/jwks',
        x5u: 'https://evil.example/cert',
        x5c: ['MIIB'],
      } as const;
      const header = { [name]: values[name as keyof typeof values] };
      expect(await outcome(await sign(claimsOf(), header, otherEc.privateKey))).toBe(
        'signed_answer_signature',
      );
      // It is no fault either: what signs is what counts.
      expect(await outcome(await sign(claimsOf(), header))).toBe('active');
    },
  );

  it.each([
    ['crit', { crit: ['exp'], exp: NOON }],
    ['an empty crit', { crit: [] }],
    ['b64', { b64: true }],
    ['zip', { zip: 'DEF' }],
  ])('is refused with %s in its header (JIR-9)', async (_what, header) => {
    const [, payload = '', signature = ''] = (await sign()).split('.');
    const head = Buffer.from(JSON.stringify({ ...HEADER, ...header })).toString('base64url');
    expect(await outcome(`${head}.${payload}.${signature}`)).toBe('signed_answer_header');
  });

  it.each([
    ['that is no JSON', 'x'],
    ['that is an array', '[]'],
    ['without alg', '{"typ":"token-introspection+jwt"}'],
    ['with alg as a number', '{"alg":256}'],
    ['with kid as a list', '{"alg":"ES256","kid":["k1"]}'],
    ['with typ as an object', '{"alg":"ES256","typ":{}}'],
    ['with two alg', '{"alg":"none","alg":"ES256","kid":"k1","typ":"token-introspection+jwt"}'],
  ])('is not looked at under a header %s', async (_what, header) => {
    const [, payload = '', signature = ''] = (await sign()).split('.');
    const head = Buffer.from(header).toString('base64url');
    expect(await outcome(`${head}.${payload}.${signature}`)).toBe('introspection_unreadable');
  });

  it.each([
    ['two parts', (text: string) => text.split('.').slice(0, 2).join('.')],
    ['four parts', (text: string) => `${text}.`],
    ['padding', (text: string) => `${text}=`],
    ['a space', (text: string) => `${text} `],
    ['a line break', (text: string) => `${text}\n`],
    ['JSON serialization', () => '{"payload":"e30","signatures":[]}'],
    ['nothing', () => ''],
  ])('is not looked for in a text with %s', async (_what, spoil) => {
    expect(await outcome(spoil(await sign()))).toBe('introspection_unreadable');
  });

  it('is refused in each other spelling that decodes to the same bytes (22.11)', async () => {
    const text = await sign();
    const [, , signature = ''] = text.split('.');
    const bytes = Buffer.from(signature, 'base64url');
    const twins = Array.from(ALPHABET, (letter) => signature.slice(0, -1) + letter).filter(
      (other) => other !== signature && Buffer.from(other, 'base64url').equals(bytes),
    );
    expect(twins.length).toBeGreaterThan(0);
    for (const twin of twins)
      expect(await outcome(text.slice(0, -signature.length) + twin)).toBe('introspection_unreadable');
  });

  it.each([
    ['signed_answer_algorithm', null, 'ES256', ec.privateKey],
    ['active', null, 'RS256', rsa.privateKey],
    ['active', ['ES256', 'RS256'], 'ES256', ec.privateKey],
    ['signed_answer_algorithm', ['ES256'], 'RS256', rsa.privateKey],
    ['active', ['none', 'HS256', 'EdDSA'], 'EdDSA', ed.privateKey],
  ])('is %s where the metadata lists %j and it is %s (META-10)', async (expected, listed, alg, key) => {
    const settings = { algorithms: null, keys: everyKey };
    expect(await outcome(await sign(claimsOf(), { alg }, key), { settings, listed })).toBe(expected);
  });

  it.each([[['none']], [['HS256', 'HS512']], [[]]])(
    'is nothing that can be asked for where the metadata lists %j',
    async (listed) => {
      const reading = readIn(anAnswer(await sign()), { settings: { algorithms: null }, listed });
      await expect(reading).rejects.toThrow('"introspection_signing_alg_values_supported"');
    },
  );
});

describe('published vectors', () => {
  const EXAMPLE =
    'eyJraWQiOiJ3RzZEIiwidHlwIjoidG9rZW4taW50cm9zcGVjdGlvbitqd3QiLCJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2FzLmV4YW1wbGUuY29tLyIsImF1ZCI6Imh0dHBzOi8vcnMuZXhhbXBsZS5jb20vcmVzb3VyY2UiLCJpYXQiOjE1MTQ3OTc4OTIsInRva2VuX2ludHJvc3BlY3Rpb24iOnsiYWN0aXZlIjp0cnVlLCJpc3MiOiJodHRwczovL2FzLmV4YW1wbGUuY29tLyIsImF1ZCI6Imh0dHBzOi8vcnMuZXhhbXBsZS5jb20vcmVzb3VyY2UiLCJpYXQiOjE1MTQ3OTc4MjIsImV4cCI6MTUxNDc5Nzk0MiwiY2xpZW50X2lkIjoicGFpQjJnb28wYSIsInNjb3BlIjoicmVhZCB3cml0ZSBkb2xwaGluIiwic3ViIjoiWjVPM3VwUEM4OFFyQWp4MDBkaXMiLCJiaXJ0aGRhdGUiOiIxOTgyLTAyLTAxIiwiZ2l2ZW5fbmFtZSI6IkpvaG4iLCJmYW1pbHlfbmFtZSI6IkRvZSIsImp0aSI6InQxRm9DQ2FaZDRYdjRPUkpVV1ZVZVRaZnNLaFczMENRQ3JXRERqd1h5NncifX0.przJMU5GhmNzvwtt1Sr-xa9xTkpiAg5IshbQsRiRVP_7eGR1GHYrNwQh84kxOkHCyje2g5WSRcYosGEVIiC-eoPJJ-qBwqwSlgx9JEeCDw2W5DjrblOI_N0Jvsq_dUeOyoWVMqlOydOBhKNY0smBrI4NZvEExucOm9WUJXMuJtvq1gBes-0go5j4TEv9sOP9uu81gqWTr_LOo6pgT0tFFyZfWC4kbXPXiQ2YT6mxCiQRRNM-l9cBdF6Jx6IOrsfFhBuYdYQ_mlL19HgDDOFaleyqmru6lKlASOsaE8dmLSeKcX91FbG79FKN8un24iwIDCbKT9xlUFl54xWVShNDFA';
  const context = (key: KeyObject): Given => ({
    now: 1_514_797_892,
    issuer: 'https://as.example.com/',
    settings: {
      algorithms: ['RS256'],
      audience: ['https://rs.example.com/resource'],
      keys: fixed(key, ['RS256'], 'wG6D'),
    },
  });

  it('the example of RFC 9701 section 5 is refused by a key that did not sign it (22.5)', async () => {
    expect(await outcome(EXAMPLE, context(rsa.publicKey))).toBe('signed_answer_signature');
  });

  it('the example of RFC 9701 section 5, signed by a key of ours, is read as it is written (22.5)', async () => {
    const payload = Buffer.from(EXAMPLE.split('.')[1] ?? '', 'base64url').toString();
    const text = await sign(payload, { alg: 'RS256', kid: 'wG6D' }, rsa.privateKey);
    expect(text.split('.')[1]).toBe(EXAMPLE.split('.')[1]);
    expect(await read(text, context(rsa.publicKey))).toMatchObject({
      value: {
        kind: 'active',
        subject: 'Z5O3upPC88QrAjx00dis',
        clientId: 'paiB2goo0a',
        scopes: ['read', 'write', 'dolphin'],
        expiresAt: 1_514_797_942,
        claims: { given_name: 'John', jti: 't1FoCCaZd4Xv4ORJUWVUeTZfsKhW30CQCrWDDjwXy6w' },
      },
    });
  });

  it.each([
    [
      'RFC 7515 A.3 (ES256)',
      {
        kty: 'EC',
        crv: 'P-256',
        x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
        y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
      },
      'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q',
      '"iss"',
    ],
    [
      'RFC 8037 A.4 (EdDSA)',
      { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' },
      'eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg',
      'strict JSON',
    ],
  ])(
    '%s has a good signature, and is no introspection answer (22.11)',
    async (_what, jwk, text, complaint) => {
      const key = createPublicKey({ key: jwk, format: 'jwk' });
      const settings = { algorithms: ['ES256', 'EdDSA'], keys: fixed(key, ['ES256', 'EdDSA'], null) };
      expect(await outcome(text, { settings })).toBe('signed_answer_type');
      // Past the check of the type, the signature is found to be right and what is signed to be something else.
      const result = await read(text, {
        settings: { ...settings, takesOldType: true },
        issuer: 'joe',
        now: 1_300_819_300,
      });
      expect(result).toMatchObject({ failure: { reason: 'introspection_unreadable' } });
      if (!result.ok && complaint === 'strict JSON') expect(result.failure.detail).toContain(complaint);
      const spoilt = `${text.slice(0, -2)}${text.endsWith('Ag') ? 'AQ' : '1A'}`;
      expect(await outcome(spoilt, { settings: { ...settings, takesOldType: true } })).toBe(
        'signed_answer_signature',
      );
    },
  );

  it('RFC 7515 A.1 (HS256) is refused where HMAC is not named (22.11)', async () => {
    const text =
      'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk';
    expect(await outcome(text)).toBe('signed_answer_algorithm');
  });
});

describe('an encrypted answer', () => {
  const ecdh = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const x25519 = generateKeyPairSync('x25519');
  const given = (differing: Parameters<typeof decryption>[0] = {}): Given => ({
    settings: { decryption: decryption(differing) },
  });

  it.each([
    ['RSA-OAEP-256', 'A128CBC-HS256', rsa],
    ['RSA-OAEP-256', 'A128GCM', rsa],
    ['RSA-OAEP-256', 'A256GCM', rsa],
    ['ECDH-ES', 'A128CBC-HS256', ecdh],
    ['ECDH-ES+A128KW', 'A128GCM', ecdh],
    ['ECDH-ES+A256KW', 'A256GCM', ecdh],
    ['ECDH-ES', 'A256GCM', x25519],
  ])('is opened with %s and %s, then checked like any other (JIR-10)', async (alg, enc, pair) => {
    const keys = [decryptionKey(pair.privateKey, [alg])];
    const text = await encrypt(await sign(), { alg, enc }, pair.publicKey);
    expect(await outcome(text, given({ keys }))).toBe('active');
    const forged = await encrypt(
      await sign(claimsOf(), {}, otherEc.privateKey),
      { alg, enc },
      pair.publicKey,
    );
    expect(await outcome(forged, given({ keys }))).toBe('signed_answer_signature');
  });

  it('is opened by the key it names, or by any that can, the newest first (JIR-10)', async () => {
    const old = decryptionKey(rsa.privateKey, ['RSA-OAEP-256'], 'old');
    const fresh = decryptionKey(
      generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
      ['RSA-OAEP-256'],
      'new',
    );
    for (const kid of ['old', 'unknown', undefined])
      expect(await outcome(await encrypt(await sign(), { kid }), given({ keys: [fresh, old] }))).toBe(
        'active',
      );
    const misnamed = await encrypt(await sign(), { kid: 'new' });
    expect(await outcome(misnamed, given({ keys: [fresh, old] }))).toBe('signed_answer_undecryptable');
    expect(await outcome(await encrypt(await sign()), given({ keys: [fresh] }))).toBe(
      'signed_answer_undecryptable',
    );
  });

  it('must be signed inside: anybody can encrypt to us (JIR-10)', async () => {
    const plain = [JSON.stringify(claimsOf()), JSON.stringify({ active: true }), ''];
    for (const text of plain)
      expect(await outcome(await encrypt(text), given())).toBe('introspection_unsigned');
    const twice = await encrypt(await encrypt(await sign()));
    expect(await outcome(twice, given())).toBe('introspection_unsigned');
    const none = await encrypt(unsigned(claimsOf(), { alg: 'none' }));
    expect(await outcome(none, given())).toBe('signed_answer_algorithm');
  });

  it('is demanded where keys to it are set, unless settings say otherwise (JIR-10)', async () => {
    expect(await outcome(await sign(), given())).toBe('signed_answer_unencrypted');
    expect(await outcome(await sign(), given({ required: false }))).toBe('active');
    expect(await outcome(await encrypt(await sign()), given({ required: false }))).toBe('active');
  });

  it('is a fault where no keys to it are set', async () => {
    expect(await outcome(await encrypt(await sign()))).toBe('signed_answer_undecryptable');
  });

  it.each([
    ['RSA-OAEP, unless it is listed', 'signed_answer_algorithm', { alg: 'RSA-OAEP' }],
    ['another content algorithm', 'signed_answer_algorithm', { enc: 'A192GCM' }],
  ])('is refused with %s (JIR-10)', async (_what, expected, header) => {
    expect(await outcome(await encrypt(await sign(), header), given())).toBe(expected);
    const keys = [decryptionKey(rsa.privateKey, ['RSA-OAEP-256', 'RSA-OAEP'])];
    const listed = {
      keys,
      algorithms: ['RSA-OAEP-256', 'RSA-OAEP'],
      encodings: ['A128CBC-HS256', 'A192GCM'],
    };
    expect(await outcome(await encrypt(await sign(), header), given(listed))).toBe('active');
  });

  it.each([
    ['RSA1_5', { alg: 'RSA1_5' }, 'signed_answer_algorithm'],
    ['PBES2', { alg: 'PBES2-HS256+A128KW', p2c: 1e9, p2s: 'AAAA' }, 'signed_answer_algorithm'],
    ['dir', { alg: 'dir' }, 'signed_answer_algorithm'],
    ['no enc', { enc: undefined }, 'signed_answer_algorithm'],
    ['zip', { zip: 'DEF' }, 'signed_answer_header'],
    ['crit', { crit: ['cty'] }, 'signed_answer_header'],
    ['alg twice', '{"alg":"RSA1_5","alg":"RSA-OAEP-256","enc":"A128GCM"}', 'introspection_unreadable'],
  ])('is refused with %s in its header (JIR-10, T-48)', async (_what, header, expected) => {
    const [head = '', ...rest] = (await encrypt(await sign())).split('.');
    const members = JSON.parse(Buffer.from(head, 'base64url').toString()) as object;
    const spoilt = typeof header === 'string' ? header : JSON.stringify({ ...members, ...header });
    const text = [Buffer.from(spoilt).toString('base64url'), ...rest].join('.');
    expect(await outcome(text, given())).toBe(expected);
  });

  it('says nothing of key or text when it cannot be opened', async () => {
    const text = await encrypt(
      'canary-8431',
      {},
      generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey,
    );
    const result = await read(text, given());
    expect(result).toMatchObject({ failure: { reason: 'signed_answer_undecryptable' } });
    expect(JSON.stringify(result)).not.toMatch(/8431|PRIVATE|eyJ/);
  });
});

describe('the faults of signed answers', () => {
  it.each([
    ['introspection_unsigned', true],
    ['signed_answer_algorithm', true],
    ['signed_answer_type', true],
    ['signed_answer_issuer', true],
    ['signed_answer_audience', true],
    ['signed_answer_unencrypted', true],
    ['signed_answer_signature', false],
    ['signed_answer_key', false],
    ['signed_answer_time', false],
  ])('%s is a wrong setting: %s', async (reason, isWrong) => {
    const texts: Readonly<Record<string, () => Promise<Result<Introspection, Fault>>>> = {
      introspection_unsigned: async () => readIn(anAnswer('{"active":true}', 'application/json')),
      signed_answer_algorithm: async () => read(await sign(claimsOf(), { alg: 'RS256' }, rsa.privateKey)),
      signed_answer_type: async () => read(await sign(claimsOf(), { typ: 'JWT' })),
      signed_answer_issuer: async () => read(await sign(claimsOf(undefined, { iss: 'x' }))),
      signed_answer_audience: async () => read(await sign(claimsOf(undefined, { aud: 'x' }))),
      signed_answer_unencrypted: async () => read(await sign(), { settings: { decryption: decryption() } }),
      signed_answer_signature: async () => read(await sign(claimsOf(), {}, otherEc.privateKey)),
      signed_answer_key: async () => read(await sign(claimsOf(), { kid: 'x' })),
      signed_answer_time: async () => read(await sign(), { later: 3_600 }),
    };
    const result = await texts[reason]?.();
    expect(result).toMatchObject({ ok: false, failure: { reason } });
    if (result !== undefined && !result.ok) expect(isWrongSetting(result.failure)).toBe(isWrong);
  });
});
