import { z } from 'zod';
import { closest } from './closest.ts';
import { atKey, atValue, type Finding, ofLaterVersion } from './finding.ts';
import { keyWords, NOT_YET } from './schema/key.ts';
import {
  armsOf,
  asType,
  baseOf,
  childAt,
  childrenOf,
  createSeeker,
  isOneOrMore,
  kindOf,
  type Step,
  takes,
} from './schema/walk.ts';
import { isSecretBearing, quoted, shown } from './shown.ts';
import { isList, type Path, type Plain, valueAt } from './yaml/plain.ts';

type Issue = z.core.$ZodIssue;

const UNKNOWN = z.unknown();
const holdsNames = createSeeker((schema) => kindOf(schema)?.flawOfName !== undefined);

/**
 * Holds a file against the schema.
 *
 * In: plain values. Out: the settings, or everything that is wrong with single values, in our words.
 * Never: the words of the schema library, for they do not know what is a secret.
 */
export function validate<Schema extends z.ZodType>(
  schema: Schema,
  root: Plain,
): { readonly input: z.output<Schema> | null; readonly findings: readonly Finding[] } {
  const top = { schema, value: root, path: [] };
  const names = checkNames(top);
  const parsed = schema.safeParse(root);
  if (parsed.success) return { input: parsed.data, findings: names };
  return {
    input: null,
    findings: [...names, ...parsed.error.issues.flatMap((issue) => explain(issue, [], top))],
  };
}

/** Names of the user's own choice, which must be such that logs, metrics and the wire can carry them. */
function checkNames(step: Step): readonly Finding[] {
  if (!holdsNames(step.schema)) return [];
  const children = childrenOf(step);
  const flawOf = kindOf(baseOf(step.schema, step.value))?.flawOfName;
  const own = children.flatMap(({ path }) => {
    const flaw = flawOf?.(lastOf(path)) ?? null;
    return flaw === null ? [] : [atKey(path, `${quoted(lastOf(path))} ${flaw}`)];
  });
  return [...own, ...children.flatMap(checkNames)];
}

/** @param base where the issue's own path begins: issues of a union's arm count from the union. */
function explain(issue: Issue, base: Path, top: Step): readonly Finding[] {
  const step = follow(top, [...base, ...issue.path.filter(isSegment)]);
  const { path, value, schema } = step;
  const subject = shown(value, path);

  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, step));
    case 'invalid_type':
      return [value === undefined ? atKey(path, missing(schema)) : atValue(path, wrongType(step))];
    case 'invalid_value':
      if (value === undefined) return [atKey(path, missing(schema))];
      return [atValue(path, notOneOf(issue.values, step))];
    case 'too_small':
      if (isList(value)) return [atValue(path, 'is an empty list; leave the key out or list something')];
      return [atValue(path, `${subject} is too little; the least is ${issue.minimum}`)];
    case 'too_big':
      return [atValue(path, `${subject} is too much; the most is ${issue.maximum}`)];
    case 'invalid_union':
      return explainUnion(issue.errors, step, top);
    case 'custom':
    case 'invalid_format':
      if (issue.message === NOT_YET) return [ofLaterVersion(path, NOT_YET)];
      return [atValue(path, `${subject} ${issue.message}`)];
    case 'not_multiple_of':
    case 'invalid_element':
    case 'invalid_key':
    default:
      return [atValue(path, `${subject} is not right here`)];
  }
}

/** Only the arm that the value was meant for says something useful. */
function explainUnion(arms: readonly (readonly Issue[])[], step: Step, top: Step): readonly Finding[] {
  const meant = (armsOf(step.schema) ?? []).findIndex((arm) => takes(arm, step.value));
  const issues = arms[meant];
  if (issues === undefined)
    return [
      step.value === undefined ? atKey(step.path, missing(step.schema)) : atValue(step.path, wrongType(step)),
    ];
  return issues.flatMap((issue) => explain(issue, step.path, top));
}

function unknownKey(key: string, step: Step): Finding {
  const children = childrenOf(step);
  const usable = children
    .filter(({ schema }) => keyWords.get(schema)?.notYet !== true)
    .map(keyOf)
    .join(', ');
  const path = [...step.path, key];
  const isPlainKey = !isSecretBearing(step.path) && !(step.path.at(-1) === 'auth' && isSecretBearing(path));
  if (!isPlainKey) return atKey(path, `a key here is unknown; known: ${usable}`);
  const meant = closest(key, children.map(keyOf));
  const advice = meant === null ? `known here: ${usable}` : `did you mean "${meant}"?`;
  return atKey(path, `${quoted(key)} is not a setting; ${advice}`);
}

function missing(schema: z.ZodType): string {
  return `is missing; it must be ${expected(schema)}`;
}

function wrongType({ schema, value, path }: Step): string {
  const found = typeof value === 'number' || typeof value === 'boolean' ? `the ${typeof value} ` : '';
  const subject = isSecretBearing(path) ? 'something else (not shown)' : `${found}${shown(value, path)}`;
  return `must be ${expected(schema)}; found ${subject}${hintFor(schema, value)}`;
}

function expected(schema: z.ZodType): string {
  const base = baseOf(schema, undefined);
  if (base instanceof z.ZodArray && isOneOrMore(schema))
    return `${expected(asType(base.element))}, or a list of such`;
  return kindOf(schema)?.type ?? 'of another form';
}

function hintFor(schema: z.ZodType, value: Plain | undefined): string {
  if ((typeof value === 'number' || typeof value === 'boolean') && takes(schema, ''))
    return `; ${written(schema)}`;
  if (typeof value !== 'string') return '';
  if (takes(schema, [])) return '; write it as a list: [ … ]';
  if (takes(schema, true) ? /^(?:true|false)$/.test(value) : takes(schema, 0) && /^\d+$/.test(value))
    return '; write it without quotes';
  return '';
}

function written(schema: z.ZodType): string {
  const form = kindOf(schema)?.written;
  return form === undefined ? 'put it in quotes' : `write it ${form}`;
}

function notOneOf(values: readonly unknown[], { value, path }: Step): string {
  const known = values.map(String);
  if (known.length === 1) return `must be ${known.join()}; found ${shown(value, path)}`;
  const meant = typeof value === 'string' ? closest(value, known) : null;
  const advice = meant === null ? '' : `; did you mean ${meant}?`;
  return `${shown(value, path)} is not one of ${known.join(', ')}${advice}`;
}

/** Goes down the schema and the file together. */
function follow(top: Step, path: Path): Step {
  return path.reduce<Step>((step, segment) => {
    const inner = [...step.path, segment];
    const stranger = { schema: UNKNOWN, value: valueAt(step.value ?? null, [segment]), path: inner };
    return childAt(step, segment) ?? stranger;
  }, top);
}

function keyOf({ path }: Step): string {
  return lastOf(path);
}

function lastOf(path: Path): string {
  return String(path.at(-1) ?? '');
}

function isSegment(segment: PropertyKey): segment is string | number {
  return typeof segment !== 'symbol';
}
