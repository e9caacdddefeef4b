/**
 * A whole Gatehouse in this process: every room real, every door open on a port of its own.
 *
 * In: the text of a settings file. Out: the house, a caller at its gRPC door, what it logged and what it counts.
 * Never: a fake between the doors and the authorization server; a clock of its own unless a test steps it.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
  type Clock,
  createTelemetry,
  type Door,
  epochMilliseconds,
  formatProblem,
  type House,
  type HouseParts,
  type ListenAddress,
  monotonicMilliseconds,
  openHouse,
  readSettings,
  type Settings,
  systemClock,
  systemRandomness,
} from '../../src/index.ts';
import { type Caller, callerOf } from '../gateway/envoy/caller.ts';
import { readMetric } from '../support/gatehouse.ts';
import { eventually } from '../support/processes.ts';

export interface OpenedHouse {
  readonly house: House;
  /** Asks at the gRPC door. */
  readonly caller: Caller;
  readonly address: (kind: DoorKind) => ListenAddress;
  readonly port: (kind: DoorKind) => number;
  /** What it logged, line by line. */
  readonly lines: readonly string[];
  readonly logs: () => readonly LogLine[];
  /** Sum of the samples that carry these labels; 0 when there is none. */
  readonly metric: (name: string, labels?: Readonly<Record<string, string>>) => Promise<number>;
  /** A page of the admin door. */
  readonly page: (path: string) => Promise<{ readonly status: number; readonly text: string }>;
  readonly status: () => Promise<Readonly<Record<string, never>>>;
  /** Drains it. Fine to call twice. */
  readonly close: () => Promise<void>;
}

export type DoorKind = Door | 'admin' | 'health';
export type LogLine = Readonly<Record<string, unknown>>;

export interface HouseDiffering {
  readonly environment?: Readonly<Record<string, string>>;
  readonly clock?: Clock;
  /** Where relative paths of the settings begin. */
  readonly folder?: string;
  /** Instead of `cache.shared`. */
  readonly cacheStore?: HouseParts['cacheStore'];
  /** What the admin door wants to be shown. */
  readonly bearer?: string;
  /** `false`: comes back at once. */
  readonly untilReady?: boolean;
}

/** Every door of this version on free ports of this host. */
export const EVERY_DOOR = `
listen:
  grpc: { address: "127.0.0.1:0" }
  http:
    - { address: "127.0.0.1:0", profile: nginx }
    - { address: "127.0.0.1:0", profile: envoy, pathPrefix: /authz }
    - { address: "127.0.0.1:0", profile: ingress-nginx }
    - { address: "127.0.0.1:0", profile: traefik }
    - { address: "127.0.0.1:0", profile: caddy }
    - { address: "127.0.0.1:0", profile: haproxy }
    - { address: "127.0.0.1:0", profile: apisix }
  health: { address: "127.0.0.1:0" }
  admin: { address: "127.0.0.1:0" }
drain: 100ms
log: { level: debug }
`;

export async function openAHouse(text: string, differing: HouseDiffering = {}): Promise<OpenedHouse> {
  const { clock = systemClock, untilReady = true, cacheStore, bearer } = differing;
  const settings = await settingsOf(text, differing);
  const lines: string[] = [];
  const telemetry = createTelemetry(
    {
      level: settings.log.level,
      destination: { write: (line) => void lines.push(line.trimEnd()), flush: () => undefined, dropped: 0 },
      pretty: false,
      version: 'test',
    },
    { clock },
  );
  const house = await openHouse(settings, {
    telemetry,
    clock,
    randomness: systemRandomness,
    ...(cacheStore === undefined ? {} : { cacheStore }),
  });

  const address = (kind: DoorKind): ListenAddress => {
    const found = [...house.doors, ...house.admin].find((door) => door.kind === kind);
    if (found === undefined) throw new Error(`there is no door ${kind}`);
    return found.address;
  };
  const port = (kind: DoorKind): number => {
    const found = address(kind);
    return found.kind === 'tcp' ? found.port : 0;
  };
  const page: OpenedHouse['page'] = async (path) => {
    const response = await fetch(`http://127.0.0.1:${port('admin')}${path}`, { headers: shown });
    return { status: response.status, text: await response.text() };
  };
  const shown = bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
  const caller = callerOf(address('grpc'));
  let closing: Promise<void> | null = null;

  if (untilReady)
    await eventually('the house to be ready', async () =>
      (await page('/readyz')).status === 200 ? true : null,
    );
  return {
    house,
    caller,
    address,
    port,
    lines,
    logs: () => lines.map((line) => JSON.parse(line) as LogLine),
    metric: (name, labels) => readMetric(port('admin'), name, labels ?? {}, shown),
    page,
    status: async () => JSON.parse((await page('/status')).text) as Readonly<Record<string, never>>,
    close: () => (closing ??= end()),
  };

  async function end(): Promise<void> {
    caller.close();
    await house.drain();
  }
}

/** @throws Error with every problem of the text. */
export async function settingsOf(
  text: string,
  { environment = {}, folder = '/' }: HouseDiffering = {},
): Promise<Settings> {
  const path = join(folder, 'gatehouse.yaml');
  const read = await readSettings(
    { path, text },
    {
      environment: { CLIENT_SECRET: 'client-secret-of-the-tests', ...environment },
      readFile: (name) => readFile(name),
      offline: false,
    },
  );
  if (!read.ok) throw new Error(read.failure.map(formatProblem).join('\n'));
  return read.value;
}

/** The clocks of this machine, put forward by as much as a test says. */
export function steppableClock(): Clock & { readonly step: (ms: number) => void } {
  let ahead = 0;
  return {
    now: () => epochMilliseconds(Date.now() + ahead),
    monotonic: () => monotonicMilliseconds(performance.now() + ahead),
    step: (ms) => void (ahead += ms),
  };
}
