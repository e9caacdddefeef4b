import { z } from 'zod';
import { isList, isMap, type Path, type Plain } from '../yaml/plain.ts';
import { type KindWords, kindWords, ONE_OR_MORE } from './key.ts';

/** A value of the file beside the schema that it must satisfy. */
export interface Step {
  readonly schema: z.ZodType;
  readonly value: Plain | undefined;
  readonly path: Path;
}

/** What is inside a value, one level down: keys of maps (those that are left out, too), items of lists. */
export function childrenOf({ schema, value, path }: Step): readonly Step[] {
  const { keys, each, isList: wantsList } = insideOf(baseOf(schema, value));
  if (keys !== null) {
    const map = isMap(value) ? value : {};
    return keys.map(([key, child]) => ({ schema: child, value: map[key], path: [...path, key] }));
  }
  if (each === null || value === undefined) return [];
  if (!wantsList) {
    const entries = isMap(value) ? Object.entries(value) : [];
    return entries.map(([key, inner]) => ({ schema: each, value: inner, path: [...path, key] }));
  }
  if (isList(value))
    return value.map((inner, index) => ({ schema: each, value: inner, path: [...path, index] }));
  return isOneOrMore(schema) ? [{ schema: each, value, path }] : [];
}

/** `null`: the schema knows nothing of this name here. An item that stands where a list may is its item 0. */
export function childAt({ schema, value, path }: Step, segment: string | number): Step | null {
  const { shape, each, isList: wantsList } = insideOf(baseOf(schema, value));
  if (typeof segment === 'number') {
    if (each === null || !wantsList) return null;
    if (isList(value)) return { schema: each, value: value[segment], path: [...path, segment] };
    return isOneOrMore(schema) && segment === 0 ? { schema: each, value, path } : null;
  }
  const child = shape?.get(segment) ?? (wantsList ? null : each);
  if (child === null) return null;
  return { schema: child, value: isMap(value) ? value[segment] : undefined, path: [...path, segment] };
}

interface Inside {
  /** Of a map with fixed keys. */
  readonly keys: readonly (readonly [string, z.ZodType])[] | null;
  readonly shape: ReadonlyMap<string, z.ZodType> | null;
  /** Of lists and of maps with names of the user's choice: what each value must be. */
  readonly each: z.ZodType | null;
  readonly isList: boolean;
}

const LEAF: Inside = { keys: null, shape: null, each: null, isList: false };

/** The same for the same schema each time: a large file asks a million times. */
const insideOf = remembering((base: z.ZodType): Inside => {
  if (base instanceof z.ZodObject) {
    const keys = Object.entries(base.shape).map(([key, child]) => [key, asType(child)] as const);
    return { ...LEAF, keys, shape: new Map(keys) };
  }
  if (base instanceof z.ZodRecord) return { ...LEAF, each: asType(base.valueType) };
  if (base instanceof z.ZodArray) return { ...LEAF, each: asType(base.element), isList: true };
  return LEAF;
});

/**
 * The schema itself: without what makes it optional, gives it a default or transforms its value; of a union the arm
 * that fits the value.
 */
export function baseOf(schema: z.ZodType, value: Plain | undefined): z.ZodType {
  const base = peel(schema);
  const arm = armsOf(base)?.find((candidate) => takes(candidate, value));
  return arm === undefined ? base : baseOf(arm, value);
}

/** The arms of a union; `null` for everything else. */
export const armsOf = remembering((schema: z.ZodType): readonly z.ZodType[] | null => {
  const base = peel(schema);
  return base instanceof z.ZodUnion ? base.options.map(asType) : null;
});

/** Whether the value is of the sort (text, list, map …) that the schema is about. */
export function takes(schema: z.ZodType, value: Plain | undefined): boolean {
  const arms = armsOf(schema);
  if (arms !== null) return arms.some((arm) => takes(arm, value));
  switch (sortOf(schema)) {
    case 'list':
      return isList(value);
    case 'map':
      return isMap(value);
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'text':
      return typeof value === 'string';
  }
}

const sortOf = remembering((schema: z.ZodType): 'list' | 'map' | 'number' | 'boolean' | 'text' => {
  const base = peel(schema);
  if (base instanceof z.ZodArray) return 'list';
  if (base instanceof z.ZodObject || base instanceof z.ZodRecord) return 'map';
  if (base instanceof z.ZodNumber) return 'number';
  return base instanceof z.ZodBoolean ? 'boolean' : 'text';
});

/** What is known of a kind of value; `null` for those without words of their own. */
export const kindOf = remembering((schema: z.ZodType): KindWords | null => {
  const words = kindWords.get(schema);
  if (words !== undefined) return words;
  const inner = peelOnce(schema);
  return inner === schema ? null : kindOf(inner);
});

/** The value that a left-out key stands for, as it would be in the file; `undefined` where there is none. */
export const defaultOf = remembering((schema: z.ZodType): Plain | undefined =>
  schema instanceof z.ZodPrefault ? (schema.def.defaultValue as Plain) : undefined,
);

/**
 * Whether some schema at or below a schema is such that `is` holds. Large files are walked several times, and most of
 * what is in them need not be looked at: routes hold no secrets.
 */
export function createSeeker(is: (schema: z.ZodType) => boolean): (schema: z.ZodType) => boolean {
  const leadsThere = remembering((schema: z.ZodType): boolean => {
    const inner = peelOnce(schema);
    if (is(schema)) return true;
    return inner === schema ? insidesOf(schema).some(leadsThere) : leadsThere(inner);
  });
  return leadsThere;
}

function insidesOf(base: z.ZodType): readonly z.ZodType[] {
  if (base instanceof z.ZodUnion) return base.options.map(asType);
  const { keys, each } = insideOf(base);
  return keys === null ? (each === null ? [] : [each]) : keys.map(([, child]) => child);
}

export function isOneOrMore(schema: z.ZodType): boolean {
  return kindOf(schema)?.type === ONE_OR_MORE;
}

export function asType(schema: unknown): z.ZodType {
  if (schema instanceof z.ZodType) return schema;
  throw new TypeError('not a schema');
}

const peel = remembering((schema: z.ZodType): z.ZodType => {
  const inner = peelOnce(schema);
  return inner === schema ? schema : peel(inner);
});

function peelOnce(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) return asType(schema.unwrap());
  if (schema instanceof z.ZodPipe)
    return asType(schema.in instanceof z.ZodTransform ? schema.out : schema.in);
  return schema;
}

/** Schemas never change, so an answer about one holds for good. */
export function remembering<Answer>(ask: (schema: z.ZodType) => Answer): (schema: z.ZodType) => Answer {
  const known = new WeakMap<z.ZodType, { readonly answer: Answer }>();
  return (schema) => {
    const before = known.get(schema);
    if (before !== undefined) return before.answer;
    const answer = ask(schema);
    known.set(schema, { answer });
    return answer;
  };
}
