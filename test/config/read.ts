import { expect } from '@jest/globals';
import {
  formatProblem,
  type Problem,
  readSettings,
  type Settings,
  type World,
} from '../../src/config/index.ts';
import { aWorld, CANARY } from './worlds.ts';

/** The smallest client there is, as one line of a settings file. */
export const ONE_CLIENT =
  'clients: { only: { issuer: https://idp.example.com, clientId: gateway, clientSecret: { env: SECRET } } }\n';

export const WORLD = aWorld({ environment: { SECRET: CANARY } });

/** Settings of a text that must be faultless. */
export async function settingsOf(text: string, world: World = WORLD): Promise<Settings> {
  const read = await readSettings({ path: '/settings/gatehouse.yaml', text }, world);
  expect(read.ok ? [] : read.failure.map(formatProblem)).toEqual([]);
  if (!read.ok) throw new Error('unreachable');
  return read.value;
}

/** Problems of a text, as `key: message`; empty when there are none. */
export async function problemsOf(text: string, world: World = WORLD): Promise<readonly string[]> {
  const read = await readSettings({ path: '/settings/gatehouse.yaml', text }, world);
  return read.ok ? [] : read.failure.map(keyed);
}

export function keyed({ key, message }: Problem): string {
  return `${key}: ${message}`;
}
