import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clusterSlotOf } from '../../src/cache/cluster-slot.ts';

describe('clusterSlotOf', () => {
  it.each([
    // The check value of CRC-16/XMODEM is 0x31C3.
    ['123456789', 0x31c3 % 16_384],
    ['', 0],
    ['foo', 12_182],
    ['{foo}.bar', 12_182],
    ['a{foo}{bar}', 12_182],
    ['{}foo', 9_500],
    ['日本', 10_949],
  ])('gives the slot that Redis gives to %j', (name, slot) => {
    expect(clusterSlotOf(name)).toBe(slot);
  });

  it('is one of the 16384, whatever the name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (name) => {
        const slot = clusterSlotOf(name);
        expect(Number.isInteger(slot) && slot >= 0 && slot < 16_384).toBe(true);
      }),
    );
  });
});
