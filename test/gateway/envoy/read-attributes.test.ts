import { describe, expect, it } from '@jest/globals';

import {
  monotonicMilliseconds,
  type RequestContext,
  UnusableRequestError,
} from '../../../src/domain/index.ts';
import { decodeCheckRequest } from '../../../src/gateway/envoy/decode-check-request.ts';
import { field, headerMap, mapEntry, message, number, rawHeader, tag, varint } from './wire.ts';

const SOURCE = 1;
const FILTER_METADATA = 11;
const TLS_SESSION = 12;
const ROUTE_METADATA = 13;

describe('the client address', () => {
  const from = (address: Buffer): Buffer => attributes(field(SOURCE, field(1, address)));
  const socket = (address: string): Buffer => field(1, message(field(2, address), number(3, 443)));

  it.each([
    ['an IPv4 address', socket('192.0.2.7'), '192.0.2.7'],
    ['an IPv6 address, in its shortest spelling', socket('2001:DB8:0:0::1'), '2001:db8::1'],
    ['an IPv4 address within IPv6', socket('::ffff:192.0.2.7'), '192.0.2.7'],
    ['no address', socket('localhost'), null],
    ['an address with a zone', socket('fe80::1%eth0'), null],
    ['a pipe', field(2, field(1, '/run/envoy.sock')), null],
    ['a pipe after a socket', message(socket('192.0.2.7'), field(2, field(1, '/run/envoy.sock'))), null],
    [
      'a socket after a pipe',
      message(field(2, field(1, '/run/envoy.sock')), socket('192.0.2.7')),
      '192.0.2.7',
    ],
  ])('of %s is what the gateway saw', (_what, address, expected) => {
    expect(read(from(address)).clientAddress).toBe(expected);
  });

  it.each([
    [1, '203.0.113.9, 192.0.2.7, 10.0.0.1', '192.0.2.7'],
    [2, '203.0.113.9, 192.0.2.7, 10.0.0.1', '203.0.113.9'],
    [3, '203.0.113.9, 192.0.2.7, 10.0.0.1', null],
    [1, '192.0.2.7', null],
    [1, 'unknown, 10.0.0.1', null],
  ])('behind %i of our proxies is read in X-Forwarded-For', (trustedHops, forwarded, expected) => {
    const bytes = message(
      attributes(field(4, field(2, headerMap(rawHeader('x-forwarded-for', forwarded))))),
      from(socket('198.51.100.1')),
    );
    expect(read(bytes, trustedHops).clientAddress).toBe(expected);
  });
});

describe('the rest of a peer', () => {
  it('is the principal of its certificate and the server name of its handshake', () => {
    const context = read(
      message(
        attributes(field(SOURCE, field(4, 'spiffe://a/b'))),
        attributes(field(TLS_SESSION, field(1, 'Orders.Example.com'))),
      ),
    );
    expect([context.peerPrincipal, context.serverName]).toEqual(['spiffe://a/b', 'orders.example.com']);
  });

  it('is unknown when the gateway said nothing', () => {
    const context = read(attributes(field(SOURCE, ''), field(TLS_SESSION, '')));
    expect([context.clientAddress, context.peerPrincipal, context.serverName]).toEqual([null, null, null]);
  });
});

describe('metadata', () => {
  it('is read by namespace, of route and request apart', () => {
    const context = read(
      message(
        attributes(field(ROUTE_METADATA, namespace('com.example', entry('tier', text('gold'))))),
        attributes(field(FILTER_METADATA, namespace('envoy.jwt', entry('sub', text('alice'))))),
      ),
    );
    expect(context.routeMetadata).toEqual({ 'com.example': { tier: 'gold' } });
    expect(context.filterMetadata).toEqual({ 'envoy.jwt': { sub: 'alice' } });
  });

  it('of a message that is repeated is merged, and the last of equal namespaces counts', () => {
    const once = (tier: string): Buffer =>
      field(ROUTE_METADATA, namespace('com.example', entry('tier', text(tier))));
    const other = field(ROUTE_METADATA, namespace('other', entry('a', text('b'))));
    expect(read(attributes(once('gold'), other, once('lead'))).routeMetadata).toEqual({
      'com.example': { tier: 'lead' },
      other: { a: 'b' },
    });
  });

  it('is the same object whenever it is asked for', () => {
    const context = read(attributes(field(ROUTE_METADATA, namespace('a', entry('b', text('c'))))));
    expect(context.routeMetadata).toBe(context.routeMetadata);
  });

  it('has members of its own alone, whatever they are called', () => {
    const { routeMetadata } = read(
      attributes(field(ROUTE_METADATA, namespace('__proto__', entry('constructor', text('c'))))),
    );
    expect(Object.keys(routeMetadata)).toEqual(['__proto__']);
    expect(Object.hasOwn(routeMetadata, 'toString')).toBe(false);
    expect({}).not.toHaveProperty('constructor', 'c');
  });

  it('keeps a value of no kind, and a namespace without content', () => {
    const bytes = attributes(
      field(
        ROUTE_METADATA,
        message(field(1, mapEntry('a', field(1, field(1, 'b')))), field(1, field(1, 'c'))),
      ),
    );
    expect(read(bytes).routeMetadata).toEqual({ a: { b: null }, c: {} });
  });

  it.each([
    ['is cut off', namespace('a', message(field(1, message(field(1, 'b'), tag(2, 2), varint(9)))))],
    ['holds a number that is not finite', namespace('a', entry('b', double(Number.NaN)))],
    ['is nested a hundred deep', namespace('a', entry('b', nested(100)))],
    ['is nested in itself without end', namespace('a', entry('b', lists(10_000)))],
    ['is over 256 KiB', namespace('a', entry('b', text('c'.repeat(256 * 1024))))],
    [
      'is over 256 KiB in many parts',
      message(...Array.from({ length: 70 }, () => namespace('a', entry('b', text('c'.repeat(4096)))))),
    ],
  ])('that %s makes the request unusable for whom asks, and for nobody else (T-56)', (_what, metadata) => {
    const context = read(attributes(field(ROUTE_METADATA, metadata)));
    expect(context.filterMetadata).toEqual({});
    expect(() => context.routeMetadata).toThrow(UnusableRequestError);
  });
});

function read(bytes: Buffer, trustedHops = 0): RequestContext {
  const decoded = decodeCheckRequest(bytes, { waitUntil: monotonicMilliseconds(0), trustedHops });
  if (!decoded.ok) throw new Error(decoded.failure);
  return decoded.value;
}

function attributes(...fields: readonly Buffer[]): Buffer {
  return field(1, message(...fields));
}

function namespace(name: string, struct: Buffer): Buffer {
  return field(1, mapEntry(name, struct));
}

function entry(name: string, value: Buffer): Buffer {
  return field(1, mapEntry(name, value));
}

function text(value: string): Buffer {
  return field(3, value);
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return message(tag(2, 1), bytes);
}

function nested(depth: number): Buffer {
  return depth === 0 ? text('end') : field(5, entry('a', nested(depth - 1)));
}

function lists(depth: number): Buffer {
  let value = text('end');
  for (let level = 0; level < depth; level += 1) value = field(6, field(1, value));
  return value;
}
