import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { createSelfSigned } from '../support/certificates.ts';
import { ONE_CLIENT, settingsOf } from './read.ts';
import { aWorld, CANARY } from './worlds.ts';

async function generationOf(text: string, secret: string): Promise<string> {
  return (await settingsOf(text, aWorld({ environment: { SECRET: secret } }))).generation;
}

describe('the generation of settings', () => {
  it('is twelve hexadecimal digits, the same for the same file and secrets', async () => {
    const generation = await generationOf(ONE_CLIENT, CANARY);
    expect(generation).toMatch(/^[0-9a-f]{12}$/);
    expect(await generationOf(ONE_CLIENT, CANARY)).toBe(generation);
  });

  it('changes with the text, a comment included', async () => {
    expect(await generationOf(`${ONE_CLIENT}# a`, CANARY)).not.toBe(await generationOf(ONE_CLIENT, CANARY));
  });

  it('changes with a secret, and cannot be computed by hashing a guess at it (T-51)', async () => {
    const generation = await generationOf(ONE_CLIENT, CANARY);
    expect(await generationOf(ONE_CLIENT, `${CANARY}2`)).not.toBe(generation);
    for (const algorithm of ['sha1', 'sha256', 'sha512', 'md5'])
      for (const guess of [CANARY, `${ONE_CLIENT}${CANARY}`])
        expect(createHash(algorithm).update(guess).digest('hex')).not.toContain(generation);
  });

  it('changes with a certificate that the file names', async () => {
    const text = `${ONE_CLIENT}listen: { grpc: { tls: { cert: crt, key: key } } }\n`;
    const generations = await Promise.all(
      [createSelfSigned(), createSelfSigned()].map(async ({ cert, key }) => {
        const world = aWorld({ environment: { SECRET: CANARY }, files: { crt: cert, key } });
        return (await settingsOf(text, world)).generation;
      }),
    );
    expect(new Set(generations).size).toBe(2);
  });
});
