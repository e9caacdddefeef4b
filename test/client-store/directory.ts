import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  createDirectorySource,
  createRecordReader,
  createRecordStore,
  type RecordStore,
} from '../../src/client-store/index.ts';
import { readClientRecord } from '../../src/config/index.ts';
import {
  type ClientStoreSettings,
  type HouseEvent,
  milliseconds,
  monotonicMilliseconds,
} from '../../src/domain/index.ts';

/** A store over a folder of its own, and the hands to change what is in it. */
export interface DirectoryScene {
  readonly store: RecordStore;
  readonly root: string;
  readonly events: readonly HouseEvent[];
  /** @param path below the scene's folder, such as `tenants/a.yaml` or `secrets/a/key`. */
  write(path: string, text: string): void;
  remove(path: string): void;
  /** So much time that everything is looked at again. */
  later(): void;
}

const scenes: string[] = [];

export function aDirectory(
  files: Readonly<Record<string, string>>,
  differing: Partial<Omit<ClientStoreSettings, 'directory'>> = {},
): DirectoryScene {
  const root = mkdtempSync(join(tmpdir(), 'gatehouse-tenants-'));
  scenes.push(root);
  mkdirSync(join(root, 'tenants'));
  mkdirSync(join(root, 'secrets'));
  let nowMs = 1_000;
  const events: HouseEvent[] = [];
  const directory = {
    path: join(root, 'tenants'),
    secrets: join(root, 'secrets'),
    issuers: ['https://idp.example', 'https://partner.example'],
  };
  const reader = createRecordReader(
    { readRecord: (record) => readClientRecord(record, directory) },
    directory,
  );
  const source = createDirectorySource({ reader }, directory);
  const store = createRecordStore(
    {
      source,
      clock: { monotonic: () => monotonicMilliseconds(nowMs) },
      observe: (event) => void events.push(event),
    },
    {
      by: { kind: 'host' },
      recheck: milliseconds(5_000),
      missing: milliseconds(5_000),
      timeout: milliseconds(60_000),
      entries: 100,
      limits: { concurrent: 4, queue: 100 },
      ...differing,
    },
  );
  const scene: DirectoryScene = {
    store,
    root,
    events,
    write(path, text) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    },
    remove: (path) => rmSync(join(root, path), { recursive: true }),
    later: () => (nowMs += 10_000),
  };
  for (const [path, text] of Object.entries(files)) scene.write(path, text);
  return scene;
}

export function removeDirectories(): void {
  for (const root of scenes.splice(0)) rmSync(root, { recursive: true, force: true });
}

export function aRecord(differing: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    issuer: 'https://idp.example',
    clientId: 'gateway',
    clientSecret: 's3cret',
    ...differing,
  });
}
