import { EventEmitter } from 'node:events';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { receiveMessage } from '../../../../src/gateway/envoy/transport/receive-message.ts';
import { RPC_FAILURES } from '../../../../src/gateway/envoy/transport/rpc-failure.ts';

const MAX = 1_000;

type Outcome = { readonly message: string } | { readonly failure: string };

/** What becomes of a call whose body comes in these pieces, and how often it was told. */
function outcomesOf(pieces: readonly Buffer[]): readonly Outcome[] {
  const outcomes: Outcome[] = [];
  const stream = new EventEmitter();
  receiveMessage(
    stream,
    MAX,
    (message) => outcomes.push({ message: message.toString('hex') }),
    (failure) => outcomes.push({ failure: failure.message }),
  );
  for (const piece of pieces) stream.emit('data', piece);
  stream.emit('end');
  return outcomes;
}

function framed(message: Buffer, { flag = 0, length = message.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flag;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

/** The same bytes cut at these places. */
function cut(bytes: Buffer, places: readonly number[]): readonly Buffer[] {
  const edges = [
    0,
    ...[...places].map((place) => place % (bytes.length + 1)).sort((a, b) => a - b),
    bytes.length,
  ];
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
}

const failing = (failure: { readonly message: string }): readonly Outcome[] => [{ failure: failure.message }];

describe('receiveMessage', () => {
  it('gives the same message however its bytes are split', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: MAX }),
        fc.array(fc.nat(2_000), { maxLength: 12 }),
        (bytes, places) => {
          const message = Buffer.from(bytes);
          expect(outcomesOf(cut(framed(message), places))).toEqual([{ message: message.toString('hex') }]);
        },
      ),
    );
  });

  it('gives one outcome for any bytes, and a message only for a whole plain one', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.array(fc.nat(40), { maxLength: 5 }),
        (bytes, places) => {
          const body = Buffer.from(bytes);
          const outcomes = outcomesOf(cut(body, places));
          expect(outcomes).toHaveLength(1);
          const isWhole = body.length >= 5 && body[0] === 0 && body.readUInt32BE(1) === body.length - 5;
          expect(outcomes.some((outcome) => 'message' in outcome)).toBe(isWhole);
        },
      ),
    );
  });

  it.each([
    ['nothing came', Buffer.alloc(0), RPC_FAILURES.noMessage],
    ['the prefix is cut', Buffer.alloc(4), RPC_FAILURES.noMessage],
    ['the message is cut', framed(Buffer.alloc(3), { length: 4 }), RPC_FAILURES.noMessage],
    ['the message is compressed', framed(Buffer.alloc(3), { flag: 1 }), RPC_FAILURES.compressed],
    ['the flag is unknown', framed(Buffer.alloc(3), { flag: 2 }), RPC_FAILURES.compressed],
    [
      'there are two',
      Buffer.concat([framed(Buffer.alloc(3)), framed(Buffer.alloc(3))]),
      RPC_FAILURES.severalMessages,
    ],
    [
      'a byte follows',
      Buffer.concat([framed(Buffer.alloc(3)), Buffer.alloc(1)]),
      RPC_FAILURES.severalMessages,
    ],
    ['it is too large', framed(Buffer.alloc(MAX + 1)), RPC_FAILURES.tooLarge],
  ])('fails when %s', (_when, bytes, failure) => {
    expect(outcomesOf([bytes])).toEqual(failing(failure));
    expect(outcomesOf(cut(bytes, [1, 2, 3, 4, 5, 6]))).toEqual(failing(failure));
  });

  it('fails as soon as a length is announced that is too large, and keeps nothing of what follows', () => {
    const outcomes: string[] = [];
    const stream = new EventEmitter();
    receiveMessage(
      stream,
      MAX,
      () => undefined,
      ({ message }) => outcomes.push(message),
    );
    stream.emit('data', framed(Buffer.alloc(0), { length: 0xffff_ffff }));
    expect(outcomes).toEqual([RPC_FAILURES.tooLarge.message]);
    stream.emit('data', Buffer.alloc(100));
    stream.emit('end');
    expect(outcomes).toHaveLength(1);
  });
});
