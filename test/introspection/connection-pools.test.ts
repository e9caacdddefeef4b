import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { createConnectionPools } from '../../src/introspection/connection/connection-pools.ts';
import { aClient } from '../support/builders.ts';

const ORIGIN = 'http://idp.test';

describe('createConnectionPools', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const pools = () => createConnectionPools(aClient(), { resolveName: async () => [] });

  it('gives the same connections to one origin while they are used', () => {
    const known = pools();
    const first = known.to(ORIGIN);
    for (let minutes = 0; minutes < 60; minutes += 1) {
      jest.advanceTimersByTime(60_000);
      expect(known.to(ORIGIN)).toBe(first);
    }
    expect(known.to('http://other.test')).not.toBe(first);
  });

  it('lets go of what nobody has used for minutes, and keeps no timer then', () => {
    const known = pools();
    const first = known.to(ORIGIN);
    jest.advanceTimersByTime(240_000);
    expect(jest.getTimerCount()).toBe(0);
    expect(known.to(ORIGIN)).not.toBe(first);
  });

  it('keeps no timer once it is closed', () => {
    const known = pools();
    known.to(ORIGIN);
    void known.close();
    expect(jest.getTimerCount()).toBe(0);
  });
});
