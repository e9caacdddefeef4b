import { z } from 'zod';
import {
  baseOf,
  childAt,
  childrenOf,
  createSeeker,
  defaultOf,
  kindOf,
  remembering,
  type Step,
} from './schema/walk.ts';
import { standardAuthorization } from './schema/routes.ts';
import { isList, isMap, type Plain, type PlainMap } from './yaml/plain.ts';

/** The file with every default filled in, in the file's own words. Works on files with mistakes in them, too. */
export function fillDefaults(schema: z.ZodType, root: Plain): Plain {
  return fill({ schema, value: root, path: [] }) ?? null;
}

/** The same for people to see: `[set]` for every secret, and the one default that depends on another key. */
export function showable(schema: z.ZodType, root: Plain): Plain {
  const masked = mask({ schema, value: root, path: [] }) ?? null;
  if (!isMap(masked) || !isList(masked['routes'])) return masked;
  return { ...masked, routes: masked['routes'].map(withAuthorization) };
}

function withAuthorization(route: Plain): Plain {
  if (!isMap(route) || !isMap(route['upstream'])) return route;
  const authorization = standardAuthorization(route['mode']);
  return { ...route, upstream: { authorization, ...route['upstream'] } };
}

const holdsDefaults = createSeeker((schema) => defaultOf(schema) !== undefined);
const holdsSecrets = createSeeker((schema) => kindOf(schema)?.reference === 'secret');

function fill(step: Step): Plain | undefined {
  if (!holdsDefaults(step.schema)) return step.value;
  return step.value === undefined ? filledDefault(step.schema) : rebuild(step, fill);
}

/** What a left-out key stands for is the same wherever it is left out, and most keys are. */
const filledDefault = remembering((schema: z.ZodType): Plain | undefined =>
  rebuild({ schema, value: defaultOf(schema), path: [] }, fill),
);

function mask(step: Step): Plain | undefined {
  if (!holdsSecrets(step.schema)) return step.value;
  if (step.value !== undefined && kindOf(step.schema)?.reference === 'secret') return '[set]';
  return rebuild(step, mask);
}

/** The same value with everything inside it made anew. */
function rebuild(step: Step, remake: (child: Step) => Plain | undefined): Plain | undefined {
  const { schema, value } = step;
  const base = baseOf(schema, value);
  if (isList(value))
    return value.map((item, index) => remake(childAt(step, index) ?? stranger(item)) ?? null);
  if (isMap(value)) return rebuildMap(step, value, remake);
  const only = base instanceof z.ZodArray ? childAt(step, 0) : null;
  return only === null ? value : remake(only);
}

function rebuildMap(
  step: Step,
  value: PlainMap,
  remake: (child: Step) => Plain | undefined,
): Plain | undefined {
  const [only] = childrenOf(step);
  // A map where a list of maps may stand is an item of it.
  if (only?.path.length === step.path.length) return remake(only);

  const made: Record<string, Plain> = Object.create(null) as Record<string, Plain>;
  const put = (key: string, inner: Plain | undefined): void => {
    if (inner !== undefined) made[key] = inner;
  };
  for (const child of childrenOf(step)) put(String(child.path.at(-1)), remake(child));
  // What the schema does not know stays, so that checks see it.
  for (const [key, inner] of Object.entries(value)) if (childAt(step, key) === null) put(key, inner);
  return made;
}

function stranger(value: Plain): Step {
  return { schema: z.unknown(), value, path: [] };
}
