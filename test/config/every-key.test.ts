import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'yaml';
import { describeSettings, type Settings } from '../../src/config/index.ts';
import { Secret } from '../../src/domain/index.ts';
import { createSelfSigned } from '../support/certificates.ts';
import { FILES, WITHOUT_A_SECOND_VALUE } from './every-key.ts';
import { settingsOf } from './read.ts';
import { aWorld } from './worlds.ts';

const PLACE = /⟨([^|⟩]*)\|([^⟩]*)⟩/g;
const WORLD = aWorld({ environment: theEnvironment(), files: theFiles() });

describe('every key of the settings file', () => {
  const seen: (readonly string[])[] = [];

  it.each(Object.entries(FILES))('changes the settings when its value changes: %s', async (_name, file) => {
    const first = variant(file, null);
    const before = plain(await settingsOf(first, WORLD));
    const ignored: string[] = [];
    for (let place = 0; place < [...file.matchAll(PLACE)].length; place += 1) {
      const second = variant(file, place);
      const changed = changedPaths(parse(first), parse(second));
      seen.push(...changed);
      const after = plain(await settingsOf(second, WORLD));
      if (isDeepStrictEqual(before, after)) ignored.push(...changed.map((path) => path.join('.')));
    }
    expect(ignored).toEqual([]);
  });

  it('is among them', () => {
    const keys = describeSettings().flatMap(({ key, hasOwnKeys }) => (hasOwnKeys ? [] : [key]));
    // What may stand below `deny` is what may stand beside it.
    const missing = keys.filter((key) => !key.includes('.deny[].') && !seen.some((path) => isAt(key, path)));
    expect(missing.sort()).toEqual(Object.keys(WITHOUT_A_SECOND_VALUE).sort());
  });
});

/** The file with the first value at every place, but the second one at `chosen`. */
function variant(file: string, chosen: number | null): string {
  let place = -1;
  return file.replace(PLACE, (_whole, first: string, second: string) => {
    place += 1;
    return place === chosen ? second : first;
  });
}

/** What was made of the values of a file, secrets readable, without what repeats the file. */
function plain(settings: Settings): unknown {
  return readable({ ...settings, generation: null, effective: null, warnings: null, files: null });
}

function readable(value: unknown): unknown {
  if (value instanceof Secret) return value.reveal();
  if (value instanceof Map) return [...value].map(readable);
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, readable(inner)]));
}

/** Where two files differ, by names of keys alone. */
function changedPaths(one: unknown, other: unknown): readonly (readonly string[])[] {
  const [before, after] = [leaves(one), leaves(other)];
  const paths = [...new Set([...before.keys(), ...after.keys()])];
  return paths
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => path.split('\0').filter((name) => !/^\d+$/.test(name)));
}

function leaves(value: unknown, path = ''): Map<string, string> {
  if (typeof value !== 'object' || value === null) return new Map([[path, JSON.stringify(value)]]);
  return new Map(
    Object.entries(value).flatMap(([name, child]) => [
      ...leaves(child, path === '' ? name : `${path}\0${name}`),
    ]),
  );
}

/** Whether a path stands at a key or below it: `clients.<name>.limits`, `listen.http[].address`. */
function isAt(key: string, path: readonly string[]): boolean {
  const names = key.replaceAll('[]', '').split('.');
  return names.every((name, index) => (name === '<name>' ? path.length > index : path[index] === name));
}

function theEnvironment() {
  const [rsa, other] = [0, 1].map(() =>
    generateKeyPairSync('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    }),
  );
  return {
    LONG: 'a-secret-of-more-than-thirty-two-bytes-and-then-some-more',
    LONGER: 'another-secret-of-more-than-thirty-two-bytes-and-then-some',
    KEY: Buffer.alloc(32, 7).toString('base64'),
    OTHER_KEY: Buffer.alloc(32, 8).toString('base64'),
    RSA: rsa!.privateKey,
    OTHER_RSA: other!.privateKey,
    PUBLIC: rsa!.publicKey,
    OTHER_PUBLIC: other!.publicKey,
  };
}

/** Two texts of one certificate and of its key, so that either goes with either. */
function theFiles() {
  const { cert, key } = createSelfSigned();
  return { 'tls.crt': cert, 'chain.crt': `${cert}${cert}`, 'tls.key': key, 'again.key': `${key}\n` };
}
