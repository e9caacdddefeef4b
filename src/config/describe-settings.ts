import { z } from 'zod';
import { keyWords } from './schema/key.ts';
import { settingsSchema } from './schema/settings-schema.ts';
import { asType, baseOf, defaultOf, kindOf } from './schema/walk.ts';
import type { Plain } from './yaml/plain.ts';

/** One key of the settings file, for the reference page. */
export interface KeyDescription {
  /** `clients.<name>.introspection.timeout`, `listen.http[].address`. */
  readonly key: string;
  /** `a duration`, `a list; each a host`. */
  readonly type: string;
  readonly bounds: string | null;
  /** As in the file; `undefined` where no value says it. */
  readonly standard: Plain | undefined;
  /** What leaving it out means, where no value says it; `null` where a value does, or where it must be given. */
  readonly leftOut: string | null;
  readonly meaning: string;
  /** Whether further keys below it are described. */
  readonly hasOwnKeys: boolean;
  /** Known by name, refused in this version. */
  readonly notYet: boolean;
}

/** Every key of the settings file in the order of the schema. */
export function describeSettings(): readonly KeyDescription[] {
  return describeInside(settingsSchema, '');
}

function describeInside(schema: z.ZodType, prefix: string): readonly KeyDescription[] {
  // References are described by their type; what is inside them is the same everywhere.
  const kind = kindOf(schema);
  if (kind?.reference !== undefined || kind?.toldAbove === true) return [];
  const base = baseOf(schema, undefined);
  if (base instanceof z.ZodObject)
    return Object.entries(base.shape).flatMap(([key, child]) =>
      describeKey(asType(child), prefix === '' ? key : `${prefix}.${key}`),
    );
  if (base instanceof z.ZodRecord) return describeInside(asType(base.valueType), `${prefix}.<name>`);
  if (base instanceof z.ZodArray) return describeInside(asType(base.element), `${prefix}[]`);
  if (base instanceof z.ZodUnion) return base.options.flatMap((arm) => describeInside(asType(arm), prefix));
  return [];
}

function describeKey(schema: z.ZodType, key: string): readonly KeyDescription[] {
  const words = keyWords.get(schema);
  const inside = describeInside(schema, key);
  const description: KeyDescription = {
    key,
    type: formOf(schema),
    bounds: kindOf(schema)?.bounds ?? null,
    standard: defaultOf(schema),
    leftOut: words?.leftOut ?? null,
    meaning: words?.meaning ?? '',
    hasOwnKeys: !(baseOf(schema, undefined) instanceof z.ZodRecord) && inside.length > 0,
    notYet: words?.notYet ?? false,
  };
  return [description, ...inside];
}

/** `a list; each a host`. */
function formOf(schema: z.ZodType): string {
  const type = kindOf(schema)?.type ?? '';
  const base = baseOf(schema, undefined);
  if (base instanceof z.ZodUnion) return type;
  const item =
    base instanceof z.ZodArray ? base.element : base instanceof z.ZodRecord ? base.valueType : undefined;
  const each = item === undefined ? undefined : kindOf(asType(item))?.type;
  return each === undefined ? type : `${type}; each ${each}`;
}
