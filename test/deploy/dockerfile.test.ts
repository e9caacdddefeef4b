import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import {
  freePort,
  freePorts,
  readyWhen,
  runProcess,
  startProcess,
  temporaryFolder,
  type RunningProcess,
} from '../support/processes.ts';
import { commandOf, copiedFromContext, parseDockerfile, runStage } from './dockerfile.ts';
import { repositoryPath, shippedText } from './shipped.ts';

const stages = parseDockerfile(shippedText('deploy/Dockerfile'));
const image = stages.at(-1)!;

describe('deploy/Dockerfile, whose image cannot be built here', () => {
  it('ends in an image without a shell that does not run as root', () => {
    expect(image.base).toMatch(/^gcr\.io\/distroless\/nodejs24-[\w]+:nonroot$/);
    expect(image.instructions.filter(({ keyword }) => keyword === 'RUN')).toEqual([]);
  });

  it('copies only what its ignore file lets into the build context, and all of that', () => {
    const allowed = [...shippedText('deploy/Dockerfile.dockerignore').matchAll(/^!(.*)$/gm)].map(
      ([, name]) => name!,
    );
    expect([...new Set(copiedFromContext(stages))].sort()).toEqual([...allowed].sort());
  });
});

describe('the steps of deploy/Dockerfile, run in an empty folder', () => {
  const workshop = temporaryFolder('image');
  let app = '';
  let running: RunningProcess | null = null;

  beforeAll(async () => {
    const parts = { context: repositoryPath('.'), folder: workshop.path };
    for (const stage of stages) app = await runStage(stage, parts);
  }, 400_000);

  afterAll(async () => {
    await running?.stop();
    workshop.remove();
  });

  it('leave no development package and no source in the image', () => {
    expect(existsSync(join(app, 'node_modules', 'jest'))).toBe(false);
    expect(existsSync(join(app, 'node_modules', 'typescript'))).toBe(false);
    expect(readdirSync(app).sort()).toEqual(
      ['CHANGELOG.md', 'LICENSE', 'NOTICE', 'dist', 'node_modules', 'package.json', 'proto'].sort(),
    );
  });

  it('give an image whose command serves and whose health check says so', async () => {
    const [grpc, admin] = (await freePorts(2)) as [number, number];
    const settings = join(workshop.path, 'gatehouse.yaml');
    writeFileSync(settings, settingsFor(grpc, admin, await freePort()));

    // The entrypoint of the image is Node.
    const command = commandOf(image, 'CMD').map((word) =>
      word.endsWith('/gatehouse.yaml') ? settings : word,
    );
    const healthcheck = [...commandOf(image, 'HEALTHCHECK').slice(1), '--address', `127.0.0.1:${admin}`];
    const check = () => runProcess(process.execPath, healthcheck, { name: 'healthcheck', cwd: app });

    expect((await check()).code).toBe(1);
    running = await startProcess(process.execPath, command, { name: 'image', cwd: app });
    await readyWhen(running, async () =>
      (await fetch(`http://127.0.0.1:${admin}/readyz`)).ok ? true : null,
    );
    expect((await check()).code).toBe(0);
    expect(await running.stop()).toEqual({ code: 0, signal: null });
  }, 60_000);
});

/** An authorization server that is away does not keep an instance from being ready. */
function settingsFor(grpc: number, admin: number, nobody: number): string {
  return `
listen:
  grpc: { address: "127.0.0.1:${grpc}" }
  admin: { address: "127.0.0.1:${admin}" }
drain: 1s
clients:
  default:
    issuer: http://127.0.0.1:${nobody}
    allowHttp: true
    clientId: gateway
    clientSecret: a-secret-of-this-test
`;
}
