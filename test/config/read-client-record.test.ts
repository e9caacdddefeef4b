import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readClientRecord } from '../../src/config/index.ts';
import { fitsIssuer, fitsOrigin, parseIssuerPattern } from '../../src/config/issuer-pattern.ts';
import { CANARY } from './worlds.ts';

const ISSUERS = ['https://*.idp.example.com', 'https://login.example.net/tenants'];

/** What came of a record, and which files were asked for. */
async function read(record: unknown, secrets: Readonly<Record<string, string>> = {}) {
  const asked: string[] = [];
  const text = typeof record === 'string' ? record : JSON.stringify(record);
  const answer = await readClientRecord(
    {
      name: 'acme.example.com',
      text,
      readSecret: async (path) => {
        asked.push(path);
        const secret = secrets[path];
        if (secret === undefined) throw Object.assign(new Error('no'), { code: 'it is not there' });
        return Buffer.from(secret);
      },
    },
    { issuers: ISSUERS },
  );
  return { answer, asked, failure: answer.ok ? null : answer.failure };
}

const RECORD = { issuer: 'https://a.idp.example.com', clientId: 'gateway', clientSecret: { file: 'secret' } };

describe('readClientRecord', () => {
  it('makes a client with the name of its tenant and the defaults of the settings file, frozen', async () => {
    const { answer, asked } = await read(RECORD, { secret: `${CANARY}\n` });
    expect(answer).toMatchObject({
      ok: true,
      value: {
        name: 'acme.example.com',
        issuer: 'https://a.idp.example.com',
        clientId: 'gateway',
        introspection: { timeout: 5_000 },
        allowHttp: false,
        required: false,
      },
    });
    expect(asked).toEqual(['secret']);
    expect(JSON.stringify(answer)).not.toContain(CANARY);
    expect(answer.ok && Object.isFrozen(answer.value)).toBe(true);
  });

  it('reads every file through the store, certificates too', async () => {
    const { asked } = await read({ ...RECORD, clientId: { file: './id' }, tls: { ca: 'tls/ca.crt' } });
    expect([...asked].sort()).toEqual(['id', 'secret', 'tls/ca.crt']);
  });

  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['plain HTTP', { allowHttp: true }, 'allowHttp: is not for records'],
    ['plain HTTP that it does not even want', { allowHttp: false }, 'allowHttp: is not for records'],
    ['another host to connect to', { connectTo: { host: '127.0.0.1' } }, 'connectTo: is not for records'],
    ['a way out', { proxy: 'http://proxy.example.com' }, 'proxy: is not for records'],
    ['the straight way', { proxy: 'none' }, 'proxy: is not for records'],
    ['addresses of our network', { allowAddresses: ['127.0.0.0/8'] }, 'allowAddresses: is not for records'],
    ['a match', { match: {} }, 'match: is not for records'],
    [
      'facts of requests',
      { introspection: { facts: { headers: { x: 'host' } } } },
      'introspection.facts: is not for records',
    ],
    ['a say in readiness', { required: true }, 'required: is not for records'],
    ['a foreign issuer', { issuer: 'https://idp.evil.com' }, 'issuer: fits no pattern'],
    ['an issuer over HTTP', { issuer: 'http://a.idp.example.com' }, 'issuer: fits no pattern'],
    ['an issuer on another port', { issuer: 'https://a.idp.example.com:8443' }, 'issuer: fits no pattern'],
    ['foreign metadata', { metadataUrl: 'https://evil.com/x' }, 'metadataUrl: is on a host'],
    [
      'a foreign endpoint',
      { introspection: { endpoint: 'https://169.254.169.254/' } },
      'introspection.endpoint: is on a host',
    ],
    [
      'a foreign endpoint in place of that of the metadata',
      { metadataOverrides: { introspection_endpoint: 'https://evil.com/i' } },
      'metadataOverrides.introspection_endpoint: is on a host',
    ],
    [
      'a foreign token endpoint',
      { auth: { method: 'bearer', clientCredentials: { endpoint: 'https://evil.com/token' } } },
      'auth.clientCredentials.endpoint: is on a host',
    ],
    ['a foreign origin', { endpointOrigins: ['https://evil.com'] }, 'endpointOrigins[0]: is on a host'],
    ['a variable', { clientSecret: { env: 'PATH' } }, 'clientSecret: cannot be { env'],
    ['a variable as its id', { clientId: { env: 'PATH' } }, 'clientId: cannot be { env'],
    [
      'an absolute path',
      { clientSecret: { file: '/etc/shadow' } },
      'clientSecret: must be a file in the folder',
    ],
    [
      'a path that moves up',
      { clientSecret: { file: 'a/../../b' } },
      'clientSecret: must be a file in the folder',
    ],
    ['a signing key elsewhere', { auth: { key: { file: '../other/key' } } }, 'auth.key: must be a file'],
    ['a signing key in a variable', { auth: { key: { env: 'KEY' } } }, 'auth.key: cannot be { env'],
    ['a certificate elsewhere', { tls: { cert: '/etc/c.crt', key: 'k' } }, 'tls.cert: must be a file'],
    ['the key of one elsewhere', { tls: { cert: 'c', key: '../k' } }, 'tls.key: must be a file'],
    ['a CA of its own elsewhere', { tls: { ca: '/etc/ca.crt' } }, 'tls.ca: must be a file in the folder'],
    [
      'another issuer for its answers (T-49)',
      { acceptIssuers: ['https://b.idp.example.com', 'https://idp.victim.example'] },
      'acceptIssuers[1]: fits no pattern of `issuers`',
    ],
    [
      'an issuer that is no URL (T-49)',
      { acceptIssuers: ['urn:victim'] },
      'acceptIssuers[0]: fits no pattern',
    ],
    [
      'no issuer, so that its answers could name any (T-49)',
      { issuer: undefined, introspection: { endpoint: 'https://a.idp.example.com/introspect' } },
      'has no `issuer`',
    ],
    [
      'thousands of enquiries',
      { limits: { concurrent: 257 } },
      'limits.concurrent: is at most 256 in a record',
    ],
    ['an endless queue', { limits: { queue: 4_097 } }, 'limits.queue: is at most 4096 in a record'],
    [
      'answers of megabytes',
      { introspection: { maxAnswer: '257KiB' } },
      'introspection.maxAnswer: is at most 256KiB in a record',
    ],
    ['an unknown key', { colour: 'red' }, 'colour: "colour" is not a setting'],
  ])('refuses %s, and reads nothing for it', async (_what, differing, expected) => {
    const { failure, asked } = await read({ ...RECORD, ...differing }, { secret: 'x' });
    expect(failure).toContain(expected);
    expect(asked).toEqual([]);
  });

  it('refuses a secret that is too short for what it signs (CA-5)', async () => {
    const { failure } = await read({ ...RECORD, auth: 'client_secret_jwt' }, { secret: CANARY });
    expect(failure).toBe('clientSecret: is under 32 bytes, too short for client_secret_jwt');
  });

  it('tells what is wrong with a secret without showing it', async () => {
    const { failure } = await read(RECORD, { secret: `${CANARY}\n${CANARY}` });
    expect(failure).toMatch(/clientSecret: .*control character/);
    expect(failure).not.toContain(CANARY);
    expect((await read(RECORD)).failure).toMatch(/clientSecret: .*it is not there/);
  });

  it.each([['[]'], ['a: 1\na: 2'], ['"text"'], [''], ['{ "clients": {} }'], [`{"clientSecret": ${CANARY}`]])(
    'refuses %j, which is no record, without repeating it',
    async (text) => {
      const { failure } = await read(text);
      expect(failure).toEqual(expect.any(String));
      expect(failure).not.toContain(CANARY);
    },
  );

  it.each([
    [
      'values',
      {
        introspection: {
          params: Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`p${i}`, 'x'])),
        },
      },
    ],
    ['text', { introspection: { params: { p: 'x'.repeat(256 * 1024) } } }],
  ])('refuses one of so many %s that it would keep the process busy', async (_what, differing) => {
    const { failure } = await read({ ...RECORD, ...differing });
    expect(failure).toMatch(/^the record (?:has over 1000 values|is over 256 KiB)$/);
  });

  it('never lets a record out of the patterns, over generated hosts', async () => {
    const host = fc.stringMatching(/^[a-z0-9.@:%/\\*-]{0,12}$/);
    const tail = fc.constantFrom(
      '',
      '.idp.example.com',
      '@a.idp.example.com',
      'idp.example.com',
      '.idp.example.com.evil.com',
    );
    await fc.assert(
      fc.asyncProperty(host, tail, async (one, other) => {
        const { answer } = await read({ ...RECORD, issuer: `https://${one}${other}`, clientSecret: 's' });
        if (!answer.ok) return;
        expect(new URL(answer.value.issuer ?? '').hostname).toMatch(/\.idp\.example\.com$/);
      }),
    );
  });
});

describe('a pattern of issuers', () => {
  const fits = (pattern: string, issuer: string): boolean => {
    const parsed = parseIssuerPattern(pattern);
    if (!parsed.ok) throw new Error(parsed.failure);
    return fitsIssuer([parsed.value], issuer);
  };

  it.each([
    ['https://idp.example.com', 'https://idp.example.com', true],
    ['https://idp.example.com', 'https://idp.example.com/realms/a', true],
    ['https://idp.example.com', 'https://IDP.example.com:443/', true],
    ['https://idp.example.com', 'https://a.idp.example.com', false],
    ['https://*.example.com', 'https://a.b.example.com/x', true],
    ['https://*.example.com', 'https://example.com', false],
    ['https://*.example.com', 'https://evilexample.com', false],
    ['https://*.example.com', 'https://a.example.com.evil.com', false],
    ['https://idp.example.com:8443', 'https://idp.example.com:8443', true],
    ['https://idp.example.com:8443', 'https://idp.example.com', false],
    ['https://idp.example.com/realms', 'https://idp.example.com/realms/a', true],
    ['https://idp.example.com/realms/', 'https://idp.example.com/realms', true],
    ['https://idp.example.com/realms', 'https://idp.example.com/realmsx', false],
    ['https://idp.example.com/realms', 'https://idp.example.com/realms/../admin', false],
    ['https://idp.example.com/realms', 'https://idp.example.com/realms/%2e%2e/admin', false],
    ['https://idp.example.com/realms', 'https://idp.example.com', false],
  ])('%s holds %s: %s', (pattern, issuer, expected) => {
    expect(fits(pattern, issuer)).toBe(expected);
  });

  it.each([
    'https://*',
    'https://*.com',
    'https://*.10.0.0.1',
    'idp.example.com',
    'https://a.*.com',
    'https://u@x.com',
  ])('cannot be %s', (pattern) => {
    expect(parseIssuerPattern(pattern).ok).toBe(false);
  });

  it('lets endpoints be anywhere on its host', () => {
    const parsed = parseIssuerPattern('https://idp.example.com/realms');
    expect(parsed.ok && fitsOrigin([parsed.value], 'https://idp.example.com/oauth2/introspect')).toBe(true);
  });
});
