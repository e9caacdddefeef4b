/** Requests that nobody sends by mistake: hostile paths, headers and messages, for fast-check to choose from and shrink. */
import fc from 'fast-check';

import {
  field,
  group,
  headerMap,
  mappedHeader,
  message,
  number,
  rawHeader,
  varint,
} from '../gateway/envoy/wire.ts';
import { aCheck, type CheckWords } from './support-house-check.ts';
import type { World } from './support-house-oracle.ts';

/** As bytes of a CheckRequest, well-formed or not. */
export function hostileChecks(world: World): fc.Arbitrary<Buffer> {
  const wellFormed = fc
    .oneof({ weight: 3, arbitrary: hostileWords(world) }, { weight: 1, arbitrary: soundWords(world) })
    .map(aCheck);
  return fc.oneof(
    { weight: 45, arbitrary: wellFormed },
    { weight: 35, arbitrary: fc.tuple(wellFormed, edits()).map(([bytes, all]) => all.reduce(apply, bytes)) },
    { weight: 10, arbitrary: fc.tuple(wellFormed, strangeFields()).map((parts) => Buffer.concat(parts)) },
    { weight: 5, arbitrary: strangeFields() },
    { weight: 5, arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)) },
  );
}

export function hostileWords(world: World): fc.Arbitrary<CheckWords> {
  return fc.record({
    method: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom('GET', 'POST', 'HEAD', 'DELETE', 'OPTIONS') },
      fc.constantFrom('TRACE', 'CONNECT', 'get', '', 'PROPFIND', 'GET '),
      byteString(8),
    ),
    path: hostilePath(world),
    host: fc.oneof(
      { weight: 6, arbitrary: fc.constant('api.example.com') },
      fc.constantFrom(
        '',
        'a,b',
        '[::1]',
        '[::1',
        'user@host',
        'a..b',
        '*',
        'api.example.com:',
        'x'.repeat(300),
      ),
      byteString(12),
    ),
    scheme: fc.constantFrom('https', 'http', '', 'HTTPS', 'x'),
    headers: fc
      .tuple(
        fc.array(hostileCredential(world), { maxLength: 2 }),
        fc.array(hostileHeader(), { maxLength: 6 }),
      )
      .map(([credentials, others]) => [...credentials, ...others]),
    form: fc.constantFrom('raw', 'map'),
    context: fc.dictionary(fc.constantFrom('tier', '__proto__', ''), fc.constantFrom('gold', ''), {
      maxKeys: 2,
    }),
  });
}

/** Some of them may pass, so that an edit may turn one that may into one that may not. */
function soundWords({ token, open, optional }: World): fc.Arbitrary<CheckWords> {
  return fc.record({
    path: fc.constantFrom('/orders/1', `${open}/a`, `${optional}/1`),
    headers: fc.constantFrom<CheckWords['headers']>(
      [],
      [['authorization', `Bearer ${token}`]],
      [['authorization', 'Bearer x']],
    ),
    form: fc.constantFrom('raw', 'map'),
  }) as fc.Arbitrary<CheckWords>;
}

export function hostilePath({ open, optional }: World): fc.Arbitrary<string> {
  const piece = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(open.slice(1), optional.slice(1), 'orders', '1') },
    fc.constantFrom(
      '..',
      '.',
      '',
      '%2e%2e',
      '%2E.',
      '%2f',
      '..%2f',
      '%5c..',
      ';x',
      '..;',
      '%3b',
      '%00',
      '%',
      '%2',
      '%zz',
    ),
    fc.constantFrom(
      '%252e',
      '%c0%ae',
      '%ff',
      '\xff',
      '\xc0\xae',
      '\\',
      '#',
      '*',
      '**',
      '~',
      '\t',
      ' ',
      '\0',
      '\u007f',
      '%0d%0a',
    ),
    byteString(4),
  );
  const made = fc
    .tuple(
      fc.constantFrom('/', '/', '/', '//', '', 'http://x/', '*'),
      fc.array(piece, { maxLength: 6 }),
      fc.constantFrom('', '/', '?', '?a=/..', '#'),
    )
    .map(([start, pieces, end]) => `${start}${pieces.join('/')}${end}`);
  const usual = fc.constantFrom('/orders/1', `${open}/a`, `${optional}/1`, open, optional, '/');
  return fc.oneof({ weight: 3, arbitrary: usual }, { weight: 5, arbitrary: made });
}

export function hostileCredential({ token }: World): fc.Arbitrary<readonly [string, string]> {
  const shown = fc.oneof(
    { weight: 3, arbitrary: fc.constant(token) },
    fc.constantFrom(
      token.slice(1),
      `${token}=`,
      `${token} `,
      ` ${token}`,
      `${token},`,
      token.toUpperCase(),
      `${token}\0`,
    ),
    fc.stringMatching(/^[A-Za-z0-9._~+/-]{1,30}=?$/),
    byteString(12),
    fc.constant('a'.repeat(9_000)),
  );
  const value = fc
    .tuple(
      fc.constantFrom(
        'Bearer ',
        'Bearer ',
        'bearer ',
        'Bearer',
        'Bearer\t',
        'Basic ',
        '',
        ',',
        'Bearer x,Bearer ',
      ),
      shown,
    )
    .map(([scheme, rest]) => scheme + rest);
  return fc.tuple(
    fc.constantFrom('authorization', 'Authorization', 'AUTHORIZATION', 'authorization ', 'x-authorization'),
    value,
  );
}

export function hostileHeader(): fc.Arbitrary<readonly [string, string]> {
  const name = fc.oneof(
    fc.constantFrom(
      'x-auth-subject',
      'X_Auth_Subject',
      'x.auth.subject',
      ':path',
      ':authority',
      'host',
      'cookie',
    ),
    fc.constantFrom(
      '__proto__',
      'constructor',
      'content-length',
      'transfer-encoding',
      'x-request-id',
      'x\r\ny',
      '',
    ),
    byteString(8),
  );
  const value = fc.oneof(
    byteString(20),
    fc.constantFrom('', 'root', 'a\r\nx-auth-subject: root', '\0', 'x'.repeat(5_000)),
  );
  return fc.tuple(name, value);
}

function byteString(maxLength: number): fc.Arbitrary<string> {
  return fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString('latin1'));
}

interface Edit {
  readonly kind: 'flip' | 'cut' | 'drop' | 'insert' | 'repeat';
  /** Where, as a share of the length. */
  readonly at: number;
  readonly length: number;
  readonly byte: number;
}

function edits(): fc.Arbitrary<readonly Edit[]> {
  const edit = fc.record({
    kind: fc.constantFrom<Edit['kind'][]>('flip', 'flip', 'cut', 'drop', 'insert', 'repeat'),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.integer({ min: 1, max: 24 }),
    byte: fc.integer({ min: 0, max: 255 }),
  });
  return fc.array(edit, { minLength: 1, maxLength: 4 });
}

function apply(bytes: Buffer, { kind, at, length, byte }: Edit): Buffer {
  const start = Math.min(bytes.length, Math.floor(at * bytes.length));
  const [before, after] = [bytes.subarray(0, start), bytes.subarray(start)];
  switch (kind) {
    case 'flip':
      return Buffer.concat([before, Buffer.from(after.length === 0 ? [] : [byte]), after.subarray(1)]);
    case 'cut':
      return before;
    case 'drop':
      return Buffer.concat([before, after.subarray(length)]);
    case 'insert':
      return Buffer.concat([before, Buffer.alloc(length, byte), after]);
    case 'repeat':
      return Buffer.concat([before, after.subarray(0, length), after]);
  }
}

/** Fields that a sound sender would not write: of other types, lengths that lie, numbers beyond what is allowed. */
function strangeFields(): fc.Arbitrary<Buffer> {
  const inHttp = (...http: readonly Buffer[]): Buffer => field(1, field(4, field(2, message(...http))));
  const big = 2n ** 63n;
  return fc.constantFrom(
    field(1, field(4, field(2, ''))),
    field(1, field(4, '')),
    inHttp(number(4, 7), number(2, 1), number(3, 9)),
    inHttp(field(4, '/public/a'), field(4, '/orders/1')),
    inHttp(mappedHeader('authorization', ''), mappedHeader('authorization', 'Bearer x')),
    inHttp(headerMap(rawHeader('authorization', 'Bearer x'), rawHeader('Authorization', 'Bearer y'))),
    inHttp(headerMap(message(field(1, 'authorization'), field(2, 'Bearer x'), field(3, 'Bearer y')))),
    inHttp(field(13, field(1, field(1, field(1, 'authorization'))))),
    inHttp(field(11, Buffer.alloc(3_000, 1)), field(12, Buffer.alloc(3_000, 2))),
    group(1, field(4, field(2, field(4, '/public/a')))),
    group(9, group(9, group(9, number(1, big)))),
    message(varint(0), varint(0)),
    message(varint(0x0a), varint(2n ** 32n - 1n)),
    message(varint(0x0a), varint(2n ** 64n - 1n)),
    message(varint(0x0a), Buffer.alloc(11, 0xff)),
    message(varint(0x0f), varint(1)),
    message(varint((2n ** 29n) << 3n), varint(1)),
    Array.from({ length: 60 }).reduce<Buffer>((inner) => field(1, inner), Buffer.alloc(0)),
    Array.from({ length: 60 }).reduce<Buffer>((inner) => group(9, inner), Buffer.alloc(0)),
  );
}
