import { describe, expect, it } from '@jest/globals';

import type { AnyClient } from './support-envoy-client.ts';
import { bearer } from './support-envoy-scene.ts';

export function describePaths({ metadata, send, tokenOf, expectDenied, expectAllowed }: AnyClient): void {
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
      expect(passed).toBeGreaterThan(paths.length / 10);
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
