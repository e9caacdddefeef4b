import { randomBytes } from 'node:crypto';

import {
  AccessToken,
  type ClientContext,
  type Clock,
  type DocumentShelf,
  epochMilliseconds,
  type Fault,
  type HouseEvent,
  type Introspection,
  monotonicMilliseconds,
  type ProxyFor,
  type Question,
  type Randomness,
  type ResolveName,
  type Result,
} from '../../src/domain/index.ts';
import { createIntrospector, type HouseIntrospector } from '../../src/introspection/index.ts';
import { aClient, aRequest } from '../support/builders.ts';

/** An introspector with the real clock, every name on this host, and all that it told telemetry. */
export interface Scene {
  readonly introspector: HouseIntrospector;
  readonly events: HouseEvent[];
  /** Names that were resolved. */
  readonly resolved: string[];
  /** Prepares and asks, as the resolver does. */
  readonly ask: (client: ClientContext, token?: string) => Promise<Result<Introspection, Fault>>;
  readonly prepare: (client: ClientContext) => Promise<Result<Question, Fault>>;
}

export const systemClock: Clock = {
  now: () => epochMilliseconds(Date.now()),
  monotonic: () => monotonicMilliseconds(performance.now()),
};

export const steadyRandomness: Randomness = { bytes: (length) => randomBytes(length), fraction: () => 0.5 };

const everyNameIsHere: ResolveName = async () => [{ address: '127.0.0.1', family: 4 }];

export function openScene(
  differing: {
    readonly resolveName?: ResolveName;
    readonly clock?: Clock;
    readonly discoveriesAtOnce?: number;
    readonly proxyFor?: ProxyFor;
    readonly documents?: () => DocumentShelf | null;
  } = {},
): Scene {
  const {
    resolveName = everyNameIsHere,
    clock = systemClock,
    discoveriesAtOnce = 16,
    proxyFor,
    documents,
  } = differing;
  const events: HouseEvent[] = [];
  const resolved: string[] = [];
  const introspector = createIntrospector({
    discoveriesAtOnce: () => discoveriesAtOnce,
    ...(proxyFor === undefined ? {} : { proxyFor }),
    ...(documents === undefined ? {} : { documents }),
    clock,
    randomness: steadyRandomness,
    observe: (event) => void events.push(event),
    resolveName: (name) => {
      resolved.push(name);
      return resolveName(name);
    },
  });

  const prepare = async (client: ClientContext): Promise<Result<Question, Fault>> =>
    introspector.prepare(client, aRequest());
  return {
    introspector,
    events,
    resolved,
    prepare,
    async ask(client, token = 'token-1') {
      const question = await prepare(client);
      return question.ok ? introspector.ask(question.value, new AccessToken(token)) : question;
    },
  };
}

/** A client that asks at a fixed endpoint over plain http. */
export function aClientOf(
  endpoint: string,
  differing: Partial<Omit<ClientContext, 'introspection'>> & {
    readonly introspection?: Partial<ClientContext['introspection']>;
  } = {},
): ClientContext {
  const { introspection, ...rest } = differing;
  return aClient({
    issuer: null,
    allowHttp: true,
    allowAddresses: ['127.0.0.0/8'],
    introspection: { ...aClient().introspection, endpoint, ...introspection },
    ...rest,
  });
}

/** A client that finds its endpoint by discovery over plain http. */
export function aDiscoveringClient(issuer: string, differing: Partial<ClientContext> = {}): ClientContext {
  return aClient({ issuer, allowHttp: true, ...differing });
}

/** `active`, `inactive` or the reason of the fault. */
export function outcomeOf(result: Result<Introspection, Fault>): string {
  return result.ok ? result.value.kind : result.failure.reason;
}
