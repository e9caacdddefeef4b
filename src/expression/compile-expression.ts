import { parse } from '@bufbuild/cel';
import { fail, type Result, succeed } from '../domain/index.ts';
import { createEvaluate, type ExpressionRoots, type Verdict } from './evaluate.ts';
import type { Expr } from './syntax.ts';
import { whatItReads, type WhatItReads } from './what-it-reads.ts';

/** An expression that has been read, bounded and planned. */
export interface Expression {
  /** Its verdict depends on the token alone. */
  readonly isAboutToken: boolean;
  /** Named segments of the path that it reads: each must be in every path of the rule. */
  readonly params: readonly string[];
  readonly evaluate: (roots: ExpressionRoots) => Verdict;
}

const BYTES_MAX = 4_096;

/**
 * Reads an expression in CEL (the Common Expression Language).
 *
 * In: its text. Out: the way to evaluate it, or what is wrong with it, so that it reads on after the setting's name.
 * Never: an expression that can throw, or one whose cost grows faster than with the square of a list of 1,024 items.
 */
export function compileExpression(text: string): Result<Expression, string> {
  if (Buffer.byteLength(text) > BYTES_MAX) return fail('is over 4 KiB; say it in less');
  const parsed = parsedOf(text);
  if (!parsed.ok) return parsed;
  const reads = whatItReads(parsed.value);
  if (!reads.ok) return reads;
  if (looksAtNothing(reads.value))
    return fail('looks at nothing of the token and the request, so it is always the same');
  return planned(parsed.value, reads.value);
}

function parsedOf(text: string): Result<Expr, string> {
  try {
    return succeed(parse(text).expr);
  } catch (error) {
    // Of the parser's words only the place is kept: the rest is a list of everything that it knows.
    const [, line, column] = /^<input>:(\d+):(\d+):/.exec(error instanceof Error ? error.message : '') ?? [];
    if (line === undefined || column === undefined) return fail('is nested too deeply to be read');
    return fail(`cannot be read from line ${line}, column ${column} of it on; see the syntax of CEL`);
  }
}

function planned(expr: Expr, reads: WhatItReads): Result<Expression, string> {
  try {
    const { fields, headers, params, context, route } = reads;
    const isAboutToken = !route && [fields, headers, params, context].every((names) => names.length === 0);
    return succeed({ isAboutToken, params, evaluate: createEvaluate(expr, reads) });
  } catch {
    return fail('cannot be planned; see the syntax of CEL');
  }
}

function looksAtNothing({ claims, fields, headers, params, context }: WhatItReads): boolean {
  return claims !== null && [claims, fields, headers, params, context].every((names) => names.length === 0);
}
