import { mkdirSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

import { PINNING } from './pinned-process.ts';

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** Smallest and largest of the rounds; left out where there was one. */
  readonly spread?: readonly [number, number];
  /** What the figure is held against: at most this. */
  readonly target?: number;
}

/** Collects what was measured, a line each as it comes, and writes it all down at the end. */
export interface Figures {
  /** The median of the rounds. */
  add(name: string, rounds: readonly number[], unit: string, target?: number): number;
  /** A scenario that could not run, and why. */
  leaveOut(name: string, why: string): void;
  write(): void;
}

const RESULTS = join(import.meta.dirname, '../../bench/results.json');

export function createFigures(say: (line: string) => void): Figures {
  const figures: Figure[] = [];
  const leftOut: { readonly name: string; readonly why: string }[] = [];

  return {
    add(name, rounds, unit, target) {
      const value = rounded(median(rounds));
      const spread = [rounded(Math.min(...rounds)), rounded(Math.max(...rounds))] as const;
      figures.push({
        name,
        value,
        unit,
        ...(rounds.length > 1 ? { spread } : {}),
        ...(target === undefined ? {} : { target }),
      });
      say(`figure ${name} ${value} ${unit}`);
      if (target !== undefined) {
        say(`  ${value <= target ? 'met' : 'NOT MET'}: the target is at most ${target} ${unit}`);
      }
      return value;
    },
    leaveOut(name, why) {
      leftOut.push({ name, why });
      say(`left out: ${name}: ${why}`);
    },
    write() {
      mkdirSync(join(RESULTS, '..'), { recursive: true });
      const machine = {
        processors: cpus().length,
        model: cpus()[0]?.model ?? 'unknown',
        platform: `${platform()} ${arch()}`,
        node: process.version,
        pinning: PINNING,
      };
      const results = { at: new Date().toISOString(), machine, figures, leftOut };
      writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`);
      const missed = figures.filter(({ value, target }) => target !== undefined && value > target);
      const held = figures.filter(({ target }) => target !== undefined).length;
      say(`${held - missed.length} of ${held} targets met; all figures are in bench/results.json`);
      for (const { name, value, target } of missed) say(`  not met: ${name} ${value}, target ${target}`);
    },
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
