/**
 * Requests that get the same decision at every door of Envoy's: run through the gRPC service in both header forms,
 * and through the HTTP service.
 */
import { describe, expect, it } from '@jest/globals';

import { askOverHttp2 } from './support-envoy-http2.ts';
import {
  askThrough,
  bearer,
  HOST,
  valuesOf,
  type Asked,
  type Scene,
  type Seen,
} from './support-envoy-scene.ts';

export interface FrontOfTable {
  readonly scene: () => Scene;
  readonly front: string;
  /** The gRPC service alone carries dynamic metadata. */
  readonly metadata: boolean;
}

type Denial = 'required' | 'ambiguous' | 'invalid' | 'insufficient' | 'forbidden' | 'malformed';

const BEARER = 'Bearer realm="gatehouse"';
const challenge = (error: string): RegExp => new RegExp(`^${BEARER}, error="${error}", error_description="`);

const DENIALS: Record<Denial, { status: number; challenge: string | RegExp | null; body: string }> = {
  required: { status: 401, challenge: BEARER, body: 'The authorization token is required' },
  ambiguous: {
    status: 400,
    challenge: challenge('invalid_request'),
    body: 'The authorization header is malformed',
  },
  invalid: { status: 401, challenge: challenge('invalid_token'), body: 'The provided token is inactive' },
  insufficient: {
    status: 403,
    challenge: challenge('insufficient_scope'),
    body: 'The provided token is not sufficient for this resource',
  },
  forbidden: {
    status: 403,
    challenge: null,
    body: 'The provided token is not sufficient for this resource',
  },
  malformed: { status: 400, challenge: null, body: 'The authorization header is malformed' },
};

/** Makes the tests of one front. */
export function describeRequests({ scene, front, metadata }: FrontOfTable): void {
  const send = (asked: Asked): Promise<Seen> => askThrough(scene(), front, asked);
  const tokenOf = (name: Parameters<Scene['token']>[0]): string => scene().token(name);

  async function expectDenied(denial: Denial, asked: Asked): Promise<Seen> {
    const seen = await send(asked);
    const { status, challenge: wanted, body } = DENIALS[denial];
    expect({ status: seen.reply.status, body: seen.reply.body }).toEqual({ status, body });
    if (wanted === null) expect(seen.reply.headers).not.toHaveProperty('www-authenticate');
    else if (wanted instanceof RegExp) expect(seen.reply.headers['www-authenticate']).toMatch(wanted);
    else expect(seen.reply.headers['www-authenticate']).toBe(wanted);
    expect(seen.reply.headers['cache-control']).toBe('no-store');
    expect(seen.upstream).toBeNull();
    return seen;
  }

  async function expectAllowed(asked: Asked): Promise<Seen & { readonly upstream: object }> {
    const seen = await send(asked);
    expect({ status: seen.reply.status, body: seen.reply.status === 200 ? '' : seen.reply.body }).toEqual({
      status: 200,
      body: '',
    });
    if (seen.upstream === null) throw new Error('the upstream saw nothing');
    return { ...seen, upstream: seen.upstream };
  }

  describe('credentials', () => {
    it('lets an active token through, with identity headers and without Authorization', async () => {
      const { upstream, reply } = await expectAllowed({ headers: bearer(tokenOf('alice')) });
      expect(upstream.headers).toMatchObject({
        'x-auth-subject': 'alice',
        'x-auth-client': 'web',
        'x-auth-scopes': 'orders:read orders:write',
        'x-auth-groups': 'staff,on call',
      });
      expect(upstream.headers).not.toHaveProperty('authorization');
      expect(reply.headers).not.toHaveProperty('x-auth-subject');
    });

    it.each<[string, Denial, (token: string) => readonly string[]]>([
      ['no credential (R1)', 'required', () => []],
      ['a scheme that is not offered (R2)', 'required', () => ['Authorization', 'Basic YWxpY2U6c2VjcmV0']],
      ['proof of possession (R2)', 'required', (token) => ['Authorization', `DPoP ${token}`]],
      [
        'two lines, the good one first (R3, G17, T-4)',
        'ambiguous',
        (token) => [...bearer(token), ...bearer('x')],
      ],
      [
        'two lines, the good one last (R3, G17, T-4)',
        'ambiguous',
        (token) => [...bearer('x'), ...bearer(token)],
      ],
      [
        'the good line twice (R3, G17, T-4)',
        'ambiguous',
        (token) => [...bearer(token), 'authorization', `Bearer ${token}`],
      ],
      [
        'a line joined of two (R3, G17)',
        'ambiguous',
        (token) => ['Authorization', `Bearer ${token}, Bearer x`],
      ],
      ['a line joined with nothing (R3, G17)', 'ambiguous', (token) => ['Authorization', `Bearer ${token},`]],
      [
        'Basic beside Bearer (R3)',
        'ambiguous',
        (token) => ['Authorization', 'Basic YWxpY2U6c2VjcmV0', ...bearer(token)],
      ],
      ['a scheme alone (R4)', 'ambiguous', () => ['Authorization', 'Bearer']],
      ['a scheme and spaces (R4)', 'ambiguous', () => ['Authorization', 'Bearer   ']],
      ['an empty value (R4)', 'ambiguous', () => ['Authorization', '']],
      ['a quoted token (R5a)', 'invalid', (token) => ['Authorization', `Bearer "${token}"`]],
      ['a percent sign in the token (R5a)', 'invalid', (token) => ['Authorization', `Bearer ${token}%20`]],
      ['two words (R5b)', 'ambiguous', (token) => ['Authorization', `Bearer ${token} ${token}`]],
      ['a token that nobody issued (R6, G1)', 'invalid', () => bearer('made-up')],
      ['a token over 8 KiB (R19)', 'ambiguous', () => bearer('a'.repeat(8_200))],
    ])('denies %s', async (_what, denial, headers) => {
      await expectDenied(denial, { headers: headers(tokenOf('alice')) });
    });

    it.each([
      ['a revoked token (R6)', 'revoked'],
      ['a token for another audience (R8)', 'foreign'],
      ['a refresh token (INT-20)', 'refresh'],
    ] as const)('denies %s with 401 and invalid_token', async (_what, name) => {
      await expectDenied('invalid', { headers: bearer(tokenOf(name)) });
    });

    it('denies a token without the scope, and shows the client all scopes that are needed (R9)', async () => {
      const { reply } = await expectDenied('insufficient', {
        path: '/writes/1',
        headers: bearer(tokenOf('reader')),
      });
      expect(reply.headers['www-authenticate']).toMatch(/, scope="orders:read orders:write"$/);
    });

    it('denies a token without any scope (R9)', async () => {
      await expectDenied('insufficient', { path: '/writes/1', headers: bearer(tokenOf('scopeless')) });
    });

    it.each(['bearer', 'BEARER', 'bEaReR'])('takes %s for the scheme (G18, T-5)', async (scheme) => {
      const { upstream } = await expectAllowed({
        headers: ['Authorization', `${scheme} ${tokenOf('alice')}`],
      });
      expect(upstream.headers['x-auth-subject']).toBe('alice');
    });

    it('takes several spaces between scheme and token (G18)', async () => {
      await expectAllowed({ headers: ['Authorization', `Bearer   ${tokenOf('alice')}`] });
    });

    it('ignores a token in the query (R24), and leaves the query to the upstream', async () => {
      const path = `/orders/1?access_token=${tokenOf('alice')}`;
      await expectDenied('required', { path });
      const { upstream } = await expectAllowed({ path, headers: bearer(tokenOf('reader')) });
      expect(upstream.headers['x-auth-subject']).toBe('rob');
      expect(upstream.path).toBe(path);
    });

    it('ignores a token in the body (R23)', async () => {
      await expectDenied('required', {
        method: 'POST',
        headers: ['Content-Type', 'application/x-www-form-urlencoded'],
        body: `access_token=${tokenOf('alice')}`,
      });
    });

    it('keeps Authorization where the route says so, and on public routes', async () => {
      const headers = bearer(tokenOf('alice'));
      for (const path of ['/kept/1', '/public/1']) {
        const { upstream } = await expectAllowed({ path, headers });
        expect(valuesOf(upstream, 'authorization')).toEqual([`Bearer ${tokenOf('alice')}`]);
      }
    });

    it('judges whatever Authorization an optional route gets, and strips it', async () => {
      await expectAllowed({ path: '/optional/1' });
      await expectDenied('invalid', { path: '/optional/1', headers: bearer('made-up') });
      await expectDenied('ambiguous', { path: '/optional/1', headers: ['Authorization', ''] });
      await expectDenied('required', { path: '/optional/1', headers: ['Authorization', 'Basic eDp5'] });
      const { upstream } = await expectAllowed({ path: '/optional/1', headers: bearer(tokenOf('alice')) });
      expect(upstream.headers['x-auth-subject']).toBe('alice');
      expect(upstream.headers).not.toHaveProperty('authorization');
    });
  });

  describe('methods', () => {
    it('takes HEAD where GET is allowed (HTTP-12)', async () => {
      const { upstream } = await expectAllowed({ method: 'HEAD', headers: bearer(tokenOf('alice')) });
      expect(upstream).toMatchObject({ method: 'HEAD', headers: { 'x-auth-subject': 'alice' } });
    });

    it('answers a refused HEAD with status and challenge, and no body', async () => {
      const { reply, upstream } = await send({ method: 'HEAD' });
      expect(reply).toMatchObject({ status: 401, body: '', headers: { 'www-authenticate': BEARER } });
      expect(upstream).toBeNull();
    });

    it.each(['DELETE', 'PATCH', 'OPTIONS'])('denies %s where GET and POST are allowed', async (method) => {
      await expectDenied('forbidden', { method, headers: bearer(tokenOf('alice')) });
    });

    it('denies TRACE, on a public route too (HTTP-12)', async () => {
      await expectDenied('forbidden', { method: 'TRACE', path: '/public/1' });
    });

    it('takes away headers that ask the upstream for another method (HTTP-12)', async () => {
      const overrides = [
        'X-HTTP-Method-Override',
        'DELETE',
        'X-HTTP-Method',
        'PUT',
        'X-Method-Override',
        'PUT',
      ];
      const { upstream } = await expectAllowed({ headers: [...bearer(tokenOf('alice')), ...overrides] });
      expect(JSON.stringify(upstream.rawHeaders)).not.toMatch(/method/i);
    });
  });

  describe('routes', () => {
    it.each([
      ['a route that is closed (R21)', '/denied/1'],
      ['a path of no route (R21)', '/nowhere'],
    ])('denies %s, whatever the token, without a challenge', async (_what, path) => {
      await expectDenied('forbidden', { path, headers: bearer(tokenOf('alice')) });
      await expectDenied('forbidden', { path });
    });

    it.each([
      ['upper case', ['Host', 'INTERNAL.Example.COM']],
      ['a port', ['Host', 'internal.example.com:8443']],
      ['a trailing dot', ['Host', 'internal.example.com.']],
    ])('knows a host by %s (T-8)', async (_what, headers) => {
      await expectDenied('required', { path: '/public/1', headers });
    });

    it('takes the host that the upstream will see, from an absolute target too (T-7, T-8)', async () => {
      await expectDenied('required', { path: 'http://internal.example.com/public/1' });
      const { upstream } = await expectAllowed({
        path: 'http://internal.example.com/public/1',
        headers: bearer(tokenOf('admin')),
      });
      expect(upstream).toMatchObject({ path: '/public/1', headers: { host: 'internal.example.com' } });
    });

    it('believes no header that speaks of another path, method or host (T-9)', async () => {
      await expectDenied('required', {
        path: '/admin/1',
        headers: [
          ...['X-Original-URI', '/public/1', 'X-Original-URL', 'http://api.example.com/public/1'],
          ...['X-Forwarded-Uri', '/public/1', 'X-Forwarded-Path', '/public/1', 'X-Rewrite-URL', '/public/1'],
          ...['X-Envoy-Original-Path', '/public/1', 'X-Forwarded-Host', 'other.example.com'],
          ...['X-Original-Method', 'OPTIONS', 'X-Forwarded-Method', 'OPTIONS', 'Forwarded', 'host=other'],
        ],
      });
    });
  });

  describe('identity headers', () => {
    const SPELLINGS = [
      'X-Auth-Subject',
      'x_auth_subject',
      'x.auth.subject',
      'X_AUTH-Subject',
      'x-auth_subject',
    ]
      .concat(['x.auth-subject', 'X-Auth.Subject', 'x_auth.subject', 'x.auth_subject', 'x-auth-subject'])
      .concat(['X-Auth-Client', 'x-auth.groups', 'x_auth_groups', 'x-auth-unheard-of', 'x_auth_unheard.of']);
    const spoofed = SPELLINGS.flatMap((name) => [name, 'mallory']);

    it.each<[string, string, 'alice' | null, string | null]>([
      ['a required route', '/orders/1', 'alice', 'alice'],
      ['a required route that keeps Authorization', '/kept/1', 'alice', 'alice'],
      ['a required route that sets none', '/silent/1', 'alice', null],
      ['an optional route, with a token', '/optional/1', 'alice', 'alice'],
      ['an optional route, without a token', '/optional/1', null, null],
      ['a public route', '/public/1', null, null],
      ['a public route, with a token', '/public/1', 'alice', null],
    ])(
      'never reach the upstream from the client on %s, however they are spelt (G16, T-1)',
      async (_what, path, name, subject) => {
        const headers = [...spoofed, ...(name === null ? [] : bearer(tokenOf(name))), ...spoofed];
        const { upstream } = await expectAllowed({ path, headers });
        expect(JSON.stringify(upstream.rawHeaders)).not.toContain('mallory');
        expect(valuesOf(upstream, 'x-auth-subject')).toEqual(subject === null ? [] : [subject]);
      },
    );

    it('reach the upstream though Connection names them', async () => {
      const { upstream } = await expectAllowed({
        headers: ['Connection', 'close, x-auth-subject, x-auth-client', ...bearer(tokenOf('alice'))],
      });
      expect(upstream.headers).toMatchObject({ 'x-auth-subject': 'alice', 'x-auth-client': 'web' });
    });

    it('are removed when the answer has no claim for them (G16)', async () => {
      const { upstream } = await expectAllowed({ headers: [...bearer(tokenOf('nobody')), ...spoofed] });
      expect(JSON.stringify(upstream.rawHeaders)).not.toContain('mallory');
      expect(valuesOf(upstream, 'x-auth-subject')).toEqual([]);
      expect(valuesOf(upstream, 'x-auth-scopes')).toEqual(['orders:read']);
    });

    it('carry claims that are not ASCII, and ones that mean to break out, percent-encoded (T-2, T-3)', async () => {
      const { upstream } = await expectAllowed({ headers: bearer(tokenOf('umlaut')) });
      expect(upstream.headers['x-auth-subject']).toBe('%20Zo%C3%AB %E2%98%83 100%25%0D%0AX-Admin: 1');
      expect(upstream.headers['x-auth-groups']).toBe('a%2Cadmin,na%C3%AFve,tab%09here');
      expect(upstream.headers).not.toHaveProperty('x-admin');
    });

    it('are removed rather than cut when a claim is over 4 KiB (T-2)', async () => {
      const { upstream } = await expectAllowed({
        headers: [...bearer(tokenOf('verbose')), 'X-Auth-Groups', 'mallory'],
      });
      expect(upstream.headers['x-auth-subject']).toBe('vic');
      expect(upstream.headers).not.toHaveProperty('x-auth-groups');
    });
  });

  describe('a gRPC call of a client', () => {
    // Refused, it is HTTP 200 all the same: its status is in grpc-status.
    it.each<[string, string, string, () => readonly string[]]>([
      ['UNAUTHENTICATED, without a token', '16', '/orders/1', () => []],
      ['PERMISSION_DENIED, without the scope', '7', '/admin/1', () => bearer(tokenOf('alice'))],
      ['PERMISSION_DENIED, where the route is closed', '7', '/denied/1', () => []],
    ])('is refused with %s', async (_what, grpcStatus, path, headers) => {
      const { reply, upstream } = await send({
        method: 'POST',
        path,
        headers: ['Content-Type', 'application/grpc', 'TE', 'trailers', ...headers()],
        body: '\0\0\0\0\0',
      });
      expect(reply).toMatchObject({ status: 200, body: '', headers: { 'grpc-status': grpcStatus } });
      expect(upstream).toBeNull();
    });
  });

  describe('over HTTP/2', () => {
    const PLACE = { path: '/orders/1', authority: HOST };
    const sendOver2 = (fields: readonly string[], place = PLACE) =>
      askOverHttp2(scene(), front, place, fields);

    it('lets an active token through, without what a client claims to be', async () => {
      const spoofed = ['x-auth-subject', 'mallory', 'x-auth_subject', 'mallory', 'x.auth.groups', 'mallory'];
      const { status, upstream } = await sendOver2([...spoofed, ...bearer(tokenOf('alice')), ...spoofed]);
      expect(status).toBe(200);
      expect(upstream?.headers['x-auth-subject']).toBe('alice');
      expect(JSON.stringify(upstream?.rawHeaders)).not.toContain('mallory');
    });

    it.each(['first', 'last'])(
      'denies two Authorization fields, the good one %s (R3, G17, T-4)',
      async (place) => {
        const fields = [bearer(tokenOf('alice')), bearer('x')];
        const { status, challenge, upstream } = await sendOver2(
          (place === 'first' ? fields : fields.toReversed()).flat(),
        );
        expect({ status, upstream }).toEqual({ status: 400, upstream: null });
        expect(challenge).toMatch(/error="invalid_request"/);
      },
    );

    it('takes the host that the upstream will see, not one beside it (T-8)', async () => {
      const place = { path: '/public/1', authority: 'internal.example.com' };
      const { status, upstream } = await sendOver2(['host', HOST], place);
      expect([400, 401]).toContain(status);
      expect(upstream).toBeNull();
    });
  });

  describe('bytes that are not UTF-8 (T-11)', () => {
    it.each<[string, readonly string[]]>([
      ['a header that nobody reads', ['X-Note', 'caf\xe9 \xff\xfe']],
      ['a claimed identity', ['X-Auth-Subject', 'mallory\xff']],
    ])('do not keep a good token out in %s, nor get in', async (_what, headers) => {
      const { upstream } = await expectAllowed({ headers: [...bearer(tokenOf('alice')), ...headers] });
      expect(valuesOf(upstream, 'x-auth-subject')).toEqual(['alice']);
      expect(JSON.stringify(upstream.rawHeaders)).not.toContain('mallory');
    });

    it.each<[string, Denial, (token: string) => readonly string[]]>([
      ['a header, without a token', 'required', () => ['X-Note', '\xff\xfe']],
      ['the token', 'invalid', (token) => bearer(`${token}\xff`)],
      ['the scheme', 'ambiguous', (token) => ['Authorization', `Bearer\xff ${token}`]],
      ['a second credential', 'ambiguous', (token) => [...bearer(token), 'Authorization', '\xff']],
    ])('are denied in %s', async (_what, denial, headers) => {
      await expectDenied(denial, { headers: headers(tokenOf('alice')) });
    });
  });

  describe('paths, which Envoy leaves as they are', () => {
    it.each([
      ['two slashes', '/public//1'],
      ['two slashes first', '//public/1'],
      ['a dot segment', '/public/./1'],
      ['a dot segment up and down', '/admin/../public/1'],
      ['an escaped dot segment', '/admin/%2e%2E/public/1'],
      ['an escaped letter', '/%70ublic/1'],
      ['a query that looks like a path', '/public/1?/../../admin/1'],
    ])('get the rule of the path that the upstream sees: %s (T-7)', async (_what, path) => {
      const { upstream, reply } = await expectAllowed({ path });
      expect(upstream.path).toBe(path);
      expect(readings(path).map(topOf)).toEqual(readings(path).map(() => 'public'));
      if (metadata) expect(reply.headers['x-shown-gatehouse-rule']).toBe('public');
    });

    it.each([
      ['two slashes', '/public/..//admin/1'],
      ['two slashes first', '//admin/1'],
      ['a dot segment', '/public/../admin/1'],
      ['an escaped dot segment', '/public/%2e%2e/admin/1'],
      ['an escaped letter', '/%61dmin/1'],
      ['a dot segment at the end', '/admin/1/..'],
    ])('get the rule of the path that the upstream sees: %s, to a guarded one (T-7)', async (_what, path) => {
      await expectDenied('required', { path });
      await expectDenied('insufficient', { path, headers: bearer(tokenOf('alice')) });
      const { upstream } = await expectAllowed({ path, headers: bearer(tokenOf('admin')) });
      expect(upstream.path).toBe(path);
    });

    it.each([
      ['an escaped slash', '/public/..%2fadmin/1'],
      ['an escaped slash in lower case', '/public%2f1'],
      ['an escaped backslash', '/public/..%5Cadmin/1'],
      ['a backslash', '/public/..\\admin/1'],
      ['parameters', '/public/..;/admin/1'],
      ['escaped parameters', '/public/..%3B/admin/1'],
      ['a path escaped twice', '/public/%252e%252e/admin/1'],
      ['a NUL byte', '/public/%00'],
      ['half an escape', '/public/%2'],
      ['bytes that are not UTF-8', '/public/%ff'],
      ['overlong dots', '/public/%c0%ae%c0%ae/admin/1'],
      ['a way above the root', '/../public/1'],
      ['an escaped slash that leads elsewhere, where one is allowed', '/files/..%2fadmin'],
      ['parameters that lead elsewhere, where they are allowed', '/files/..;x'],
    ])('are denied when servers could read them in two ways: %s (T-7, R21)', async (_what, path) => {
      await expectDenied('malformed', { path });
      await expectDenied('malformed', { path, headers: bearer(tokenOf('admin')) });
    });

    it.each(['/files/a%2Fb', '/files/a;v=1'])(
      'go on as they are where the route allows it: %s',
      async (path) => {
        const { upstream } = await expectAllowed({ path });
        expect(upstream.path).toBe(path);
      },
    );

    it('are never let through to what another rule guards, however they are put together (T-7)', async () => {
      const paths = strangePaths(400);
      let passed = 0;
      for (const path of paths) {
        const { upstream, reply } = await send({ path });
        if (upstream === null) {
          expect([400, 401, 403, 404]).toContain(reply.status);
          continue;
        }
        passed += 1;
        expect({ path, tops: [...new Set(readings(upstream.path).map(topOf))] }).toEqual({
          path,
          tops: ['public'],
        });
      }
      expect(passed).toBeGreaterThan(paths.length / 50);
    });
  });
}

/**
 * How servers of different makes read a path: with and without `;`, decoded before or after dots are resolved, decoded
 * twice. All of them resolve dot segments; behind a server that does not, Envoy must (deploy/envoy does).
 */
function readings(target: string): readonly string[] {
  const raw = target.split('?')[0] ?? '';
  const withoutParameters = raw.replace(/;[^/]*/g, '');
  return [
    new URL(`http://upstream${raw}`).pathname,
    ...[raw, withoutParameters].flatMap((path) => [
      resolved(decoded(path)),
      resolved(decoded(resolved(path))),
      resolved(decoded(path).replace(/;[^/]*/g, '')),
      resolved(decoded(path).replaceAll('\\', '/')),
      resolved(decoded(decoded(path)).replaceAll('\\', '/')),
    ]),
  ];
}

const topOf = (path: string): string =>
  decoded(path)
    .split('/')
    .find((segment) => segment !== '') ?? '';

function decoded(path: string): string {
  return path.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

function resolved(path: string): string {
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  return `/${segments.join('/')}`;
}

const PIECES = [
  'public',
  'admin',
  'x',
  '.',
  '..',
  '%2e',
  '%2E%2e',
  '.%2e',
  '%70ublic',
  '%61dmin',
  '..;',
  ';x',
]
  .concat(['%3b', '..%2f', '%2F', '%5c', '..%5C', '%252e%252e', '', '', 'public', 'public', 'PUBLIC', '%00'])
  .concat(['..%00', 'public;', 'admin;y', '...', '%c0%ae', '~', '%20', '&', '=']);

/** The same paths in every run, most of them beginning where anybody may go. */
function strangePaths(count: number): readonly string[] {
  let state = 42;
  const below = (limit: number): number => {
    // Numbers of Park and Miller: good enough to mix with, the same everywhere.
    state = (state * 48_271) % 2_147_483_647;
    return state % limit;
  };
  return Array.from({ length: count }, () => {
    const pieces = Array.from({ length: 1 + below(4) }, () => PIECES[below(PIECES.length)] ?? '');
    return `/${[below(4) === 0 ? '' : 'public', ...pieces].join('/')}`;
  });
}
