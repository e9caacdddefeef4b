import { randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createRecordSeal, deriveKeys } from '../../src/sealing/index.ts';

const [newest, former] = [randomBytes(32), randomBytes(32)];
const plain = Buffer.from('a record');

describe('createRecordSeal', () => {
  it('opens what any of its keys has sealed under that name, and nothing else', () => {
    const seal = createRecordSeal([newest, former]);
    expect(seal.open('a', createRecordSeal([former]).seal('a', plain))).toEqual(plain);
    expect(seal.open('a', seal.seal('a', plain))).toEqual(plain);
    expect(seal.open('b', seal.seal('a', plain))).toBeNull();
    expect(seal.open('a', createRecordSeal([randomBytes(32)]).seal('a', plain))).toBeNull();
  });

  it('seals with the newest of its keys', () => {
    const sealed = createRecordSeal([newest, former]).seal('a', plain);
    expect(createRecordSeal([newest]).open('a', sealed)).toEqual(plain);
    expect(createRecordSeal([former]).open('a', sealed)).toBeNull();
  });

  it('has another key than the seal of cache entries that is made of the same secret', () => {
    expect(createRecordSeal([newest]).open('a', deriveKeys(newest).seal.seal('a', plain))).toBeNull();
  });

  it('refuses to be made of no secret, or of a short one', () => {
    expect(() => createRecordSeal([])).toThrow(RangeError);
    expect(() => createRecordSeal([randomBytes(16)])).toThrow(RangeError);
  });
});
