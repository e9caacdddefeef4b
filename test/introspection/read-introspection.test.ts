import { describe, expect, it } from '@jest/globals';

import type { Json } from '../../src/domain/index.ts';
import { JSON_LIMITS, parseStrictJson, readIntrospection } from '../../src/introspection/index.ts';

function read(text: string) {
  const parsed = parseStrictJson(Buffer.from(text), JSON_LIMITS);
  return parsed.ok ? readIntrospection(parsed.value) : parsed;
}

const active = (members: Readonly<Record<string, unknown>>) =>
  read(JSON.stringify({ active: true, ...members }));

describe('readIntrospection', () => {
  it('reads the example of RFC 7662 section 2.2', () => {
    const text = `{
      "active": true, "client_id": "l238j323ds-23ij4", "username": "jdoe", "scope": "read write dolphin",
      "sub": "Z5O3upPC88QrAjx00dis", "aud": "https://protected.example.net/resource",
      "iss": "https://server.example.com/", "exp": 1419356238, "iat": 1419350238, "extension_field": "twenty-seven"
    }`;
    expect(read(text)).toMatchObject({
      ok: true,
      value: {
        kind: 'active',
        subject: 'Z5O3upPC88QrAjx00dis',
        clientId: 'l238j323ds-23ij4',
        username: 'jdoe',
        issuer: 'https://server.example.com/',
        tokenType: null,
        scopes: ['read', 'write', 'dolphin'],
        audiences: ['https://protected.example.net/resource'],
        expiresAt: 1419356238,
        notBefore: null,
        issuedAt: 1419350238,
        claims: { extension_field: 'twenty-seven' },
      },
    });
  });

  it.each<[string, Readonly<Record<string, unknown>>]>([
    [
      'RFC 9470 section 6.2',
      { acr: 'myACR', auth_time: 1646340198, scope: 'purchase', sub: 'someone@example.net' },
    ],
    [
      'RFC 9396 section 9.2',
      {
        authorization_details: [
          { type: 'https://scheme.example.com/payment_initiation', actions: ['initiate'] },
        ],
      },
    ],
    [
      'RFC 8693 section 4.1',
      { act: { sub: 'https://service16.example.com', act: { sub: 'https://service77.example.com' } } },
    ],
    ['RFC 8705 section 3.2', { cnf: { 'x5t#S256': 'bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2' } }],
    [
      'RFC 9449 section 6.2',
      {
        sub: 'someone@example.com',
        iss: 'https://server.example.com',
        nbf: 1562262611,
        exp: 1562266216,
        cnf: { jkt: '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I' },
      },
    ],
  ])('keeps what %s adds, for whoever judges it (22.15, INT-22)', (_where, members) => {
    expect(active(members)).toMatchObject({ ok: true, value: { kind: 'active', claims: members } });
  });

  it.each([
    ['a scope with a space that is none', '"scope":"read\\u00a0admin"', { scopes: [] }],
    ['a subject with a line end', '"sub":"a\\r\\nX-Admin: 1"', { subject: 'a\r\nX-Admin: 1' }],
    ['a scope in an array', '"scope":["read"]', { scopes: ['read'] }],
  ])('takes %s for what it is (22.15)', (_what, member, expected) => {
    expect(read(`{"active":true,${member}}`)).toMatchObject({ ok: true, value: expected });
  });

  it.each(['"exp":"1419356238"', '"exp":1e400', '"aud":{}', '"exp":1419356238000', '"sub":"\\ud800"'])(
    'is unreadable with %s (22.15, INT-16)',
    (member) => {
      expect(read(`{"active":true,${member}}`).ok).toBe(false);
    },
  );

  it.each([
    ['{}', '{}'],
    ['an array', '[]'],
    ['a string', '"x"'],
    ['null', 'null'],
    ['the text "true" (G3)', '{"active":"true"}'],
    ['the number 1', '{"active":1}'],
    ['null as active', '{"active":null}'],
    ['active inside another member', '{"data":{"active":true}}'],
    ['active in a prototype (T-26)', '{"__proto__":{"active":true}}'],
    ['Active in capitals', '{"Active":true}'],
    ['both answers, false first (INT-25)', '{"active":false,"active":true}'],
    ['both answers, true first (INT-25)', '{"active":true,"active":false}'],
  ])('is unreadable for %s (INT-12)', (_what, text) => {
    expect(read(text).ok).toBe(false);
  });

  it('does not find active in a polluted Object.prototype (T-26)', () => {
    const prototype = Object.prototype as { active?: boolean };
    prototype.active = true;
    try {
      expect(readIntrospection({}).ok).toBe(false);
    } finally {
      delete prototype.active;
    }
  });

  it('reads nothing but active when it is false (INT-13)', () => {
    const inactive = read('{"active":false,"sub":"admin","exp":"never","scope":7}');
    expect(inactive).toEqual({ ok: true, value: { kind: 'inactive' } });
  });

  it.each<[string, unknown, readonly string[]]>([
    ['absent', undefined, []],
    ['empty', '', []],
    ['several words', 'read write', ['read', 'write']],
    ['runs of spaces', ' read  write ', ['read', 'write']],
    ['a no-break space inside a word (T-27)', 'read\u00a0admin write', ['write']],
    ['a tab inside a word', 'read\tadmin', []],
    ['quotes and backslashes', 'a"b c\\d e', ['e']],
    ['an array', ['read', 'write'], ['read', 'write']],
    ['an empty array', [], []],
    ['an array whose item holds a space', ['read write', 'x'], ['x']],
  ])('reads a scope that is %s', (_what, scope, scopes) => {
    expect(active({ scope })).toMatchObject({ ok: true, value: { scopes } });
  });

  it.each<[string, unknown, readonly string[]]>([
    ['a string', 'https://api.example', ['https://api.example']],
    ['an array', ['a', 'b'], ['a', 'b']],
    ['an empty array', [], []],
  ])('reads an audience that is %s', (_what, aud, audiences) => {
    expect(active({ aud })).toMatchObject({ ok: true, value: { audiences } });
  });

  it.each<[member: string, value: unknown]>([
    ['scope', null],
    ['scope', 7],
    ['scope', ['read', 7]],
    ['scope', { read: true }],
    ['aud', null],
    ['aud', {}],
    ['aud', 7],
    ['aud', ['a', null]],
    ['sub', 7],
    ['sub', null],
    ['sub', ['alice']],
    ['client_id', {}],
    ['username', false],
    ['iss', 7],
    ['token_type', ['Bearer']],
    ['exp', '1419356238'],
    ['exp', true],
    ['exp', null],
    ['nbf', '0'],
    ['iat', {}],
  ])('is unreadable for a %s of the wrong type: %j, and says which member (INT-16, G12)', (member, value) => {
    const result = active({ [member]: value });
    expect(result).toMatchObject({ ok: false, failure: expect.stringContaining(`"${member}"`) });
  });

  it.each([
    ['exp', '-1'],
    ['exp', '9007199254740993'],
    ['nbf', '-0.5'],
    ['iat', '1e300'],
    ['exp', '1e400'],
  ])('is unreadable for %s %s (INT-16, T-28)', (member, digits) => {
    expect(read(`{"active":true,"${member}":${digits}}`).ok).toBe(false);
  });

  it.each(['exp', 'nbf', 'iat'])('says that %s looks like milliseconds (INT-16)', (member) => {
    expect(active({ [member]: 1_419_356_238_000 })).toMatchObject({
      ok: false,
      failure: expect.stringMatching(new RegExp(`"${member}" looks like milliseconds`)),
    });
  });

  it('rounds an end down and a start up (INT-16)', () => {
    expect(active({ exp: 100.9, nbf: 50.1, iat: 50.1 })).toMatchObject({
      ok: true,
      value: { expiresAt: 100, notBefore: 51, issuedAt: 51 },
    });
  });

  it('reads zero as a date, and the last second before milliseconds begin', () => {
    expect(active({ nbf: 0, exp: 100_000_000_000 })).toMatchObject({
      ok: true,
      value: { notBefore: 0, expiresAt: 100_000_000_000 },
    });
  });

  it('keeps every member of an active answer, unknown and nested ones too (INT-22)', () => {
    const claims: Json = { active: true, realm_access: { roles: ['a'] }, n: 1.5, nothing: null };
    expect(active(claims)).toMatchObject({ ok: true, value: { claims } });
  });

  it('never repeats a value of the answer in its complaint', () => {
    for (const member of ['sub', 'scope', 'aud', 'exp']) {
      expect(JSON.stringify(active({ [member]: { canary: 8431 } }))).not.toContain('8431');
    }
  });
});
