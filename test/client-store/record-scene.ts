import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  createRecordReader,
  createRecordStore,
  type RecordReader,
  type RecordSource,
  type RecordStore,
} from '../../src/client-store/index.ts';
import { readClientRecord } from '../../src/config/index.ts';
import {
  type HouseEvent,
  milliseconds,
  monotonicMilliseconds,
  type RecordStoreSettings,
} from '../../src/domain/index.ts';
import { aRequest } from '../support/builders.ts';

/** Where the records of a store under test are, and the hands to change them. */
export interface RecordPlace<Version = unknown> {
  readonly source: RecordSource<Version>;
  put(name: string, record: string): void | Promise<void>;
  remove(name: string): void | Promise<void>;
  /** From now on nothing can be read. */
  away(): void | Promise<void>;
  back(): void | Promise<void>;
  close(): void | Promise<void>;
}

export interface RecordScene {
  readonly store: RecordStore;
  readonly place: Omit<RecordPlace, 'source'>;
  readonly events: readonly HouseEvent[];
  /** Names that were looked at so far. */
  readonly looks: readonly string[];
  /** The folder of secrets. */
  readonly secrets: string;
  /** @param path below it. */
  writeSecret(path: string, text: string): void;
  /** So much time that everything is looked at again. */
  later(ms?: number): void;
}

/** Hosts that lead nowhere: no record of a test is ever asked with. */
export const ISSUERS = ['https://idp.example', 'https://partner.example'];

/** Ends what `aRecordScene` began. */
const endings: (() => void | Promise<void>)[] = [];

export async function closeScenes(): Promise<void> {
  for (const end of endings.splice(0)) await end();
}

export async function aRecordScene<Version>(
  open: (parts: {
    readonly reader: RecordReader;
    readonly folder: string;
  }) => RecordPlace<Version> | Promise<RecordPlace<Version>>,
  differing: Partial<RecordStoreSettings> = {},
): Promise<RecordScene> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-records-'));
  const secrets = join(folder, 'secrets');
  mkdirSync(secrets);
  const readRecord = (record: Parameters<typeof readClientRecord>[0]) =>
    readClientRecord(record, { issuers: ISSUERS });
  const reader = createRecordReader({ readRecord }, { secrets });
  const place = await open({ reader, folder });
  endings.push(async () => {
    await place.close();
    rmSync(folder, { recursive: true, force: true });
  });

  let nowMs = 1_000;
  const events: HouseEvent[] = [];
  const looks: string[] = [];
  const source: RecordSource<Version> = {
    ...place.source,
    read(name, ...rest) {
      looks.push(name);
      return place.source.read(name, ...rest);
    },
  };
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
  return {
    store,
    place,
    events,
    looks,
    secrets,
    writeSecret(path, text) {
      mkdirSync(dirname(join(secrets, path)), { recursive: true });
      writeFileSync(join(secrets, path), text);
    },
    later: (ms = 10_000) => void (nowMs += ms),
  };
}

export function aRecord(differing: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    issuer: 'https://idp.example',
    clientId: 'gateway',
    clientSecret: 's3cret',
    ...differing,
  });
}

/** The client's id for a request to a host, or the reason why there is none. */
export async function answerFor({ store }: Pick<RecordScene, 'store'>, host: string): Promise<string> {
  const answer = await store.get(null, aRequest({ host }));
  if (answer.ok) return answer.value.clientId;
  return answer.failure.kind === 'deny'
    ? answer.failure.reason
    : `${answer.failure.fault.reason}: ${answer.failure.fault.detail ?? ''}`;
}

export async function secretFor({ store }: Pick<RecordScene, 'store'>, host: string): Promise<string> {
  const answer = await store.get(null, aRequest({ host }));
  if (!answer.ok) return JSON.stringify(answer.failure);
  const { authentication } = answer.value;
  return 'secret' in authentication ? authentication.secret.reveal() : 'no secret';
}
