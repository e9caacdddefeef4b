import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { createCheck } from '../../src/check/index.ts';
import { formatProblem, readSettings } from '../../src/config/index.ts';
import {
  createAnswerFor,
  epochMilliseconds,
  type HouseEvent,
  INACTIVE,
  type Introspection,
  type Json,
  succeed,
} from '../../src/domain/index.ts';
import { readIntrospection } from '../../src/introspection/index.ts';
import { createPolicy } from '../../src/policy/index.ts';
import { aWorld } from '../config/worlds.ts';
import { aRequest, NOON } from '../support/builders.ts';

const ROOT = new URL('../../', import.meta.url);
const FOLDER = new URL('docs/examples/', ROOT);
const PAGE = readFileSync(new URL('docs/policy.md', ROOT), 'utf8');
const NAMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.yaml') && !name.endsWith('.requests.yaml'))
  .map((name) => name.replace(/\.yaml$/, ''));

/** One line of a table of requests. */
interface Row {
  /** Method and target. */
  readonly request: string;
  readonly host?: string;
  /** Left out: `Authorization` alone where there is a token, otherwise none. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly clientAddress?: string;
  readonly context?: Readonly<Record<string, string>>;
  /** Members of the answer; `auth_time` less than 0 counts from now. */
  readonly token?: Readonly<Record<string, unknown>> | 'inactive';
  readonly expect: string;
  readonly route?: string;
  /** A part of the challenge. */
  readonly challenge?: string;
  /** Headers that the upstream gets. */
  readonly upstream?: Readonly<Record<string, string>>;
  readonly trial?: string;
}

const answerFor = createAnswerFor({ realm: 'gatehouse', randomness: { fraction: () => 0 } });

function textOf(file: string): string {
  return readFileSync(new URL(file, FOLDER), 'utf8');
}

function rowsOf(name: string): readonly Row[] {
  return parse(textOf(`${name}.requests.yaml`)) as Row[];
}

function introspectionOf(token: Row['token']): Introspection {
  if (token === undefined || token === 'inactive') return INACTIVE;
  const time = token['auth_time'];
  const facts = typeof time === 'number' && time < 0 ? { ...token, auth_time: NOON + time } : token;
  const read = readIntrospection(JSON.parse(JSON.stringify({ active: true, ...facts })) as Json);
  if (!read.ok) throw new Error('the token of an example cannot be read');
  return read.value;
}

async function walk(name: string, row: Row) {
  const world = aWorld({ environment: { GATEHOUSE_CLIENT_SECRET: 's3cret' } });
  const settings = await readSettings({ path: `${name}.yaml`, text: textOf(`${name}.yaml`) }, world);
  if (!settings.ok) throw new Error(settings.failure.map(formatProblem).join('\n'));
  const { routes, scrub, clients } = settings.value;
  const [client] = clients;
  if (client === undefined) throw new Error('an example has one client');

  const events: HouseEvent[] = [];
  const observe = (event: HouseEvent): void => void events.push(event);
  const check = createCheck({
    policy: createPolicy(routes, { scrub }, { observe }),
    clients: { first: () => succeed(client), next: () => null },
    resolve: () => succeed(introspectionOf(row.token)),
    clock: { now: () => epochMilliseconds(NOON * 1_000) },
    observe,
  });
  const [method = '', path = ''] = row.request.split(' ');
  const headers = row.headers ?? (row.token === undefined ? {} : { authorization: 'Bearer tok' });
  const decision = await check(
    aRequest({
      method,
      path,
      host: row.host ?? 'api.example.com',
      headers: Object.entries(headers),
      clientAddress: row.clientAddress ?? null,
      contextExtensions: new Map(Object.entries(row.context ?? {})),
    }),
  );
  return { decision, events };
}

describe('the examples of docs/policy.md', () => {
  it('are at least fifteen, each with requests that pass and requests that do not', () => {
    expect(NAMES.length).toBeGreaterThanOrEqual(15);
    for (const name of NAMES) {
      const outcomes = rowsOf(name).map((row) => /accepted|public_route|anonymous/.test(row.expect));
      expect([name, new Set(outcomes).size]).toEqual([name, 2]);
    }
  });

  it.each(NAMES)('%s stands on the page as it is in the file, without what all have in common', (name) => {
    const own = textOf(`${name}.yaml`).replace(/^clients:\n(?: .*\n)+/, '');
    expect(PAGE).toContain(`\`\`\`yaml\n${own}\`\`\``);
    expect(PAGE).toContain(`(examples/${name}.yaml)`);
  });

  it.each(
    NAMES.flatMap((name) => rowsOf(name).map((row, at) => [name, at, row.request, row.expect, row] as const)),
  )('%s, request %i: %s is %s', async (name, _at, _request, reason, row) => {
    const { decision, events } = await walk(name, row);
    expect(decision.reason).toBe(reason);
    if (row.route !== undefined) expect(decision.route).toBe(row.route);
    if (row.challenge !== undefined) {
      const headers = decision.kind === 'allow' ? [] : answerFor(decision).headers;
      expect(headers.find(({ name: header }) => header === 'www-authenticate')?.value).toContain(
        row.challenge,
      );
    }
    if (row.upstream !== undefined) {
      const set =
        decision.kind === 'allow' ? [...decision.mutations.set, ...(decision.spent?.set ?? [])] : [];
      expect(Object.fromEntries(set.map((field) => [field.name, field.value]))).toEqual(row.upstream);
    }
    if (row.trial !== undefined)
      expect(events).toContainEqual(expect.objectContaining({ outcome: row.trial }));
  });
});
