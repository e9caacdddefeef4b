import { z } from 'zod';
import type { Plain } from '../yaml/plain.ts';
import { isEqual } from '../equal.ts';

/** What the documentation says about a key. */
export interface KeyWords {
  readonly meaning: string;
  /** What leaving it out means, where no value of the file's says it. */
  readonly leftOut?: string;
  /** Known by name, but not built in this version. */
  readonly notYet?: true;
}

/** What the documentation, the messages and the reader of references say about a kind of value. */
export interface KindWords {
  /** With its article: `a duration`. */
  readonly type: string;
  readonly bounds?: string;
  /** For those who wrote a bare number, so that it reads on after `write it`. */
  readonly written?: string;
  /** Of a map with names of the user's choice: what is wrong with a name, so that it reads on after it. */
  readonly flawOfName?: (name: string) => string | null;
  /** The value names something outside of the file. */
  readonly reference?: 'text' | 'secret' | 'certificate' | 'key';
  /** Of a secret: the text itself in the file is no mistake, unless the name of its key says that it is one. */
  readonly isOftenPlain?: true;
  /** Of a referenced text: what is wrong with it, so that it reads on after `the value`; `null`: nothing. */
  readonly flawOf?: (text: string) => string | null;
  /** The documentation has told of the keys inside it where they stand first. */
  readonly toldAbove?: true;
}

/** The kind of `oneOrMore`. */
export const ONE_OR_MORE = 'one, or a list';

export const keyWords = z.registry<KeyWords>();
export const kindWords = z.registry<KindWords>();

/** What a custom issue carries when the key or value is known but belongs to a later version. */
export const NOT_YET = 'not in this version';

/** A key that must be there. */
export function required<Schema extends z.ZodType>(schema: Schema, meaning: string): Schema {
  keyWords.add(schema, { meaning });
  return schema;
}

/** A key that may be left out; leaving it out means something that no value says. */
export function optional<Schema extends z.ZodType>(
  schema: Schema,
  meaning: string,
  leftOut?: string,
): z.ZodOptional<Schema> {
  const key = schema.optional();
  keyWords.add(key, leftOut === undefined ? { meaning } : { meaning, leftOut });
  return key;
}

/** A key with a default, which is written here as in the file and is nowhere else. */
export function standard<Schema extends z.ZodType>(
  schema: Schema,
  value: z.input<Schema>,
  meaning: string,
): z.ZodPrefault<Schema> {
  const key = z.prefault(schema, value);
  keyWords.add(key, { meaning });
  return key;
}

/**
 * A key of a later version. Refused, unless it says exactly what this version does anyway.
 * @param only the one value that may be given.
 */
export function notYet(meaning: string, only?: Plain) {
  const key = z
    .unknown()
    .superRefine((value, context) => {
      if (value === undefined || (only !== undefined && isEqual(value, only))) return;
      context.addIssue({ code: 'custom', message: NOT_YET });
    })
    .optional();
  keyWords.add(key, {
    meaning,
    notYet: true,
    ...(only === undefined ? {} : { leftOut: JSON.stringify(only) }),
  });
  return key;
}
