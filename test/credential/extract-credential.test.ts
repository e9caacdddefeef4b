import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { extractCredential } from '../../src/credential/index.ts';
import type { CredentialSource } from '../../src/domain/index.ts';
import { aRequest } from '../support/builders.ts';

const COOKIE: CredentialSource = { kind: 'cookie', name: 'session' };
const HEADER: CredentialSource = { kind: 'header', name: 'x-token' };
const SOCKET: CredentialSource = { kind: 'websocketProtocol', prefix: 'bearer.' };
const QUERY: CredentialSource = { kind: 'query', name: 'access_token' };
const BEARER: CredentialSource = { kind: 'authorization' };

type Asked = Parameters<typeof aRequest>[0];

function extract(from: readonly CredentialSource[], request: Asked, origins: readonly string[] = []) {
  const credential = extractCredential({ from, origins }, aRequest(request));
  if (credential.kind === 'refused') return credential.reason;
  if (credential.kind === 'none') return 'none';
  const { set = [], remove = [], removeQuery = [] } = credential.spent ?? {};
  return [
    credential.token.reveal(),
    [...set.map(({ name, value }) => `${name}=${value}`), ...remove, ...removeQuery],
  ];
}

const headers = (...lines: readonly (readonly [string, string])[]): Asked => ({ headers: lines });

describe('extractCredential: a header of another name', () => {
  it.each<readonly [string, Asked, unknown]>([
    ['the token alone', headers(['X-Token', 'tok']), ['tok', ['x-token']]],
    ['the token behind Bearer', headers(['X-Token', ' bEaReR  tok ']), ['tok', ['x-token']]],
    ['no such header', headers(['X-Other', 'tok']), 'none'],
    ['an empty one (R4)', headers(['X-Token', '']), 'credential_empty'],
    ['the scheme alone (R4)', headers(['X-Token', 'Bearer']), 'credential_empty'],
    ['two of them (R3)', headers(['X-Token', 'a'], ['X-Token', 'a']), 'credential_ambiguous'],
    ['two that a gateway joined (R3, ENV-5)', headers(['X-Token', 'a,a']), 'credential_ambiguous'],
    ['another scheme (R5a)', headers(['X-Token', 'Basic abc']), 'token_malformed'],
    ['characters of no token (R5a)', headers(['X-Token', 'a"b']), 'token_malformed'],
    ['one over 8 KiB (R19)', headers(['X-Token', 'a'.repeat(8_193)]), 'credential_too_long'],
  ])('%s', (_case, request, expected) => {
    expect(extract([HEADER], request)).toEqual(expected);
  });
});

describe('extractCredential: a cookie (BEAR-17)', () => {
  it.each<readonly [string, Asked, unknown]>([
    ['alone', headers(['Cookie', 'session=tok']), ['tok', ['cookie']]],
    [
      'among others, which go on',
      headers(['Cookie', 'a=1; session=tok==;b="x y"']),
      ['tok==', ['cookie=a=1; b="x y"']],
    ],
    ['on a line of its own', headers(['Cookie', 'a=1'], ['Cookie', 'session=tok']), ['tok', ['cookie=a=1']]],
    ['none of this name', headers(['Cookie', 'xsession=tok; Session=tok; a=session=tok']), 'none'],
    ['twice (R3)', headers(['Cookie', 'session=a; session=b']), 'credential_ambiguous'],
    [
      'twice with the same value (R3)',
      headers(['Cookie', 'session=a'], ['Cookie', 'session=a']),
      'credential_ambiguous',
    ],
    [
      'with spaces around its name (R3)',
      headers(['Cookie', 'session =a; session=b']),
      'credential_ambiguous',
    ],
    ['empty (R4)', headers(['Cookie', 'session=']), 'credential_empty'],
    ['in quotes (R5a)', headers(['Cookie', 'session="tok"']), 'token_malformed'],
  ])('%s', (_case, request, expected) => {
    expect(extract([COOKIE], request)).toEqual(expected);
  });

  const cookie = ['Cookie', 'session=tok'] as const;
  const accepted = ['tok', ['cookie']];

  it.each<readonly [string, unknown, Asked, readonly string[]]>([
    ['GET without an origin', accepted, { method: 'GET' }, []],
    [
      'GET from strangers, who cannot read the answer',
      accepted,
      { method: 'GET', headers: [['Origin', 'https://evil']] },
      [],
    ],
    [
      'POST from the requested host',
      accepted,
      { method: 'POST', headers: [['Origin', 'https://api.example.com']] },
      [],
    ],
    ['POST without an origin', 'origin_refused', { method: 'POST' }, []],
    ['POST from strangers', 'origin_refused', { method: 'POST', headers: [['Origin', 'https://evil']] }, []],
    ['POST from nowhere', 'origin_refused', { method: 'POST', headers: [['Origin', 'null']] }, []],
    [
      'POST from another scheme',
      'origin_refused',
      { method: 'POST', headers: [['Origin', 'http://api.example.com']] },
      [],
    ],
    [
      'POST from another port',
      'origin_refused',
      { method: 'POST', headers: [['Origin', 'https://api.example.com:444']] },
      [],
    ],
    [
      'POST from two origins',
      'origin_refused',
      {
        method: 'POST',
        headers: [
          ['Origin', 'https://api.example.com'],
          ['Origin', 'https://api.example.com'],
        ],
      },
      [],
    ],
    ['a method that nobody knows', 'origin_refused', { method: 'PURGE' }, []],
    [
      'POST to a host with its standard port',
      accepted,
      { method: 'POST', host: 'api.example.com:443', headers: [['Origin', 'https://api.example.com']] },
      [],
    ],
    [
      'POST where nobody told the scheme',
      'origin_refused',
      { method: 'POST', scheme: null, headers: [['Origin', 'https://api.example.com']] },
      [],
    ],
    [
      'POST from an origin of the settings',
      accepted,
      { method: 'POST', headers: [['Origin', 'https://app.example.com']] },
      ['https://app.example.com'],
    ],
    [
      'POST from the requested host where the settings name another',
      'origin_refused',
      { method: 'POST', headers: [['Origin', 'https://api.example.com']] },
      ['https://app.example.com'],
    ],
    [
      'a WebSocket without an origin',
      'origin_refused',
      { method: 'GET', headers: [['Upgrade', 'websocket']] },
      [],
    ],
    [
      'a WebSocket of HTTP/2 from strangers',
      'origin_refused',
      {
        method: 'GET',
        headers: [
          ['Sec-WebSocket-Key', 'x'],
          ['Origin', 'https://evil'],
        ],
      },
      [],
    ],
    [
      'a WebSocket from the requested host',
      accepted,
      {
        method: 'GET',
        headers: [
          ['Upgrade', 'websocket'],
          ['Origin', 'https://api.example.com'],
        ],
      },
      [],
    ],
  ])('looks at the origin: %s', (_case, expected, request, origins) => {
    const lines = request?.headers ?? [];
    expect(extract([COOKIE], { ...request, headers: [cookie, ...lines] }, origins)).toEqual(expected);
  });

  it('looks at no origin for a token of another place', () => {
    expect(extract([BEARER, COOKIE], { method: 'POST', headers: [['Authorization', 'Bearer tok']] })).toEqual(
      ['tok', []],
    );
  });
});

describe('extractCredential: Sec-WebSocket-Protocol', () => {
  const name = 'Sec-WebSocket-Protocol';

  it.each<readonly [string, Asked, unknown]>([
    ['alone', headers([name, 'bearer.tok']), ['tok', ['sec-websocket-protocol']]],
    [
      'among others',
      headers([name, 'chat, bearer.a.b.c , v2']),
      ['a.b.c', ['sec-websocket-protocol=chat, v2']],
    ],
    [
      'on a line of its own',
      headers([name, 'chat'], [name, 'bearer.tok']),
      ['tok', ['sec-websocket-protocol=chat']],
    ],
    ['none', headers([name, 'chat, xbearer.tok']), 'none'],
    ['twice (R3)', headers([name, 'bearer.a, bearer.a']), 'credential_ambiguous'],
    ['empty (R4)', headers([name, 'bearer.']), 'credential_empty'],
  ])('%s', (_case, request, expected) => {
    expect(extract([SOCKET], request)).toEqual(expected);
  });
});

describe('extractCredential: a query parameter (BEAR-6)', () => {
  it.each<readonly [string, string, unknown]>([
    ['alone', '/a?access_token=tok', ['tok', ['access_token']]],
    ['among others', '/a?x=1&access_token=a%2Bb%3D&y', ['a+b=', ['access_token']]],
    ['none', '/a?x=access_token', 'none'],
    ['none without a query', '/access_token=tok', 'none'],
    ['twice (R3, BEAR-4)', '/a?access_token=a&access_token=a', 'credential_ambiguous'],
    ['once plain and once escaped (R3)', '/a?access_token=a&access%5Ftoken=b', 'credential_ambiguous'],
    ['escaped only, which no gateway would remove (R3)', '/a?access%5Ftoken=b', 'credential_ambiguous'],
    ['empty (R4)', '/a?access_token=', 'credential_empty'],
    ['without a value (R4)', '/a?access_token', 'credential_empty'],
    ['with a plus, which is a space in forms (R5a)', '/a?access_token=a+b', 'token_malformed'],
    ['with a broken escape (R5a)', '/a?access_token=a%', 'token_malformed'],
    ['in another case', '/a?Access_Token=tok', 'none'],
  ])('%s', (_case, path, expected) => {
    expect(extract([QUERY], { path })).toEqual(expected);
  });
});

describe('extractCredential: several places', () => {
  const all = [BEARER, HEADER, COOKIE, SOCKET, QUERY];
  const places: readonly Asked[] = [
    headers(['authorization', 'Bearer tok']),
    headers(['x-token', 'tok']),
    headers(['cookie', 'session=tok']),
    headers(['sec-websocket-protocol', 'bearer.tok']),
    { path: '/?access_token=tok' },
  ];

  it('finds the one token wherever it is, and refuses two of them, the same ones too (R3, BEAR-4)', () => {
    fc.assert(
      fc.property(fc.subarray([...places]), (chosen) => {
        const request = {
          headers: chosen.flatMap((place) => place?.headers ?? []),
          path: chosen.find((place) => place?.path !== undefined)?.path ?? '/',
        };
        const found = extract(all, request);
        if (chosen.length === 0) expect(found).toBe('none');
        else if (chosen.length > 1) expect(found).toBe('credential_ambiguous');
        else expect(found).toEqual(['tok', expect.any(Array)]);
      }),
    );
  });

  it('refuses a second one that is no good (R3)', () => {
    expect(extract(all, headers(['authorization', 'Basic x'], ['x-token', 'tok']))).toBe(
      'credential_ambiguous',
    );
  });

  it('ignores a place that the rule does not name (R23, R24)', () => {
    expect(extract([COOKIE], headers(['authorization', 'Bearer tok']))).toBe('none');
  });
});

describe('extractCredential: a run of blanks without end', () => {
  const blanks = ' \t'.repeat(500_000);

  // Looked at once for each of its blanks, a megabyte takes many minutes of everybody's time.
  it.each<readonly [string, CredentialSource, Asked, unknown]>([
    ['a header', HEADER, headers(['x-token', `a${blanks}b`]), 'credential_too_long'],
    ['a cookie', COOKIE, headers(['cookie', `a=b${blanks}c; session${blanks}d=e`]), 'none'],
    ['a protocol', SOCKET, headers(['sec-websocket-protocol', `a${blanks}b`]), 'none'],
  ])('in %s is passed over in one go (T-67)', (_place, source, request, expected) => {
    expect(extract([source], request)).toBe(expected);
  });
});
