import { z } from 'zod';
import { keyWords } from './schema/key.ts';
import { settingsSchema } from './schema/settings-schema.ts';
import { asType, baseOf, defaultOf, kindOf } from './schema/walk.ts';
import type { Plain } from './yaml/plain.ts';

/** One key of the settings file, for the reference page. */
export interface KeyDescription {
  /** `clients.<name>.introspection.timeout`, `listen.http[].address`. */
  readonly key: string;
  /** `a duration`; empty for maps of further keys. */
  readonly type: string;
  readonly bounds: string | null;
  /** As in the file; `undefined` where no value says it. */
  readonly standard: Plain | undefined;
  /** What leaving it out means, where no value says it; `null` where it must be given. */
  readonly leftOut: string | null;
  readonly meaning: string;
  /** Known by name, refused in this version. */
  readonly notYet: boolean;
}

/** Every key of the settings file in the order of the schema. */
export function describeSettings(): readonly KeyDescription[] {
  return describeGroup(settingsSchema, '');
}

function describeGroup(schema: z.ZodType, prefix: string): readonly KeyDescription[] {
  const base = baseOf(schema, undefined);
  if (base instanceof z.ZodObject)
    return Object.entries(base.shape).flatMap(([key, child]) =>
      describeKey(asType(child), prefix === '' ? key : `${prefix}.${key}`),
    );
  if (base instanceof z.ZodRecord) return describeGroup(asType(base.valueType), `${prefix}.<name>`);
  if (base instanceof z.ZodArray) return describeGroup(asType(base.element), `${prefix}[]`);
  if (base instanceof z.ZodUnion) return base.options.flatMap((arm) => describeGroup(asType(arm), prefix));
  return [];
}

function describeKey(schema: z.ZodType, key: string): readonly KeyDescription[] {
  const words = keyWords.get(schema);
  const kind = kindOf(schema);
  const standard = defaultOf(schema);
  const description: KeyDescription = {
    key,
    type: kind?.type ?? '',
    bounds: kind?.bounds ?? null,
    standard,
    leftOut: words?.leftOut ?? (schema instanceof z.ZodOptional ? 'nothing' : null),
    meaning: words?.meaning ?? '',
    notYet: words?.notYet ?? false,
  };
  // References are described by their type; what is inside them is the same everywhere.
  return kind?.reference === undefined ? [description, ...describeGroup(schema, key)] : [description];
}
