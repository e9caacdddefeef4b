import { describe, expect, it } from '@jest/globals';
import type { ClientContext, ClientStore, RequestContext } from '../../src/domain/index.ts';
import { aClient, aRequest } from '../support/builders.ts';

/** A store under test, and the way to put other clients into it. */
export interface StoreUnderTest {
  readonly store: ClientStore;
  replace(clients: readonly ClientContext[]): void | Promise<void>;
  /** A request that goes with the client of this name, where the rule names none. */
  readonly requestFor: (name: string) => RequestContext;
}

/** What every client store must do, whatever holds its records. */
export function describeClientStore(
  kind: string,
  open: (clients: readonly ClientContext[]) => StoreUnderTest | Promise<StoreUnderTest>,
): void {
  describe(`ClientStore: ${kind}`, () => {
    const orders = aClient({ name: 'orders' });
    const partner = aClient({ name: 'partner', issuer: 'https://partner.example' });

    it('gives the client that a rule names', async () => {
      const { store } = await open([orders, partner]);
      expect(await store.get('partner', aRequest())).toMatchObject({ ok: true, value: { name: 'partner' } });
    });

    it('gives the client that a request goes with where the rule names none', async () => {
      const { store, requestFor } = await open([orders, partner]);
      expect(await store.get(null, requestFor('partner'))).toMatchObject({ value: { name: 'partner' } });
      expect(await store.get(null, requestFor('orders'))).toMatchObject({ value: { name: 'orders' } });
    });

    it('denies with no_client a request that goes with nobody', async () => {
      const { store, requestFor } = await open([orders, partner]);
      expect(await store.get(null, requestFor('stranger'))).toMatchObject({
        ok: false,
        failure: { kind: 'deny', reason: 'no_client' },
      });
    });

    it.each(['nobody', '__proto__', 'constructor', '', '../orders', 'orders/', 'a\0'])(
      'denies with no_client for the unknown name %j',
      async (name) => {
        const { store } = await open([orders]);
        expect(await store.get(name, aRequest())).toMatchObject({
          ok: false,
          failure: { reason: 'no_client' },
        });
      },
    );

    it('gives the same object twice, so that what is kept for it is found again', async () => {
      const { store } = await open([orders, partner]);
      const [first, second] = [await store.get('orders', aRequest()), await store.get('orders', aRequest())];
      expect(first.ok && second.ok && first.value === second.value).toBe(true);
    });

    it('tells its listeners which clients are in force after a change, until they stop listening', async () => {
      const { store, ...stores } = await open([orders]);
      const told: string[][] = [];
      const stop = store.onChange((clients) => told.push(clients.map(({ name }) => name).sort()));
      await stores.replace([orders, partner]);
      stop();
      const heard = [...told];
      await stores.replace([orders]);
      expect(heard.at(-1)).toEqual(['orders', 'partner']);
      expect(told).toEqual(heard);
    });
  });
}
