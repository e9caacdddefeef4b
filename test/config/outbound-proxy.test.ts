import { describe, expect, it } from '@jest/globals';

import { createSelfSigned } from '../support/certificates.ts';
import { printSettings } from '../../src/config/index.ts';
import { settingsOf } from './read.ts';
import { aWorld, CANARY } from './worlds.ts';

const certificate = createSelfSigned().cert;
const world = aWorld({
  environment: { SECRET: CANARY, PASSWORD: CANARY },
  files: { 'proxy.crt': certificate },
});

const settingsWith = (proxy: string) =>
  settingsOf(
    `clients: { only: { issuer: https://idp.example.com, clientId: gateway, clientSecret: { env: SECRET }${proxy} } }\n`,
    world,
  );
const choiceIn = async (proxy: string) => (await settingsWith(proxy)).clients[0]?.proxy;

describe('clients.<name>.proxy', () => {
  it('is what the environment says when it is left out', async () => {
    expect(await choiceIn('')).toBeUndefined();
  });

  it('is none', async () => {
    expect(await choiceIn(', proxy: none')).toEqual({ kind: 'none' });
  });

  it('is a URL', async () => {
    expect(await choiceIn(', proxy: "http://Proxy.example.com:3128"')).toEqual({
      kind: 'named',
      proxy: { origin: 'http://proxy.example.com:3128', credentials: null, ca: null },
    });
  });

  it('is a URL with credentials and an authority, of which nothing secret is printed', async () => {
    const text =
      ', proxy: { url: "https://proxy.example.com", username: gate, password: { env: PASSWORD }, ca: proxy.crt }';
    const choice = await choiceIn(text);
    expect(choice).toMatchObject({
      kind: 'named',
      proxy: { origin: 'https://proxy.example.com', credentials: { username: 'gate' }, ca: certificate },
    });
    if (choice?.kind !== 'named') throw new Error('it was named');
    expect(choice.proxy.credentials?.password.reveal()).toBe(CANARY);
    expect(printSettings(await settingsWith(text))).not.toContain(CANARY);
  });
});
