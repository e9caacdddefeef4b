import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isIP } from 'node:net';

import {
  isJsonObject,
  type Json,
  monotonicMilliseconds,
  type RequestContext,
  UnusableRequestError,
} from '../../../src/domain/index.ts';
import { decodeCheckRequest } from '../../../src/gateway/envoy/decode-check-request.ts';
import { describeCheck } from '../../golden/describe-check.ts';
import {
  CODECS,
  type OracleMetadata,
  type OracleRequest,
  type OracleStruct,
  type OracleValue,
} from './protos.ts';
import {
  checkOf,
  field,
  group,
  headerMap,
  mapEntry,
  mappedHeader,
  message,
  number,
  rawHeader,
  tag,
  varint,
} from './wire.ts';

const RUNS = 2_000;

describe('decodeCheckRequest', () => {
  describe.each(CODECS)('against $name', (codec) => {
    it('reads what the other codec reads, whatever it wrote', () => {
      fc.assert(
        fc.property(aCheckRequest, (request) => {
          const bytes = codec.encodeRequest(request);
          expect(describeCheck(decoded(bytes))).toEqual(asOurs(codec.decodeRequest(bytes)));
        }),
        { numRuns: RUNS },
      );
    });
  });

  it('reads the same when unknown fields of every type stand between the known ones', () => {
    fc.assert(
      fc.property(someHttpFields, anUnknownField, fc.infiniteStream(anUnknownField), (http, first, more) => {
        const plain = field(1, field(4, field(2, message(...http))));
        const between = http.flatMap((known) => [known, more.next().value ?? first]);
        const mixed = message(
          first,
          field(1, message(field(4, message(first, field(2, message(first, ...between)))), first)),
        );
        expect(describeCheck(decoded(mixed))).toEqual(describeCheck(decoded(plain)));
      }),
      { numRuns: RUNS },
    );
  });

  it('merges a message that is repeated, and takes the last of a repeated text, as proto3 has it', () => {
    fc.assert(
      fc.property(someHttpFields, someHttpFields, (first, second) => {
        const together = checkOf(...first, ...second);
        const apart = message(checkOf(...first), checkOf(...second));
        expect(describeCheck(decoded(apart))).toEqual(describeCheck(decoded(together)));
      }),
      { numRuns: 500 },
    );
    const twice = message(checkOf(field(4, '/first'), field(5, 'a')), checkOf(field(4, '/second')));
    expect(decoded(twice)).toMatchObject({ path: '/second', host: 'a' });
  });

  describe('of hostile bytes (T-56)', () => {
    it('never throws over random bytes', () => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 256 }), (bytes) => isAnswered(Buffer.from(bytes))),
        { numRuns: RUNS },
      );
    });

    it('never throws over a message cut off or changed anywhere', () => {
      fc.assert(
        fc.property(someHttpFields, fc.nat(), fc.nat(), fc.nat(255), (http, cut, position, byte) => {
          const whole = checkOf(...http);
          const changed = Buffer.from(whole);
          changed[position % changed.length] = byte;
          return isAnswered(whole.subarray(0, cut % whole.length)) && isAnswered(changed);
        }),
        { numRuns: RUNS },
      );
    });

    it('refuses every message that ends inside a field', () => {
      const whole = checkOf(mappedHeader('authorization', 'Bearer abc'), field(4, '/orders'));
      for (let length = 1; length < whole.length; length += 1)
        expect(decode(whole.subarray(0, length))).toEqual({
          ok: false,
          failure: 'request_malformed',
        });
    });

    it.each([
      ['a length beyond the end', message(tag(1, 2), varint(2), Buffer.of(1))],
      ['a length beyond the message around it', field(1, message(tag(4, 2), varint(5)))],
      ['a length of 4 GiB', message(tag(1, 2), varint(0xffff_ffff))],
      ['a length that never ends', message(tag(1, 2), Buffer.alloc(12, 0xff))],
      ['a number that never ends', message(tag(7, 0), Buffer.alloc(12, 0xff))],
      ['field number 0', Buffer.of(0x02, 0x00)],
      ['a type that does not exist', message(tag(9, 6))],
      ['the end of a group that was not begun', message(tag(9, 4))],
      ['a group that does not end', message(tag(9, 3), number(1, 1))],
      ['a group that ends as another', message(tag(9, 3), tag(8, 4))],
      ['groups nested a thousand deep', message(...Array.from({ length: 1000 }, () => tag(9, 3)))],
      ['eight bytes of which seven are there', message(tag(9, 1), Buffer.alloc(7))],
      ['four bytes of which none is there', message(tag(9, 5))],
      ['a tag of more than 32 bits', Buffer.of(0xff, 0xff, 0xff, 0xff, 0x7f, 0x00)],
    ])('refuses %s', (_what, bytes) => {
      expect(decode(bytes)).toEqual({ ok: false, failure: 'request_malformed' });
    });

    it.each([
      ['a line break', 'x-a\r\nx-b'],
      ['a space', 'x a'],
      ['a byte beyond ASCII', Buffer.from('x-\xe9', 'latin1')],
      ['nothing in it', ''],
    ])('refuses a header name with %s, which nobody could remove afterwards', (_what, name) => {
      for (const bytes of [checkOf(mappedHeader(name, '1')), checkOf(headerMap(rawHeader(name, '1')))])
        expect(decode(bytes)).toEqual({ ok: false, failure: 'request_malformed' });
    });

    it('reads very many context extensions without ado', () => {
      const many = field(
        1,
        Buffer.concat(Array.from({ length: 20_000 }, () => field(10, mapEntry('a', 'b')))),
      );
      expect(decoded(many).contextExtensions.size).toBe(1);
    });

    it('gives context extensions one character for each byte, as everything that rules compare', () => {
      const { contextExtensions } = decoded(field(1, field(10, mapEntry('größe', Buffer.of(0xff)))));
      expect([...contextExtensions]).toEqual([[Buffer.from('größe').toString('latin1'), '\xff']]);
    });
  });

  describe('limits of the header section (R19)', () => {
    const name = 'x-large';
    const overhead = name.length + 4;

    it.each([
      ['takes 96 KiB', 96 * 1024 - overhead, 'taken'],
      ['refuses one byte more', 96 * 1024 - overhead + 1, 'headers_too_large'],
    ])('%s', (_what, length, outcome) => {
      for (const bytes of [
        checkOf(mappedHeader(name, 'a'.repeat(length))),
        checkOf(headerMap(rawHeader(name, 'a'.repeat(length)))),
      ]) {
        const result = decode(bytes);
        expect(result.ok ? 'taken' : result.failure).toBe(outcome);
      }
    });

    it('counts the path and the host, and their pseudo headers not again', () => {
      const path = `/${'a'.repeat(60 * 1024)}`;
      expect(decoded(checkOf(field(4, path), mappedHeader(':path', path))).path).toBe(path);
      expect(decode(checkOf(field(4, path), field(5, path)))).toEqual({
        ok: false,
        failure: 'headers_too_large',
      });
    });

    it('counts something for each field, so that nothing is not sent millions of times', () => {
      const tiny = Buffer.concat(Array.from({ length: 30_000 }, () => mappedHeader('a', '')));
      expect(decode(checkOf(tiny))).toEqual({ ok: false, failure: 'headers_too_large' });
    });
  });

  describe('of headers', () => {
    it('lets the last of two equal keys of the map count, as protobuf does', () => {
      const { headers } = decoded(
        checkOf(mappedHeader('x-a', '1'), mappedHeader('x-b', '2'), mappedHeader('x-a', '3')),
      );
      expect(headers.values('x-a')).toEqual(['3']);
    });

    it('keeps keys of the map apart that differ in case, so that no credential hides behind another', () => {
      const { headers } = decoded(
        checkOf(mappedHeader('authorization', 'Bearer a'), mappedHeader('Authorization', 'Bearer b')),
      );
      expect(headers.values('authorization')).toEqual(['Bearer a', 'Bearer b']);
      expect(headers.names).toEqual(['authorization', 'authorization']);
    });

    it('keeps every line of a header map, in order (G17)', () => {
      const lines = [rawHeader('authorization', 'Bearer a'), rawHeader('Authorization', 'Bearer b')];
      expect(decoded(checkOf(headerMap(...lines))).headers.values('authorization')).toEqual([
        'Bearer a',
        'Bearer b',
      ]);
    });

    it('finds headers of both forms when both are there', () => {
      const bytes = checkOf(headerMap(rawHeader('x-a', '2')), mappedHeader('x-a', '1'));
      expect(decoded(bytes).headers.values('x-a')).toEqual(['1', '2']);
    });

    it('takes the value of a header map where there is no raw one', () => {
      const both = message(field(1, 'x-a'), field(3, 'raw'), field(2, 'text'));
      const empty = message(field(1, 'x-b'), field(2, 'text'), field(3, ''));
      const { headers } = decoded(checkOf(headerMap(both, empty)));
      expect([headers.values('x-a'), headers.values('x-b')]).toEqual([['raw'], ['text']]);
    });

    it('leaves pseudo headers out, and finds look-alikes', () => {
      const bytes = checkOf(
        mappedHeader(':path', '/x'),
        mappedHeader('X_Auth.Subject', 'mallory'),
        mappedHeader('x-plain', '1'),
      );
      const { headers } = decoded(bytes);
      expect(headers.names).toEqual(['x_auth.subject', 'x-plain']);
      expect(headers.oddNames).toEqual(['x_auth.subject']);
      expect(headers.values('x_auth.subject')).toEqual(['mallory']);
      expect(headers.values(':path')).toEqual([]);
      expect(headers.values('__proto__')).toEqual([]);
    });

    it('gives bytes that are no UTF-8 one character each', () => {
      const bytes = checkOf(
        headerMap(rawHeader('x-name', Buffer.of(0xe9, 0xff, 0x00))),
        field(4, Buffer.of(0x2f, 0xc3)),
      );
      expect(decoded(bytes)).toMatchObject({ path: '/\xc3' });
      expect(decoded(bytes).headers.values('x-name')).toEqual(['\xe9\xff\0']);
    });
  });

  it.each([
    ['a printable one', ['0a4f2c1e'], '0a4f2c1e'],
    ['none', [], null],
    ['one that is too long', ['a'.repeat(129)], null],
    ['one with control bytes', ['a\nb'], null],
    ['two', ['a', 'b'], null],
  ])('takes as request id %s', (_what, ids, expected) => {
    const bytes = checkOf(headerMap(...ids.map((id) => rawHeader('x-request-id', id))));
    expect(decoded(bytes).requestId).toBe(expected);
  });

  it('skips a body, whatever is in it', () => {
    const bytes = checkOf(field(12, Buffer.alloc(1024 * 1024, 0xff)), field(11, 'text'), field(4, '/orders'));
    expect(decoded(bytes).path).toBe('/orders');
  });

  it('reads a check without a request as one about nothing', () => {
    expect(describeCheck(decoded(Buffer.alloc(0)))).toEqual({
      requestId: null,
      method: '',
      path: '',
      host: '',
      scheme: null,
      headers: {},
      oddNames: [],
      contextExtensions: {},
      clientAddress: null,
      serverName: null,
      peerPrincipal: null,
      routeMetadata: {},
      filterMetadata: {},
    });
  });
});

function decode(bytes: Buffer, trustedHops = 0): ReturnType<typeof decodeCheckRequest> {
  return decodeCheckRequest(bytes, { waitUntil: monotonicMilliseconds(0), trustedHops });
}

function decoded(bytes: Buffer): RequestContext {
  const result = decode(bytes);
  if (!result.ok) throw new Error(`not decoded: ${result.failure}`);
  return result.value;
}

/** Refused at once, or described; or refused by whom looks at the parts that few rules look at. */
function isAnswered(bytes: Buffer): boolean {
  const result = decode(bytes);
  try {
    if (result.ok) describeCheck(result.value);
  } catch (error) {
    return error instanceof UnusableRequestError;
  }
  return true;
}

/** What we make of a message that another codec has read. */
function asOurs({ attributes }: OracleRequest): object {
  const http = attributes?.request?.http ?? null;
  const listed = http?.headerMap?.headers ?? [];
  const lines = [
    ...Object.entries(http?.headers ?? {}).map(([name, value]) => [name, bytesOf(value)] as const),
    ...listed.map(({ key, value, rawValue }) => {
      const raw = Buffer.from(rawValue).toString('latin1');
      return [key, raw === '' ? bytesOf(value) : raw] as const;
    }),
  ].filter(([name]) => !name.startsWith(':'));

  const headers: Record<string, string[]> = {};
  for (const [name, value] of lines) (headers[name.toLowerCase()] ??= []).push(value);
  const ids = headers['x-request-id'] ?? [];
  const isPrintable = ids.length === 1 && /^[\x20-\x7e]{1,128}$/.test(ids[0] ?? '');
  return {
    requestId: isPrintable ? ids[0] : null,
    method: bytesOf(http?.method),
    path: bytesOf(http?.path),
    host: bytesOf(http?.host),
    scheme:
      (http?.scheme ?? '') === '' ? null : bytesOf(http?.scheme).replace(/[A-Z]/g, (c) => c.toLowerCase()),
    headers,
    oddNames: lines.map(([name]) => name.toLowerCase()).filter((name) => /[_.]/.test(name)),
    contextExtensions: { ...attributes?.contextExtensions },
    clientAddress: addressOf(attributes?.source?.address?.socketAddress?.address ?? ''),
    serverName: bytesOf(attributes?.tlsSession?.sni).toLowerCase() || null,
    peerPrincipal: attributes?.source?.principal || null,
    routeMetadata: metadataOf(attributes?.routeMetadataContext),
    filterMetadata: metadataOf(attributes?.metadataContext),
  };
}

const addressOf = (address: string): string | null => (isIP(address) === 0 ? null : address);

function metadataOf(metadata: OracleMetadata | null | undefined): Json {
  const namespaces = Object.entries(metadata?.filterMetadata ?? {});
  return Object.fromEntries(namespaces.map(([name, struct]) => [name, jsonOf(struct)]));
}

function jsonOf({ fields }: OracleStruct): Json {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, jsonValueOf(value)]));
}

function jsonValueOf(value: OracleValue): Json {
  const held = value[value.kind];
  if (value.kind === 'nullValue') return null;
  if (value.kind === 'structValue') return jsonOf(held as OracleStruct);
  if (value.kind === 'listValue') return (held as { values: OracleValue[] }).values.map(jsonValueOf);
  return held as string | number | boolean;
}

function structOf(object: Readonly<Record<string, Json>>): object {
  return {
    fields: Object.fromEntries(Object.entries(object).map(([name, value]) => [name, valueOf(value)])),
  };
}

function valueOf(value: Json): object {
  if (value === null) return { nullValue: 'NULL_VALUE' };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (isJsonObject(value)) return { structValue: structOf(value) };
  return { listValue: { values: value.map(valueOf) } };
}

const bytesOf = (text = ''): string => Buffer.from(text, 'utf8').toString('latin1');

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom('GET', '/orders?x=1', 'HTTPS', 'a.b:1'),
);
const headerName = fc
  .string({ unit: fc.constantFrom(...'a b z A Z 0 9 - _ . ! ~'.split(' ')), minLength: 1, maxLength: 6 })
  .filter((name) => !(name in {}));
const anyName = fc.oneof(headerName, fc.constantFrom('authorization', 'x-request-id', ':path', 'X-A', 'x-a'));

const anAddress = fc.oneof(
  fc.oneof(fc.ipV4(), text, fc.constant('2001:db8::1')).map((address) => ({
    socketAddress: { address, portValue: 80 },
  })),
  fc.constant({ pipe: { path: '10.0.0.1' } }),
);
const memberName = fc.string({ unit: 'grapheme', maxLength: 5 }).filter((key) => !(key in {}));
const { value: aJsonValue } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    text,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(memberName, tie('value'), { maxKeys: 3 }),
  ),
}));
const someMetadata = fc.record({
  filterMetadata: fc.dictionary(
    memberName,
    fc.dictionary(memberName, aJsonValue, { maxKeys: 3 }).map(structOf),
    { maxKeys: 2 },
  ),
  typedFilterMetadata: fc.constant({ 'envoy.typed': { typeUrl: 'a/b', value: Buffer.of(1, 2) } }),
});

const aCheckRequest = fc.record(
  {
    attributes: fc.record(
      {
        source: fc.record(
          {
            address: anAddress,
            labels: fc.constant({ a: 'b' }),
            principal: fc.oneof(text, fc.constant('spiffe://cluster.local/ns/a/sa/b')),
          },
          { requiredKeys: [] },
        ),
        request: fc.record(
          {
            time: fc.constant({ seconds: 5, nanos: 7 }),
            http: fc.record(
              {
                id: text,
                method: text,
                // The other codec cannot tell keys apart that a JavaScript object cannot hold in order: numbers.
                headers: fc.dictionary(
                  anyName.filter((name) => !/^\d+$/.test(name)),
                  text,
                  { maxKeys: 6 },
                ),
                headerMap: fc.record({
                  headers: fc.array(
                    fc.record(
                      {
                        key: anyName,
                        value: text,
                        rawValue: fc.uint8Array({ maxLength: 8 }).map((b) => Buffer.from(b)),
                      },
                      { requiredKeys: ['key'] },
                    ),
                    { maxLength: 6 },
                  ),
                }),
                path: text,
                host: text,
                scheme: text,
                size: fc.integer(),
                protocol: text,
                body: text,
              },
              { requiredKeys: [] },
            ),
          },
          { requiredKeys: [] },
        ),
        contextExtensions: fc.dictionary(
          fc.string({ unit: 'grapheme', maxLength: 5 }).filter((key) => !(key in {})),
          text,
          { maxKeys: 3 },
        ),
        metadataContext: someMetadata,
        routeMetadataContext: someMetadata,
        tlsSession: fc.record({ sni: fc.oneof(text, fc.constant('Orders.Example.com')) }),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

const someHttpFields = fc.array(
  fc.oneof(
    fc.tuple(fc.constantFrom(2, 4, 5, 6), text).map(([name, value]) => field(name, value)),
    fc.tuple(anyName, text).map(([name, value]) => mappedHeader(name, value)),
    fc
      .array(fc.tuple(anyName, text), { maxLength: 3 })
      .map((lines) => headerMap(...lines.map(([name, value]) => rawHeader(name, value)))),
  ),
  { minLength: 1, maxLength: 8 },
);

/** Numbers that no message here uses; and known ones with a type that is not theirs. */
const anUnknownField = fc
  .tuple(fc.constantFrom(17, 200, 536_870_911), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.nat(5))
  .map(([name, value, kind]) => {
    switch (kind) {
      case 0:
        return number(name, value);
      case 1:
        return message(varint((BigInt(name) << 3n) | 1n), Buffer.alloc(8, 0xff));
      case 2:
        return message(varint((BigInt(name) << 3n) | 5n), Buffer.alloc(4, 0xff));
      case 3:
        return group(17, message(number(1, value), group(18, field(3, 'inside'))));
      case 4:
        return number(4, value);
      default:
        return field(200, 'unknown');
    }
  });
