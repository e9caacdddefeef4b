import { z } from 'zod';
import { fail, type Result, succeed } from '../../domain/index.ts';
import { kindWords, ONE_OR_MORE } from './key.ts';
import { parsed } from './parsed.ts';

/** Any text but an empty one or one with control characters. */
export function text() {
  return parsed({ type: 'a text' }, (value) => unless(flawOfText(value), value));
}

export function flawOfText(value: string): string | null {
  if (value === '') return 'is empty';
  return /\p{Cc}/u.test(value) ? 'holds a control character' : null;
}

/** Any text at all. */
export function anyText() {
  const schema = z.string();
  kindWords.add(schema, { type: 'a text' });
  return schema;
}

/** Text of visible ASCII and spaces, as goes between the quotes of a challenge (RFC 9110 section 11.5). */
export function visibleText({ max }: { readonly max: number }) {
  return parsed({ type: 'a text', bounds: `1 to ${max} visible ASCII characters and spaces` }, (value) => {
    if (!/^[\x20-\x7e]+$/.test(value))
      return fail('must be visible ASCII characters and spaces, at least one');
    return value.length > max ? fail(`is over ${max} characters`) : succeed(value);
  });
}

/** A name we give to something of ours; also a metric label. */
export function name() {
  return parsed({ type: 'a name' }, (value) => unless(flawOfName(value), value));
}

export function flawOfName(value: string): string | null {
  return /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$/.test(value)
    ? null
    : 'is not a name; write up to 64 letters, digits and . _ : / -, with a letter or digit first';
}

export function unless(flaw: string | null, value: string): Result<string, string> {
  return flaw === null ? succeed(value) : fail(flaw);
}

export function yesOrNo() {
  const schema = z.boolean();
  kindWords.add(schema, { type: 'true or false' });
  return schema;
}

/** One of a few words. */
export function choice<const Word extends string>(words: readonly Word[]) {
  const schema = z.enum(words);
  kindWords.add(schema, { type: words.length === 1 ? words.join() : `one of ${words.join(', ')}` });
  return schema;
}

/** A list with at least one item: what an empty one would mean is anybody's guess. */
export function list<Item extends z.ZodType>(item: Item) {
  const schema = z.array(item).min(1);
  kindWords.add(schema, { type: 'a list' });
  return schema;
}

/** A list that may be empty. */
export function anyList<Item extends z.ZodType>(item: Item) {
  const schema = z.array(item);
  kindWords.add(schema, { type: 'a list' });
  return schema;
}

/** One item, or a list of them. */
export function oneOrMore<Item extends z.ZodType>(item: Item, { least }: { readonly least: 0 | 1 }) {
  const schema = z.preprocess(
    (value) => (Array.isArray(value) || value === undefined ? value : [value]),
    z.array(item).min(least),
  );
  kindWords.add(schema, { type: ONE_OR_MORE });
  return schema;
}

/** Names of the user's choice, each with a value. */
export function mapOf<Value extends z.ZodType>(flaw: (name: string) => string | null, value: Value) {
  const schema = z.record(z.string(), value);
  kindWords.add(schema, { type: 'a map with names of your choice', flawOfName: flaw });
  return schema;
}

/** Fixed keys, no others. */
export function group<Shape extends z.ZodRawShape>(shape: Shape) {
  const schema = z.strictObject(shape);
  kindWords.add(schema, { type: 'a map' });
  return schema;
}
