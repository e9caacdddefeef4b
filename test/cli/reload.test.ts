import { readFile } from 'node:fs/promises';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { afterAll, describe, expect, it } from '@jest/globals';
import { type Reloading, startReloading } from '../../src/cli/reload.ts';
import { readSettings, type Settings } from '../../src/config/index.ts';
import { milliseconds } from '../../src/domain/index.ts';
import { secretOf } from '../support/builders.ts';
import { eventually, temporaryFolder } from '../support/processes.ts';

const folder = temporaryFolder('reload');
const file = join(folder.path, 'gatehouse.yaml');
const environment = {};
let reloading: Reloading | null = null;

afterAll(() => {
  reloading?.stop();
  folder.remove();
});

function write(secretFile: string): string {
  const text = `clients: { main: { issuer: "https://idp.example.com", clientId: gateway, clientSecret: { file: ${secretFile} } } }`;
  writeFileSync(file, text);
  return text;
}

async function settingsOf(text: string): Promise<Settings> {
  const read = await readSettings(
    { path: file, text },
    { environment, readFile: (name) => readFile(name), offline: false },
  );
  if (!read.ok) throw new Error('the settings of this test are wrong');
  return read.value;
}

describe('reloading', () => {
  it('takes a refused file when the secret that it names appears, and tells of its problem once (T-69)', async () => {
    writeFileSync(join(folder.path, 'first'), 'one');
    const initial = await settingsOf(write('./first'));
    const replaced: Settings[] = [];
    let kept = 0;
    const refusals: (readonly string[])[] = [];
    const house = {
      replace: (next: Settings) => void replaced.push(next),
      keep: () => void (kept += 1),
      refuse: (problems: readonly string[]) => void refusals.push(problems),
    };
    const world = { environment, onSignal: () => () => undefined };
    reloading = startReloading(file, initial, house, world, milliseconds(300));

    await eventually('the first look to end', () => (kept > 0 ? true : null));
    write('./second');
    await eventually('the file to be refused', () => (refusals.length > 0 ? true : null));
    await sleep(900);
    expect(refusals).toEqual([[expect.stringContaining('cannot be read')]]);

    writeFileSync(join(folder.path, 'second'), 'two');
    await eventually('the settings to be replaced', () => (replaced.length > 0 ? true : null));
    expect(replaced.map(({ clients }) => secretOf(clients[0]))).toEqual(['two']);
  });
});
