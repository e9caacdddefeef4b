import { describe, expect, it } from '@jest/globals';

import { problemsOf, settingsOf } from './read.ts';

const textWith = (client: string) =>
  `clients: { only: { clientId: gateway, clientSecret: { env: SECRET }, ${client} } }\n`;

describe('clients.<name>.metadataOverrides', () => {
  it('becomes members of the document, as they are named there', async () => {
    const overrides =
      '{ introspection_endpoint: https://a.example/i, introspection_endpoint_auth_methods_supported: [client_secret_post], ' +
      'mtls_endpoint_aliases: { introspection_endpoint: https://b.example/i } }';
    const { clients } = await settingsOf(
      textWith(`issuer: https://idp.example, metadataOverrides: ${overrides}`),
    );
    expect(clients[0]?.metadataOverrides).toEqual({
      introspection_endpoint: 'https://a.example/i',
      introspection_endpoint_auth_methods_supported: ['client_secret_post'],
      mtls_endpoint_aliases: { introspection_endpoint: 'https://b.example/i' },
    });
  });

  it('is nothing when it is left out', async () => {
    const { clients } = await settingsOf(textWith('issuer: https://idp.example'));
    expect(clients[0]).not.toHaveProperty('metadataOverrides');
  });
});

describe('clients.<name>.issuer', () => {
  it.each([
    ['plain http', 'http://idp.example', 'is http'],
    ['a query', 'https://idp.example?x', 'has a query'],
    ['a fragment', '"https://idp.example#f"', 'has a fragment'],
    ['user info', 'https://a@idp.example', 'holds a user name'],
  ])('is refused with %s (META-1)', async (_what, issuer, complaint) => {
    expect(await problemsOf(textWith(`issuer: ${issuer}`))).toEqual([
      expect.stringContaining(`clients.only.issuer: `),
    ]);
    expect((await problemsOf(textWith(`issuer: ${issuer}`))).join()).toContain(complaint);
  });
});
