import { readFileSync } from 'node:fs';

import {
  type Decision,
  epochMilliseconds,
  type EpochMilliseconds,
  type HouseEvent,
  milliseconds,
  monotonicMilliseconds,
  type MonotonicMilliseconds,
  type RequestContext,
} from '../../src/domain/index.ts';
import { createTelemetry, type LogLevel, type Telemetry } from '../../src/telemetry/index.ts';

export const NOON = Date.UTC(2026, 0, 1, 12);

/** A clock that stands still until it is moved. */
export interface FakeClock {
  readonly now: () => EpochMilliseconds;
  readonly monotonic: () => MonotonicMilliseconds;
  readonly advance: (ms: number) => void;
}

export function aClock(): FakeClock {
  let passed = 0;
  return {
    now: () => epochMilliseconds(NOON + passed),
    monotonic: () => monotonicMilliseconds(passed),
    advance(ms) {
      passed += ms;
    },
  };
}

/** A destination that remembers. */
export function aDestination() {
  const written: string[] = [];
  const state = { dropped: 0, flushes: 0 };
  return {
    written,
    state,
    write: (line: string) => void written.push(line),
    flush: () => void (state.flushes += 1),
    get dropped() {
      return state.dropped;
    },
  };
}

export interface Observed {
  readonly telemetry: Telemetry;
  readonly clock: FakeClock;
  readonly destination: ReturnType<typeof aDestination>;
  /** All of the log as one text. */
  readonly text: () => string;
  /** Its lines, read as JSON. */
  readonly lines: () => readonly Readonly<Record<string, unknown>>[];
  /** Value of each series by its text, as `gatehouse_ready` or `name{label="value"}`. */
  readonly series: () => Promise<ReadonlyMap<string, number>>;
}

export function anObservedTelemetry(level: LogLevel = 'debug', pretty = false): Observed {
  const clock = aClock();
  const destination = aDestination();
  const telemetry = createTelemetry({ level, pretty, version: '1.2.3', destination }, { clock });
  return {
    telemetry,
    clock,
    destination,
    text: () => destination.written.join(''),
    lines: () => destination.written.map((line) => JSON.parse(line)),
    series: async () => seriesOf((await telemetry.metrics()).body),
  };
}

function seriesOf(body: string): ReadonlyMap<string, number> {
  const lines = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

export function aContext(differing: Partial<RequestContext> = {}): RequestContext {
  return {
    door: 'grpc',
    requestId: 'request-1',
    method: 'GET',
    path: '/orders/7?page=2',
    host: 'api.example',
    scheme: 'https',
    headers: { values: () => [], names: [], oddNames: [] },
    contextExtensions: new Map(),
    clientAddress: '192.0.2.1',
    serverName: null,
    peerPrincipal: null,
    routeMetadata: {},
    filterMetadata: {},
    waitUntil: monotonicMilliseconds(2000),
    ...differing,
  };
}

export const AN_ALLOW: Decision = {
  kind: 'allow',
  reason: 'token_accepted',
  route: 'orders',
  mutations: { set: [], remove: [], authorization: 'strip', metadata: {} },
  strays: [],
};

export const A_FAULT: Decision = {
  kind: 'fault',
  reason: 'introspection_timeout',
  route: 'orders',
  detail: 'nothing within 800 ms',
};

export function aDecided(
  decision: Decision = AN_ALLOW,
  context: RequestContext | null = aContext(),
): Extract<HouseEvent, { readonly event: 'decided' }> {
  return { event: 'decided', door: 'grpc', context, decision, tookMs: milliseconds(0.3) };
}

/** The names of all events, from the text of the type: a type leaves nothing to ask at run time. */
export function namesOfAllEvents(): readonly string[] {
  const source = readFileSync(new URL('../../src/domain/house-event.ts', import.meta.url), 'utf8');
  return [...source.matchAll(/readonly event: '(\w+)'/g)].map(([, name]) => name!);
}
