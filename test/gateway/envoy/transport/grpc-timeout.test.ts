import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { readGrpcTimeout } from '../../../../src/gateway/envoy/transport/grpc-timeout.ts';

describe('readGrpcTimeout', () => {
  it.each([
    ['200m', 200],
    ['2S', 2_000],
    ['1M', 60_000],
    ['1H', 3_600_000],
    ['1500u', 1.5],
    ['0n', 0],
    ['99999999H', 99_999_999 * 3_600_000],
  ])('reads %s', (value, milliseconds) => {
    expect(readGrpcTimeout(value)).toBeCloseTo(milliseconds, 6);
  });

  it.each(['', 'm', '5', '5s', '5 m', '-5m', '+5m', '1.5S', '123456789m', '5mm', '５m', '0x5m'])(
    'refuses %j, which is not of the grammar',
    (value) => {
      expect(readGrpcTimeout(value)).toBeNull();
    },
  );

  it('gives a number of the grammar and null for all else', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 10 }), (value) => {
        expect(readGrpcTimeout(value) !== null).toBe(/^[0-9]{1,8}[HMSmun]$/.test(value));
      }),
    );
  });
});
