import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import { fencedBlocks } from '../deploy/shipped.ts';
import { createAuthority } from '../support/certificates.ts';
import { settingsOf } from './read.ts';
import { aWorld, CANARY } from './worlds.ts';

const PAGE = readFileSync(new URL('../../docs/introspection.md', import.meta.url), 'utf8');
const BLOCKS = fencedBlocks(PAGE, 'yaml');

const authority = createAuthority();
const client = authority.issue(['DNS:gateway.example']);
const FILES = {
  'idp-front-key': CANARY,
  'introspection-token': CANARY,
  'signing-key': generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  }),
  'client.crt': client.cert,
  'client-key': client.key,
  'idp-ca.crt': authority.ca,
};

describe('docs/introspection.md', () => {
  it.each(BLOCKS.map((text, index) => [index + 1, text] as const))(
    'shows settings that are faultless, block %i',
    async (_number, text) => {
      const settings = await settingsOf(
        `${text}routes: [{ name: all, require: { audience: [https://api.example.com] } }]\n`,
        aWorld({ environment: { GATEHOUSE_CLIENT_SECRET: CANARY }, files: FILES }),
      );
      expect(settings.warnings).toEqual([]);
      expect(settings.clients).toHaveLength(1);
    },
  );

  it('has as many of them as are checked here', () => {
    expect(BLOCKS).toHaveLength(7);
  });
});
