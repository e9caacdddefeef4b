/**
 * A Gatehouse process in front of a real authorization server, with 50 checks a second through it, each of which is
 * asked about: nothing is remembered.
 *
 * In: how the client authenticates. Out: both, and which checks were answered otherwise than they should.
 */
import { randomBytes } from 'node:crypto';

import { type Caller, callerOf } from '../gateway/envoy/caller.ts';
import {
  type AuthorizationServer,
  type AuthorizationServerSettings,
  startAuthorizationServer,
} from '../support/authorization-server.ts';
import { type RunningGatehouse, startGatehouse } from '../support/gatehouse.ts';
import { eventually } from '../support/processes.ts';
import { outcomeOf, withToken } from './support-house-check.ts';
import { type MountedFolder, mountFolder } from './support-house-mount.ts';

export interface RotationScene {
  readonly server: AuthorizationServer;
  readonly gatehouse: RunningGatehouse;
  /** Changes files beside the settings, all at one moment, and waits until they are in force. */
  readonly change: (files: Readonly<Record<string, string>>) => Promise<void>;
  /** Waits for so many more answers. */
  readonly answers: (count: number) => Promise<void>;
  /** Waits until the server has refused what was in use and the other one took its place. */
  readonly switchedTo: (which: 'current' | 'previous') => Promise<void>;
  /** Answers so far that were not what the token deserves, as `status instead of status`. */
  readonly wrong: readonly string[];
  readonly close: () => Promise<void>;
}

export interface RotationSettings {
  readonly server: AuthorizationServerSettings;
  /** Further keys of the client, in flow form: `clientSecret: { file: secret }`. */
  readonly client: string;
  readonly files: Readonly<Record<string, string>>;
}

export async function openRotationScene({
  server: registered,
  client,
  files,
}: RotationSettings): Promise<RotationScene> {
  const server = await startAuthorizationServer(registered);
  const gatehouse = await startGatehouse({
    settings: (ports) => `
listen:
  grpc: { address: "127.0.0.1:${ports.grpc}" }
  health: { address: "127.0.0.1:${ports.health}" }
  admin: { address: "127.0.0.1:${ports.admin}" }
drain: 1s
wait: { max: 20s }
cache: { active: { max: 0s }, inactive: { max: 0s } }
clients: { main: { issuer: "${server.issuer}", clientId: gateway, allowHttp: true, introspection: { timeout: 15s }, ${client} } }
`,
    files,
  });
  const folder: MountedFolder = mountFolder(gatehouse.folder, Object.keys(files));
  const caller = callerOf({ kind: 'tcp', host: '127.0.0.1', port: gatehouse.ports.grpc });
  const traffic = startTraffic(caller, await server.issueToken());

  const count = (
    event: string,
    matching: (line: Readonly<Record<string, unknown>>) => boolean = () => true,
  ): number => gatehouse.logs().filter((line) => line['event'] === event && matching(line)).length;
  let switches = 0;
  return {
    server,
    gatehouse,
    wrong: traffic.wrong,
    async change(changed) {
      const loaded = count('settings_loaded');
      folder.change('a symlink swap', changed);
      await gatehouse.logged('settings_loaded', loaded + 1);
    },
    async answers(more) {
      const enough = traffic.count() + more;
      await eventually(`${more} answers`, () => (traffic.count() >= enough ? true : null));
    },
    async switchedTo(which) {
      switches += 1;
      await gatehouse.logged('credentials_switched', switches);
      expectLast(which);
    },
    async close() {
      await traffic.stop();
      caller.close();
      await gatehouse.stop();
      await server.stop();
    },
  };

  function expectLast(which: string): void {
    const last = gatehouse
      .logs()
      .filter(({ event }) => event === 'credentials_switched')
      .at(-1);
    if (last?.['in_use'] !== which)
      throw new Error(`switched to ${String(last?.['in_use'])}, not to ${which}`);
  }
}

interface Traffic {
  readonly count: () => number;
  readonly wrong: string[];
  readonly stop: () => Promise<void>;
}

/** A good token and one that nobody issued, in turn. */
function startTraffic(caller: Caller, good: string): Traffic {
  const wrong: string[] = [];
  const underWay = new Set<Promise<void>>();
  let asked = 0;
  let answered = 0;
  const timer = setInterval(() => {
    asked += 1;
    const [token, expected] = asked % 2 === 0 ? [good, 200] : [randomBytes(16).toString('hex'), 401];
    const one = caller
      .ask(withToken(token))
      .then(
        (response) => {
          const outcome = outcomeOf(response);
          const status = outcome.kind === 'allow' ? 200 : outcome.status;
          if (status !== expected) wrong.push(`${status} instead of ${expected}`);
        },
        (error: unknown) => void wrong.push(String(error)),
      )
      .finally(() => {
        answered += 1;
        underWay.delete(one);
      });
    underWay.add(one);
  }, 20);
  return {
    count: () => answered,
    wrong,
    async stop() {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  };
}
