import { describe, expect, it } from '@jest/globals';
import { settingsOf } from './read.ts';

async function clientWith(token: string) {
  const settings = await settingsOf(
    `clients: { only: { issuer: https://idp.example.com, clientId: g, clientSecret: { env: SECRET }, token: ${token} } }`,
  );
  return settings.clients[0];
}

describe('what is known of the tokens of a client', () => {
  it('is read into a form and a filter', async () => {
    const client = await clientWith(
      '{ prefix: [ghp_, gho_], minLength: 40, maxLength: 255, characters: A-Za-z0-9_, checksum: crc32-base62 }',
    );
    expect(client?.token).toEqual({ kind: 'prefixes', prefixes: ['ghp_', 'gho_'] });
    expect(client?.filter).toEqual({
      minLength: 40,
      maxLength: 255,
      characters: 'A-Za-z0-9_',
      checksum: { kind: 'crc32-base62', prefixes: ['ghp_', 'gho_'] },
    });
  });

  it('can be a length alone', async () => {
    const client = await clientWith('{ minLength: 20 }');
    expect([client?.token, client?.filter?.minLength]).toEqual([null, 20]);
  });

  it('needs no filter where there is a form alone', async () => {
    expect((await clientWith('{ pattern: "at_.*" }'))?.filter).toBeNull();
  });
});
