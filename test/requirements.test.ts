import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { ALLOW_REASONS, DENY_REASONS, FAULT_REASONS } from '../src/domain/index.ts';
import { METRICS } from '../src/telemetry/index.ts';
import { goldenAnswers } from './golden/answers.ts';

// What must be shown has a test that says so in its title (issue 3; model-behaviour.md; oauth-requirements.md).
const TESTS = import.meta.dirname;
const files = readdirSync(TESTS, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.test.ts'),
);
const texts = new Map(files.map((name) => [name, readFileSync(join(TESTS, name), 'utf8')]));

/** Requirements named in titles, and in the first columns of tables of which titles are made. */
const shown = new Set(
  [...texts]
    .filter(([name]) => name !== 'requirements.test.ts')
    .flatMap(([, text]) => titlesOf(text))
    .flatMap((title) => title.match(/\b(?:[A-Z]{1,5}-\d+|[GR]\d+[a-z]?)\b/g) ?? []),
);

describe('the titles of the tests', () => {
  it.each(range('G', 1, 22))('name the acceptance case %s', (id) => {
    expect(shown).toContain(id);
  });

  it.each([
    ...[...range('R', 1, 4), 'R5a', 'R5b', ...range('R', 6, 13)],
    ...['R17', 'R18', 'R19', 'R21', 'R22', 'R23', 'R24'],
  ])('name the row %s of the response matrix', (id) => {
    expect(shown).toContain(id);
  });

  // Left out is, of the cache, what later issues build: cache headers of the
  // server (11) and bound tokens (6).
  it.each([...range('INT-', 1, 26), ...[1, 2, 3, 4, 5, 7, 8, 9, 10, 12].map((number) => `CACHE-${number}`)])(
    'name the requirement %s',
    (id) => {
      expect(shown).toContain(id);
    },
  );

  it.each(range('META-', 1, 15))('name the requirement %s of metadata', (id) => {
    expect(shown).toContain(id);
  });

  it.each([...range('CA-', 1, 8), ...range('MTLS-', 1, 3)])(
    'name the requirement %s of how we authenticate',
    (id) => {
      expect(shown).toContain(id);
    },
  );

  it.each([...range('JIR-', 1, 13), 'CA-8', 'JAT-7', 'JAT-16', 'T-16', 'T-19'])(
    'name the requirement %s of signed answers and keys',
    (id) => {
      expect(shown).toContain(id);
    },
  );

  it.each([
    'ENV-1',
    'ENV-3',
    'ENV-5',
    'NGX-1',
    'NGX-5',
    'BEAR-2',
    'BEAR-3',
    'BEAR-4',
    'BEAR-6',
    'BEAR-7',
    'BEAR-13',
    'BEAR-14',
    'BEAR-17',
    'BEAR-18',
  ])('name the requirement %s of a front or a challenge', (id) => {
    expect(shown).toContain(id);
  });

  it.each([
    ...[1, 2, 3, 4, 5, 6, 9].map((number) => `STEP-${number}`),
    ...range('RAR-', 1, 8),
    'RES-2',
    'MCP-4',
  ])('name the requirement %s of what a rule can demand', (id) => {
    expect(shown).toContain(id);
  });

  it.each([
    ...[
      'T-1',
      'T-2',
      'T-4',
      'T-5',
      'T-6',
      'T-7',
      'T-9',
      'T-11',
      'T-12',
      'T-13',
      'T-15',
      'T-16',
      'T-25',
      'T-26',
      'T-28',
    ],
    ...[...range('T-', 31, 41), ...range('T-', 45, 54), 'T-14', 'T-19', 'T-61', 'T-62', 'T-70'],
  ])('name the threat %s', (id) => {
    expect(shown).toContain(id);
  });
});

const REASONS = [
  ...Object.keys(ALLOW_REASONS).map((reason) => ['allow', reason] as const),
  ...Object.keys(DENY_REASONS).map((reason) => ['deny', reason] as const),
  ...Object.keys(FAULT_REASONS).map((reason) => ['fault', reason] as const),
];

describe('every reason of the registry', () => {
  it.each(REASONS)('has a golden answer: %s %s', (kind, reason) => {
    const file = `${kind}-${reason}.json`;
    const kept: unknown = JSON.parse(readFileSync(join(TESTS, 'golden', 'answers', file), 'utf8'));
    expect(kept).toMatchObject({ decision: { kind, reason }, wire: goldenAnswers().get(file)?.wire });
  });

  it.each(REASONS)('has a metric label: %s %s', (kind, reason) => {
    const { outcome, reason: reasons } = METRICS.gatehouse_decisions_total.labels;
    expect(outcome).toContain(kind);
    expect(reasons).toContain(reason);
    if (kind === 'fault') expect(METRICS.gatehouse_faults_total.labels.reason).toContain(reason);
  });

  it.each(REASONS)('has a test of its own that comes to it: %s %s', (_kind, reason) => {
    // Tables of the registry itself and the golden files hold every reason, and show none of them happening.
    const isTable = /^(requirements|domain|golden|telemetry)/;
    const [naming] = [...texts].find(
      ([name, text]) => !isTable.test(name) && text.includes(`'${reason}'`),
    ) ?? [null];
    expect({ reason, naming }).toEqual({ reason, naming: expect.any(String) });
  });

  it('has no golden answer beside it that no reason needs', () => {
    const kept = readdirSync(join(TESTS, 'golden', 'answers')).sort();
    expect(kept).toEqual([...goldenAnswers().keys()].sort());
  });
});

function range(prefix: string, first: number, last: number): readonly string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `${prefix}${first + index}`);
}

/** String literals that hold words; comments are no titles. */
function titlesOf(text: string): readonly string[] {
  const withoutComments = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  return withoutComments.match(/'[^'\n]*'|"[^"\n]*"|`[^`\n]*`/g) ?? [];
}
