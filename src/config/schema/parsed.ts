import { z } from 'zod';
import type { Result } from '../../domain/index.ts';
import { type KindWords, kindWords } from './key.ts';

/**
 * A text that must be in some form.
 * @param parse on failure says what is wrong and what would be right, so that it reads on after the value:
 *   `is not a duration; write …`.
 */
export function parsed<Value>(kind: KindWords, parse: (text: string) => Result<Value, string>) {
  const schema = z.string().transform((text, context) => {
    const result = parse(text);
    if (result.ok) return result.value;
    context.addIssue({ code: 'custom', message: result.failure });
    return z.NEVER;
  });
  kindWords.add(schema, kind);
  return schema;
}
