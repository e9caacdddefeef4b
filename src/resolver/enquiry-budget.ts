/**
 * Bounds how many tokens that turn out inactive an authorization server is asked about.
 *
 * In: who wants to ask about which token, and later what came of it. Out: go ahead, or whose allowance is spent.
 * Never: a charge for a token that was found active, before or now; more sources remembered than there is room for.
 */
import { LRUCache } from 'lru-cache';
import { type Allowance, createAllowance, createRecentKeys } from '../bounds/index.ts';
import type { CacheKey, ClientContext, Clock } from '../domain/index.ts';
import { sourceOf } from './source-of.ts';
import type { Answer } from './wanted.ts';

export interface EnquiryBudget {
  /** @param address of the client, `null` when nobody knows it. */
  charge(client: ClientContext, key: CacheKey, address: string | null): Charge | Spent;
  /** Another replica has found it active. */
  know(key: CacheKey): void;
  /** Whether it was found active a short while ago. */
  isGood(key: CacheKey): boolean;
}

/** To be settled once, with what came of the enquiry. */
export type Charge = (answer: Answer) => void;

/** Whose allowance is spent. */
export type Spent = 'client' | 'source';

const SOURCES_MOST = 20_000;
const GOOD_KEYS_MOST = 131_072;

export function createEnquiryBudget({ clock }: { readonly clock: Pick<Clock, 'monotonic'> }): EnquiryBudget {
  const ofClients = new WeakMap<ClientContext, Allowance>();
  // Who uses more addresses than there is room for is stopped by the allowance of the client.
  const ofSources = new LRUCache<string, Allowance>({ max: SOURCES_MOST });
  const good = createRecentKeys(GOOD_KEYS_MOST);

  return {
    charge(client, key, address) {
      // Known as good before: asked about as always, whoever floods us.
      if (good.has(key)) return (answer) => learn(key, answer);

      const ofSource = address === null ? null : allowanceOfSource(client, address);
      if (ofSource !== null && !ofSource.take()) return 'source';
      const ofClient = allowanceOfClient(client);
      if (!ofClient.take()) {
        ofSource?.giveBack();
        return 'client';
      }
      return (answer) => {
        learn(key, answer);
        if (answer.ok && answer.value.kind === 'inactive') return;
        ofSource?.giveBack();
        ofClient.giveBack();
      };
    },
    know: (key) => good.add(key),
    isGood: (key) => good.has(key),
  };

  function learn(key: CacheKey, answer: Answer): void {
    if (!answer.ok) return;
    if (answer.value.kind === 'active') good.add(key);
    else good.remove(key);
  }

  function allowanceOfClient(client: ClientContext): Allowance {
    const known = ofClients.get(client);
    if (known !== undefined) return known;
    const made = createAllowance(clock, client.budget.all);
    ofClients.set(client, made);
    return made;
  }

  function allowanceOfSource(client: ClientContext, address: string): Allowance {
    const name = `${client.name} ${sourceOf(address)}`;
    const known = ofSources.get(name);
    if (known !== undefined) return known;
    const made = createAllowance(clock, client.budget.source);
    ofSources.set(name, made);
    return made;
  }
}
