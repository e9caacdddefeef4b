/**
 * Everything the demo shows, running: authorization server, Gatehouse, Envoy and upstream, on free ports of this host.
 *
 * Processes, upstream and authorization server are started by the same helpers as in the end-to-end tests, so that the
 * demo shows what the tests prove. Secrets are made for this run and go nowhere but into the environment of Gatehouse.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startAuthorizationServer } from '../../test/support/authorization-server.ts';
import { startEnvoyWith } from '../../test/support/envoy.ts';
import { freePorts, readyWhen, startProcess, temporaryFolder } from '../../test/support/processes.ts';
import { startUpstream, type UpstreamRequest } from '../../test/support/upstream.ts';
import { placeEnvoy } from './envoy-settings.ts';
import { gatehouseSettings } from './gatehouse-settings.ts';

export interface Scene {
  /** Where clients send their requests: Envoy. */
  readonly url: string;
  /** What is where, for whoever wants to look around. */
  readonly addresses: readonly (readonly [what: string, where: string])[];
  readonly subject: string;
  /** A fresh access token, good for an hour. */
  readonly issue: (scope: string) => Promise<string>;
  readonly revoke: (token: string) => Promise<void>;
  /** How often the authorization server was asked about a token. */
  readonly introspections: () => number;
  readonly stopAuthorizationServer: () => Promise<void>;
  readonly startAuthorizationServer: () => Promise<void>;
  readonly upstreamRequests: readonly UpstreamRequest[];
  /** Stops all of it, the last started first. */
  readonly close: () => Promise<void>;
}

const SUBJECT = 'alice';

/** Starts everything, saying so through `progress`; when one part does not start, those before it are stopped. */
export async function openScene(progress: (text: string) => void): Promise<Scene> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    return await build(progress, closers, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(
  progress: (text: string) => void,
  closers: (() => Promise<unknown>)[],
  close: Scene['close'],
): Promise<Scene> {
  const secret = randomBytes(24).toString('base64url');

  progress('Starting the authorization server (oidc-provider, opaque tokens)');
  const authorizationServer = await startAuthorizationServer({ clientId: 'gateway', clientSecret: secret });
  closers.push(authorizationServer.stop);

  progress('Starting the upstream');
  const upstream = await startUpstream();
  closers.push(upstream.close);

  progress('Starting Gatehouse (node dist/main.js serve)');
  const [grpc, admin] = (await freePorts(2)) as [number, number];
  const folder = temporaryFolder('demo');
  closers.push(async () => folder.remove());
  const settings = join(folder.path, 'gatehouse.yaml');
  writeFileSync(settings, gatehouseSettings({ grpc, admin, issuer: authorizationServer.issuer }));
  const gatehouse = await startProcess(
    process.execPath,
    [repositoryPath('dist/main.js'), 'serve', '--config', settings],
    { name: 'gatehouse', environment: { ...process.env, GATEHOUSE_CLIENT_SECRET: secret } },
  );
  closers.push(() => gatehouse.stop());
  const adminUrl = `http://127.0.0.1:${admin}`;
  await readyWhen(gatehouse, async () => ((await fetch(`${adminUrl}/readyz`)).ok ? true : null));

  progress('Starting Envoy with deploy/envoy/envoy.yaml, its addresses changed to ports of this host');
  const envoy = await startEnvoyWith(
    placeEnvoy(readFileSync(repositoryPath('deploy/envoy/envoy.yaml'), 'utf8'), {
      front: 0,
      admin: 0,
      clusters: { gatehouse: grpc, upstream: upstream.port },
    }),
  );
  closers.push(envoy.stop);

  return {
    url: envoy.url,
    addresses: [
      ['Envoy', envoy.url],
      ["Envoy's admin page", envoy.adminUrl],
      ['Gatehouse, gRPC', `127.0.0.1:${grpc}`],
      ['Gatehouse, metrics', `${adminUrl}/metrics`],
      ['Gatehouse, status', `${adminUrl}/status`],
      ['Gatehouse, settings', settings],
      ['authorization server', authorizationServer.issuer],
      ['upstream', `http://127.0.0.1:${upstream.port}`],
    ],
    subject: SUBJECT,
    issue: (scope) => authorizationServer.issueToken({ scope, subject: SUBJECT }),
    revoke: authorizationServer.revokeToken,
    introspections: authorizationServer.introspections,
    stopAuthorizationServer: authorizationServer.stop,
    startAuthorizationServer: authorizationServer.start,
    upstreamRequests: upstream.requests,
    close,
  };
}

function repositoryPath(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}
