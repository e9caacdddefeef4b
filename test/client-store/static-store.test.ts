import { describe, expect, it } from '@jest/globals';
import { createStaticStore } from '../../src/client-store/index.ts';
import { Secret } from '../../src/domain/index.ts';
import { aClient, aRequest } from '../support/builders.ts';
import { describeClientStore } from './contract.ts';

describeClientStore('static', (clients) => {
  const store = createStaticStore(clients);
  return { store, replace: (next) => store.replace(next) };
});

describe('createStaticStore', () => {
  const withSecret = (secret: string) =>
    aClient({ authentication: { method: 'client_secret_basic', secret: new Secret(secret) } });
  const withParam = (value: string) =>
    aClient({ introspection: { ...aClient().introspection, params: new Map([['resource', value]]) } });
  const inForce = (store: ReturnType<typeof createStaticStore>) => {
    const answer = store.get(null, aRequest());
    return !(answer instanceof Promise) && answer.ok ? answer.value : null;
  };

  it('answers at once, without a promise', () => {
    expect(createStaticStore([aClient()]).get('main', aRequest())).not.toBeInstanceOf(Promise);
  });

  it('keeps the identity of a client whose settings did not change over a reload', () => {
    const before = withParam('https://a.example');
    const store = createStaticStore([before]);
    store.replace([withParam('https://a.example')]);
    expect(inForce(store)).toBe(before);
  });

  it.each([
    ['the secret', withSecret('old'), withSecret('new')],
    ['an introspection parameter', withParam('https://a.example'), withParam('https://b.example')],
    ['the client id', aClient(), aClient({ clientId: 'other' })],
  ])('puts a client in force anew when %s changed', (_what, before, after) => {
    const store = createStaticStore([before]);
    store.replace([after]);
    expect(inForce(store)).toBe(after);
  });
});
