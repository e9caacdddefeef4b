import { lookup } from 'node:dns/promises';
import { randomBytes } from 'node:crypto';
import {
  type Clock,
  epochMilliseconds,
  monotonicMilliseconds,
  type Randomness,
  type ResolveName,
} from '../domain/index.ts';

export const systemClock: Clock = {
  now: () => epochMilliseconds(Date.now()),
  monotonic: () => monotonicMilliseconds(performance.now()),
};

export const systemRandomness: Randomness = {
  bytes: (length) => randomBytes(length),
  fraction: () => Math.random(),
};

/** As the operating system resolves names: hosts file, search domains and all. */
export const systemResolveName: ResolveName = async (hostname) => {
  const addresses = await lookup(hostname, { all: true, order: 'verbatim' });
  return addresses.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }));
};
