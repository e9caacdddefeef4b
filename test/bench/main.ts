/**
 * The benchmark: starts everything itself, prints a line for each figure and writes bench/results.json.
 *
 * Environment: `ONLY=hit` (a part of a scenario's name; several with commas) runs a part; `FULL=1` runs everything with
 * longer and more rounds.
 */
import process from 'node:process';

import type { Bench, Scenario } from './bench.ts';
import { createFigures } from './figures.ts';
import { startGenerator } from './generator.ts';
import { PINNING } from './pinned-process.ts';
import { SCENARIOS } from './scenarios/index.ts';
import { startAuthorizationServer } from './servers.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const isFull = process.env['FULL'] === '1';
const only = process.env['ONLY']?.split(',').filter((part) => part !== '') ?? [];
const chosen = SCENARIOS.filter(isChosen);
if (chosen.length === 0) {
  say(`no scenario fits ONLY=${only.join(',')}; there are: ${SCENARIOS.map(({ name }) => name).join(' ')}`);
  process.exit(2);
}

const figures = createFigures(say);
const generator = startGenerator();
const issuer = await startAuthorizationServer();
let tokensGiven = 1_000_000;
const bench: Bench = {
  figures,
  generator,
  issuer,
  rounds: isFull ? 7 : 3,
  seconds: isFull ? 4 : 2,
  isFull,
  say,
  newTokens(count) {
    tokensGiven += count;
    return tokensGiven - count;
  },
};

say(`pinning: ${PINNING}`);
const began = performance.now();
let failures = 0;
for (const [index, scenario] of chosen.entries()) {
  const elapsed = Math.round((performance.now() - began) / 1_000);
  say(`[${index + 1}/${chosen.length}] ${scenario.name} (${elapsed} s so far)`);
  try {
    await scenario.run(bench);
  } catch (error) {
    failures += 1;
    figures.leaveOut(scenario.name, `failed: ${error instanceof Error ? error.message : String(error)}`);
  }
}
figures.write();
await Promise.all([generator.stop(), issuer.stop()]);
process.exit(failures > 0 ? 1 : 0);

function isChosen({ name, onlyFull = false }: Scenario): boolean {
  if (only.length > 0) return only.some((part) => name.includes(part));
  return isFull || !onlyFull;
}
