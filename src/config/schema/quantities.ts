import { z } from 'zod';
import {
  type Bytes,
  bytes,
  fail,
  type Milliseconds,
  milliseconds,
  type Result,
  succeed,
} from '../../domain/index.ts';
import { parsed } from './parsed.ts';
import { kindWords } from './key.ts';

interface Bounds {
  /** As in the file. */
  readonly min: string;
  readonly max: string;
}

const MILLISECONDS = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
]);
const BYTES = new Map([
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
]);

/** `250ms`, `10s`, `5m`, `1h`. */
export function parseDuration(text: string): Milliseconds | null {
  const amount = amountOf(text, MILLISECONDS);
  return amount === null ? null : milliseconds(amount);
}

/** `64KiB`, `128MiB`, `1GiB`. */
export function parseSize(text: string): Bytes | null {
  const amount = amountOf(text, BYTES);
  return amount === null ? null : bytes(amount);
}

export function duration(bounds: Bounds) {
  const kind = {
    type: 'a duration',
    written: 'with its unit, as in 10s',
    bounds: `${bounds.min} to ${bounds.max}`,
  };
  const form = 'is not a duration; write a whole number and its unit, as in 250ms, 10s, 5m or 1h';
  return parsed(kind, (text) => within(parseDuration, text, form, bounds));
}

export function size(bounds: Bounds) {
  const kind = {
    type: 'a size',
    written: 'with its unit, as in 64KiB',
    bounds: `${bounds.min} to ${bounds.max}`,
  };
  const form = 'is not a size; write a whole number and its unit, as in 64KiB or 128MiB';
  return parsed(kind, (text) => within(parseSize, text, form, bounds));
}

export function wholeNumber({ min, max }: { readonly min: number; readonly max: number }) {
  const schema = z.int().min(min).max(max);
  kindWords.add(schema, { type: 'a whole number', bounds: `${min} to ${max}` });
  return schema;
}

function within<Unit extends number>(
  parse: (text: string) => Unit | null,
  text: string,
  form: string,
  { min, max }: Bounds,
): Result<Unit, string> {
  const amount = parse(text);
  if (amount === null) return fail(form);
  if (amount < (parse(min) ?? 0)) return fail(`is too little; the least is ${min}`);
  if (amount > (parse(max) ?? 0)) return fail(`is too much; the most is ${max}`);
  return succeed(amount);
}

function amountOf(text: string, units: ReadonlyMap<string, number>): number | null {
  const [, digits, unit] = /^(\d{1,12})([A-Za-z]{1,3})$/.exec(text) ?? [];
  const factor = unit === undefined ? undefined : units.get(unit);
  return digits === undefined || factor === undefined ? null : Number(digits) * factor;
}
