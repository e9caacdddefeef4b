import { describe, expect, it } from '@jest/globals';
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createSelfSigned } from '../support/certificates.ts';
import { formatProblem, readSettings } from '../../src/config/index.ts';
import { aWorld, CACHE_KEY, CANARY } from './worlds.ts';

const FOLDER = join(import.meta.dirname, 'fixtures');
const FIXTURES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml') && name !== 'example.yaml');

const door = createSelfSigned();
const encrypted = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs8',
  format: 'pem',
  cipher: 'aes-256-cbc',
  passphrase: 'x',
});

const world = aWorld({
  environment: {
    GATEHOUSE_CLIENT_SECRET: CANARY,
    CACHE_KEY,
    SHORT_KEY: 'c2hvcnQ='.slice(0, 6),
    DOOR_KEY: `${CANARY}-of-the-door`,
    LONG_SECRET: `${CANARY}-of-thirty-two-bytes-or-more`,
    BLANK: '',
  },
  files: {
    'door.crt': door.cert,
    'door.key': door.key,
    'other.key': createSelfSigned().key,
    'broken.crt': '-----BEGIN CERTIFICATE-----\naGk=\n-----END CERTIFICATE-----\n',
    'encrypted.key': encrypted,
    'newline-only': '\n',
    'not-utf8': Buffer.from([0xff, 0xfe]),
    'two-lines': `${CANARY}\n${CANARY}\n`,
    'small.key': generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({
      type: 'pkcs8',
      format: 'pem',
    }),
    'keys.json': JSON.stringify({ keys: [] }),
    'ed.key': generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }),
    'public.json': JSON.stringify(createPublicKey(door.key).export({ format: 'jwk' })),
    huge: 'x'.repeat(1024 * 1024 + 1),
  },
});

describe('a file with a mistake in it', () => {
  it.each(FIXTURES)('lists exactly the problems that are written in %s', async (name) => {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    const read = await readSettings({ path: `/settings/${name}`, text }, world);
    expect(read.ok ? [] : read.failure.map(formatProblem)).toEqual(expectedIn(text, name));
  });

  it.each(FIXTURES)('shows no secret in a problem of %s (G20, T-51)', async (name) => {
    const text = readFileSync(join(FOLDER, name), 'utf8');
    const read = await readSettings({ path: `/settings/${name}`, text }, world);
    expect(JSON.stringify(read)).not.toContain(CANARY);
  });

  it('expects at least one problem in every fixture, so that none is there for nothing', () => {
    const idle = FIXTURES.filter(
      (name) => expectedIn(readFileSync(join(FOLDER, name), 'utf8'), name).length === 0,
    );
    expect(idle).toEqual([]);
  });
});

/** Lines of the form `# expect: 3:5 wait.max: …`. */
function expectedIn(text: string, name: string): readonly string[] {
  return [...text.matchAll(/^# expect: (.*)$/gm)].map(([, line]) => `/settings/${name}:${line ?? ''}`);
}
