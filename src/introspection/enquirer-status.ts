import type { Gate } from '../bounds/index.ts';
import {
  type ClientContext,
  type Clock,
  type Fault,
  type JsonObject,
  type Milliseconds,
  milliseconds,
  type SuspensionCause,
} from '../domain/index.ts';
import type { ConnectionPools } from './connection/connection-pools.ts';
import type { EndpointSuspension } from './suspension/endpoint-suspension.ts';
import type { FreshnessState } from './discovery/keep-fresh.ts';
import type { QuestionSource } from './question/question-source.ts';

/** Numbers of one client, for gauges. */
export interface EnquirerStats {
  readonly client: string;
  /** Since the metadata was last confirmed; `null`: never yet, or none is needed. */
  readonly metadataAgeMs: Milliseconds | null;
  readonly poolConnected: number;
  readonly poolRunning: number;
  readonly enquiriesInside: number;
  readonly enquiriesWaiting: number;
  /** Why the endpoint is not asked just now; `null`: it is. */
  readonly suspendedBy: SuspensionCause | null;
}

/** What there is to see of a client. */
export interface EnquirerView {
  readonly client: ClientContext;
  readonly source: QuestionSource;
  readonly pools: ConnectionPools;
  readonly gate: Gate;
  readonly suspension: Pick<EndpointSuspension, 'state'>;
  readonly clock: Clock;
}

export function enquirerStats(view: EnquirerView): EnquirerStats {
  const { client, source, pools, gate, suspension, clock } = view;
  const confirmedAt = source.freshness?.confirmedAt ?? null;
  return {
    client: client.name,
    metadataAgeMs: confirmedAt === null ? null : milliseconds(clock.monotonic() - confirmedAt),
    poolConnected: pools.connected,
    poolRunning: pools.running,
    enquiriesInside: gate.inside,
    enquiriesWaiting: gate.waiting,
    suspendedBy: suspension.state?.cause ?? null,
  };
}

/** For the status page. `lastFault` is that of an enquiry and stays until the next one. */
export function enquirerStatus(view: EnquirerView, lastFault: Fault | null): JsonObject {
  const { client, source, pools, gate, clock } = view;
  const { state } = view.suspension;
  return {
    issuer: client.issuer,
    endpoint: source.latest?.endpoint ?? null,
    authentication: source.latest?.authentication.method ?? null,
    algorithm: source.latest?.authentication.algorithm ?? null,
    rotation: rotationStatus(source),
    proxy: source.latest === null ? null : pools.proxyTo(source.latest.origin),
    metadata: freshnessStatus(source.freshness, clock),
    signingKeys: freshnessStatus(source.keyFreshness, clock),
    callToken: callTokenStatus(view),
    connections: { connected: pools.connected, running: pools.running },
    enquiries: { inside: gate.inside, waiting: gate.waiting, lastFault: faultStatus(lastFault) },
    suspension: state === null ? null : { cause: state.cause, nextInMs: whole(state.left) },
  };
}

function freshnessStatus(freshness: FreshnessState | null, clock: Clock): JsonObject | null {
  if (freshness === null) return null;
  const { confirmedAt, nextAt, failures, lastFault } = freshness;
  return {
    ageMs: confirmedAt === null ? null : whole(clock.monotonic() - confirmedAt),
    nextInMs: nextAt === null ? null : whole(Math.max(0, nextAt - clock.monotonic())),
    failures,
    lastFault: faultStatus(lastFault),
  };
}

/** `previous`: the server does not know the new secret or key yet. */
function rotationStatus({ latest }: QuestionSource): JsonObject | null {
  const state = latest?.rotation?.state ?? null;
  return state === null ? null : { inUse: state.inUse, previousEndsInMs: whole(state.endsIn) };
}

function callTokenStatus({ source, clock }: EnquirerView): JsonObject | null {
  const callToken = source.latest?.callToken ?? null;
  if (callToken === null) return null;
  const { endsAt, failures, lastFault } = callToken.state;
  const endsInMs = endsAt === null ? null : whole(Math.max(0, endsAt - clock.monotonic()));
  return { endsInMs, failures, lastFault: faultStatus(lastFault) };
}

function faultStatus(found: Fault | null): JsonObject | null {
  return found === null ? null : { reason: found.reason, detail: found.detail };
}

function whole(value: number | null): number | null {
  return value === null ? null : Math.round(value);
}
