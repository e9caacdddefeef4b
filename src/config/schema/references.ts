import { z } from 'zod';
import { fail, succeed } from '../../domain/index.ts';
import { kindWords } from './key.ts';
import { parsed } from './parsed.ts';

/** Says what is wrong with the text a reference leads to, so that it reads on after `the value`; `null`: nothing. */
export type FlawOf = (text: string) => string | null;

/** A secret: `{ env: … }`, `{ file: … }`, or the text itself, which earns a warning. */
export function secret(flawOf: FlawOf) {
  const schema = z.union([z.string(), source()]);
  kindWords.add(schema, { type: '{ env: NAME } or { file: PATH }', reference: 'secret', flawOf });
  return schema;
}

/** Value of a header that we send: nearly always plain, now and then a key, and never shown for that. */
export function headerValue() {
  const schema = z.union([z.string(), source()]);
  kindWords.add(schema, {
    type: 'a text, { env: NAME } or { file: PATH }',
    reference: 'secret',
    isOftenPlain: true,
    flawOf: flawOfHeaderValue,
  });
  return schema;
}

/** A text that may stand somewhere else, but is no secret. */
export function textOrReference(flawOf: FlawOf) {
  const schema = z.union([z.string(), source()]);
  kindWords.add(schema, { type: 'a text, { env: NAME } or { file: PATH }', reference: 'text', flawOf });
  return schema;
}

/** PEM file with one certificate or more. */
export function certificateFile() {
  return file('certificate');
}

/** PEM file with one private key, not encrypted. */
export function keyFile() {
  return file('key');
}

/** For passwords and client secrets: RFC 6749 appendix A wants visible ASCII, servers take more. */
export function flawOfSecret(text: string): string | null {
  return /\p{Cc}/u.test(text) ? 'holds a control character, perhaps a line break in its middle' : null;
}

/** RFC 6750 section 2.1. */
export function flawOfBearerToken(text: string): string | null {
  if (!/^[A-Za-z0-9._~+/-]+=*$/.test(text))
    return 'is not a bearer token, which holds letters, digits and - . _ ~ + / only';
  return text.length > 8_192 ? 'is over 8 KiB' : null;
}

/** Nobody can try all of them, and it goes into a header as it is. */
export function flawOfOperatorSecret(text: string): string | null {
  return flawOfBearerToken(text) ?? (text.length < 16 ? 'is shorter than 16 characters' : null);
}

/** RFC 6749 appendix A.1. */
export function flawOfClientId(text: string): string | null {
  return /^[\x20-\x7e]+$/.test(text) ? null : 'must be visible ASCII characters';
}

/** RFC 9110 section 5.5, without the spaces at the ends that parsers trim. */
export function flawOfHeaderValue(text: string): string | null {
  return /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text)
    ? null
    : 'must be visible ASCII characters, with spaces in its middle only';
}

export function flawOfCacheKey(text: string): string | null {
  const key = Buffer.from(text, 'base64');
  // Decoding skips what is not base64; only what encodes to itself was base64.
  return key.length === 32 && key.toString('base64') === text
    ? null
    : 'must be 32 bytes in base64, as `openssl rand -base64 32` makes them';
}

function file(reference: 'certificate' | 'key') {
  return parsed({ type: 'the path of a PEM file', reference }, (text) => {
    if (text === '') return fail('is empty; name a PEM file');
    return /[\r\n\0]/.test(text) ? fail('must be the path of a PEM file, not its text') : succeed(text);
  });
}

function source() {
  const schema = z
    .strictObject({ env: z.string().optional(), file: z.string().optional() })
    .superRefine(({ env, file: path }, context) => {
      if ((env === undefined) === (path === undefined))
        context.addIssue({ code: 'custom', message: 'must have one of `env` and `file`' });
      else if (env !== undefined && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(env))
        context.addIssue({
          code: 'custom',
          message: '`env` must be the name of an environment variable',
          path: ['env'],
        });
      else if (path !== undefined && (path === '' || path.includes('\0')))
        context.addIssue({ code: 'custom', message: '`file` must be a path', path: ['file'] });
    });
  kindWords.add(schema, { type: '{ env: NAME } or { file: PATH }' });
  return schema;
}
