import { randomBytes } from 'node:crypto';

import {
  type AllowDecision,
  createAnswerFor,
  type Decision,
  type DenyDecision,
  type DenyReason,
  type FaultDecision,
  type FaultReason,
  type HouseEvent,
  milliseconds,
  monotonicMilliseconds,
  type RequestContext,
  type UpstreamMutations,
} from '../../../src/domain/index.ts';
import {
  type HttpDoor,
  type HttpDoorParts,
  type HttpDoorSettings,
  openHttpDoor,
} from '../../../src/gateway/http/index.ts';

/** Always 5 seconds of Retry-After. */
export const answerFor = createAnswerFor({ realm: 'gatehouse', randomness: { fraction: () => 0.5 } });

export function anAllow(differing: Partial<AllowDecision> = {}): AllowDecision {
  return {
    kind: 'allow',
    reason: 'token_accepted',
    route: 'orders',
    mutations: mutations(),
    strays: [],
    ...differing,
  };
}

export function mutations(differing: Partial<UpstreamMutations> = {}): UpstreamMutations {
  return {
    set: [{ name: 'x-auth-subject', value: 'alice' }],
    remove: ['x-auth-client', 'x_auth_subject'],
    authorization: 'strip',
    metadata: {},
    ...differing,
  };
}

export function aDenial(reason: DenyReason, scopes: readonly string[] = []): DenyDecision {
  return { kind: 'deny', reason, route: 'orders', scopes, detail: null };
}

export function aFault(reason: FaultReason): FaultDecision {
  return { kind: 'fault', reason, route: 'orders', detail: null };
}

export interface OpenedDoor {
  readonly door: HttpDoor;
  readonly port: number;
  /** Every request that reached the check. */
  readonly contexts: readonly RequestContext[];
  readonly events: readonly HouseEvent[];
  readonly decisions: () => readonly Decision[];
}

/** An open door on a free port of 127.0.0.1, with a check that says what the test wants. */
export async function openDoor(
  check: HttpDoorParts['check'],
  differing: Partial<HttpDoorSettings> & {
    readonly wait?: HttpDoorParts['wait'];
    readonly trustedHops?: number;
  } = {},
  limits?: Parameters<typeof openHttpDoor>[2],
): Promise<OpenedDoor> {
  const {
    wait = () => ({ max: milliseconds(2_000), margin: milliseconds(20) }),
    trustedHops = 0,
    ...settings
  } = differing;
  const contexts: RequestContext[] = [];
  const events: HouseEvent[] = [];
  const door = await openHttpDoor(
    {
      check: (context) => {
        contexts.push(context);
        return check(context);
      },
      answerFor,
      clock: { monotonic: () => monotonicMilliseconds(performance.now()) },
      observe: (event) => void events.push(event),
      wait,
      trustedHops: () => trustedHops,
    },
    {
      address: { kind: 'tcp', host: '127.0.0.1', port: 0 },
      profile: 'nginx',
      pathPrefix: '',
      trustedPeers: ['127.0.0.1/32', '::1/128'],
      secretHeader: null,
      timeout: milliseconds(2_000),
      connections: 4_096,
      tls: null,
      ...settings,
    },
    limits,
  );
  const decisions = (): readonly Decision[] =>
    events.flatMap((event) => (event.event === 'decided' ? [event.decision] : []));
  const port = door.address.kind === 'tcp' ? door.address.port : 0;
  return { door, port, contexts, events, decisions };
}

/** What deploy/nginx sends for `GET /orders/1` of `api.example.com`, unless told otherwise; `null` leaves a header out. */
export function nginxHeaders(differing: Readonly<Record<string, string | null>> = {}): readonly string[] {
  const headers: Record<string, string | null> = {
    'X-Original-URI': '/orders/1',
    'X-Original-Method': 'GET',
    'X-Forwarded-Host': 'api.example.com',
    'X-Forwarded-Proto': 'https',
    ...differing,
  };
  return ['Host', 'gatehouse', ...Object.entries(headers).flatMap(([k, v]) => (v === null ? [] : [k, v]))];
}

export function unguessable(): string {
  return randomBytes(12).toString('hex');
}
