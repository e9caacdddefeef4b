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
export function childrenOf(step: Step): readonly Step[] {
  return segmentsOf(step).flatMap((segment) => childAt(step, segment) ?? []);
}

/** `null`: the schema knows nothing of this name here. An item that stands where a list may is its item 0. */
export function childAt({ schema, value, path }: Step, segment: string | number): Step | null {
  const base = baseOf(schema, value);
  if (base instanceof z.ZodArray && typeof segment === 'number') {
    if (isList(value))
      return { schema: asType(base.element), value: value[segment], path: [...path, segment] };
    return isOneOrMore(schema) && segment === 0 ? { schema: asType(base.element), value, path } : null;
  }
  if (typeof segment === 'number') return null;

  const inner = isMap(value) ? value[segment] : undefined;
  if (base instanceof z.ZodRecord)
    return { schema: asType(base.valueType), value: inner, path: [...path, segment] };
  if (!(base instanceof z.ZodObject) || !Object.hasOwn(base.shape, segment)) return null;
  return { schema: asType(base.shape[segment]), value: inner, path: [...path, segment] };
}

function segmentsOf({ schema, value }: Step): readonly (string | number)[] {
  const base = baseOf(schema, value);
  if (base instanceof z.ZodObject) return Object.keys(base.shape);
  if (base instanceof z.ZodRecord) return isMap(value) ? Object.keys(value) : [];
  if (!(base instanceof z.ZodArray) || value === undefined) return [];
  return isList(value) ? [...value.keys()] : isOneOrMore(schema) ? [0] : [];
}

/** The schema itself: without what makes it optional, gives it a default or transforms its value; of a union the arm that fits the value. */
export function baseOf(schema: z.ZodType, value: Plain | undefined): z.ZodType {
  const inner = peel(schema);
  if (!(inner instanceof z.ZodUnion)) return inner;
  const arms = inner.options.map(asType);
  const arm = arms.find((candidate) => takes(candidate, value));
  return arm === undefined ? inner : baseOf(arm, value);
}

/** Whether the value is of the sort (text, list, map …) that the schema is about. */
export function takes(schema: z.ZodType, value: Plain | undefined): boolean {
  const inner = peel(schema);
  if (inner instanceof z.ZodUnion) return inner.options.map(asType).some((arm) => takes(arm, value));
  if (inner instanceof z.ZodArray) return isList(value);
  if (inner instanceof z.ZodObject || inner instanceof z.ZodRecord) return isMap(value);
  if (inner instanceof z.ZodNumber) return typeof value === 'number';
  if (inner instanceof z.ZodBoolean) return typeof value === 'boolean';
  return typeof value === 'string';
}

/** What is known of a kind of value; `null` for those without words of their own. */
export function kindOf(schema: z.ZodType): KindWords | null {
  const words = kindWords.get(schema);
  if (words !== undefined) return words;
  const inner = peelOnce(schema);
  return inner === schema ? null : kindOf(inner);
}

/** The value that a left-out key stands for, as it would be in the file; `undefined` where there is none. */
export function defaultOf(schema: z.ZodType): Plain | undefined {
  if (schema instanceof z.ZodPrefault) return schema.def.defaultValue as Plain;
  return undefined;
}

export function isOneOrMore(schema: z.ZodType): boolean {
  return kindOf(schema)?.type === ONE_OR_MORE;
}

export function asType(schema: unknown): z.ZodType {
  if (schema instanceof z.ZodType) return schema;
  throw new TypeError('not a schema');
}

function peel(schema: z.ZodType): z.ZodType {
  const inner = peelOnce(schema);
  return inner === schema ? schema : peel(inner);
}

function peelOnce(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault) return asType(schema.unwrap());
  if (schema instanceof z.ZodPipe)
    return asType(schema.in instanceof z.ZodTransform ? schema.out : schema.in);
  return schema;
}
