import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { eventually, freePorts } from '../support/processes.ts';
import { nextMessage, type PinnedProcess, startPinned } from './pinned-process.ts';

/** Something to put a load on. */
export interface Server {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface GatehouseServer extends Server {
  /** Of its HTTP door. */
  readonly httpPort: number;
  readonly adminPort: number;
  /** Milliseconds from the start of the process until it was ready. */
  readonly startedIn: number;
}

export interface AuthorizationServer {
  readonly port: number;
  counts(): Promise<{ readonly enquiries: number; readonly connections: number }>;
  setDelay(milliseconds: number): Promise<void>;
  stop(): Promise<void>;
}

const HERE = import.meta.dirname;
const MAIN = join(HERE, '../../dist/main.js');

export type Baseline = 'grpc-proto-loader' | 'grpc-bytes' | 'http2-bytes' | 'http-constant';

/** @param flags of Node, as `--max-semi-space-size=2`. */
export async function startBaseline(name: Baseline, flags: readonly string[] = []): Promise<Server> {
  const started = startPinned(
    process.execPath,
    [...flags, join(HERE, 'baselines', `${name}.ts`)],
    'measured',
  );
  const { port } = await nextMessage<{ port: number }>(started);
  return { name, port, pid: started.pid, stop: () => started.stop() };
}

export async function startAuthorizationServer(): Promise<AuthorizationServer> {
  const started = startPinned(process.execPath, [join(HERE, 'authorization-server.ts')], 'around');
  const { port } = await nextMessage<{ port: number }>(started);
  const at = (path: string): string => `http://127.0.0.1:${port}${path}`;
  return {
    port,
    counts: async () =>
      (await (await fetch(at('/counts'))).json()) as { enquiries: number; connections: number },
    async setDelay(milliseconds) {
      await (await fetch(at(`/delay?ms=${milliseconds}`), { method: 'PUT' })).arrayBuffer();
    },
    stop: () => started.stop(),
  };
}

export interface GatehouseSettings {
  readonly issuer: AuthorizationServer;
  /** YAML of top-level keys beside `listen` and `clients`, such as `routes` and `cache`. */
  readonly more?: string;
  /** More keys of the client, indented by four. */
  readonly client?: string;
  readonly transport?: 'grpc-js' | 'http2';
  readonly workers?: number;
  /** Processors, where one is not enough. */
  readonly cores?: string;
}

/** Gatehouse as users start it, its doors plain on this host. */
export async function startGatehouse(name: string, settings: GatehouseSettings): Promise<GatehouseServer> {
  const [port = 0, httpPort = 0, adminPort = 0] = await freePorts(3);
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'));
  const file = join(folder, 'gatehouse.yaml');
  writeFileSync(file, settingsText(settings, { port, httpPort, adminPort }));

  const began = performance.now();
  const started = startPinned(process.execPath, [MAIN, 'serve', '--config', file], 'measured', {
    environment: { GATEHOUSE_BENCH_SECRET: 'secret' },
    ...(settings.cores === undefined ? {} : { cores: settings.cores }),
  });
  await ready(started, adminPort);
  const startedIn = performance.now() - began;

  return {
    name,
    port,
    httpPort,
    adminPort,
    pid: started.pid,
    startedIn,
    async stop() {
      await started.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ready(started: PinnedProcess, adminPort: number): Promise<void> {
  await eventually(
    'Gatehouse to be ready',
    async () => {
      const answer = await fetch(`http://127.0.0.1:${adminPort}/readyz`).catch(() => null);
      await answer?.arrayBuffer();
      return answer?.status === 200 ? true : null;
    },
    {
      within: 60_000,
      every: 5,
      despair: () => (started.child.exitCode === null ? null : started.complaints()),
    },
  );
}

function settingsText(
  { issuer, more = '', client = '', transport, workers }: GatehouseSettings,
  ports: { readonly port: number; readonly httpPort: number; readonly adminPort: number },
): string {
  return `
listen:
  grpc: { address: "127.0.0.1:${ports.port}"${transport === undefined ? '' : `, transport: ${transport}`} }
  http: [{ address: "127.0.0.1:${ports.httpPort}", profile: nginx }]
  admin: { address: "127.0.0.1:${ports.adminPort}" }
${workers === undefined ? '' : `workers: ${workers}`}
drain: 0s
log: { level: warn }
clients:
  default:
    clientId: gateway
    clientSecret: { env: GATEHOUSE_BENCH_SECRET }
    allowHttp: true
    introspection: { endpoint: "http://127.0.0.1:${issuer.port}/introspect" }
${client}
${more}
`;
}
