import { type CelInput, plan } from '@bufbuild/cel';
import { isJsonObject, type Json, type JsonObject } from '../domain/index.ts';
import { ENVIRONMENT, ITEMS_MAX } from './functions.ts';
import type { Expr } from './syntax.ts';
import type { RequestField, WhatItReads } from './what-it-reads.ts';

/** `failed`: it came to no answer, or to one that is neither true nor false. */
export type Verdict = 'true' | 'false' | 'failed';

/** What an expression may look at. */
export interface ExpressionRoots {
  readonly claims: JsonObject;
  readonly request: RequestFields;
  readonly route: string;
}

/** Of a request, as texts; asked only for what the expression reads. */
export interface RequestFields {
  /** `undefined`: not known, so that reading it fails. */
  field(name: RequestField): string | undefined;
  header(name: string): string | readonly string[] | undefined;
  param(name: string): string | undefined;
  context(name: string): string | undefined;
}

/** Makes the evaluation of an expression. Never throws, when it is made or later. */
export function createEvaluate(expression: Expr, reads: WhatItReads): (roots: ExpressionRoots) => Verdict {
  const evaluate = plan(ENVIRONMENT, expression);

  return function verdict({ claims, request, route }) {
    try {
      const result = evaluate({
        token: tokenOf(claims, reads.claims),
        request: requestOf(request, reads),
        route: new Map([['name', route]]),
      });
      if (typeof result !== 'boolean') return 'failed';
      return result ? 'true' : 'false';
    } catch {
      return 'failed';
    }
  };
}

function tokenOf(claims: JsonObject, members: readonly string[] | null): Map<string, CelInput> {
  const token = new Map<string, CelInput>();
  const wanted = members ?? Object.keys(claims);
  if (wanted.length > ITEMS_MAX) throw new RangeError('too many members');
  for (const member of wanted) {
    const value = Object.hasOwn(claims, member) ? claims[member] : undefined;
    if (value !== undefined) token.set(member, celInput(value));
  }
  return token;
}

/** Numbers become doubles, as everywhere in CEL where JSON is read. */
function celInput(value: Json): CelInput {
  if (typeof value !== 'object' || value === null) return value;
  const members = isJsonObject(value) ? Object.entries(value) : value;
  if (members.length > ITEMS_MAX) throw new RangeError('too many items');
  if (!isJsonObject(value)) return value.map(celInput);
  return new Map(Object.entries(value).map(([member, inner]) => [member, celInput(inner)]));
}

function requestOf(request: RequestFields, reads: WhatItReads): Map<string, CelInput> {
  const root = new Map<string, CelInput>();
  for (const name of reads.fields) setKnown(root, name, request.field(name));
  const headers = new Map<string, CelInput>();
  for (const name of reads.headers) {
    const found = request.header(name);
    // Of two, the upstream may read the other one.
    if (typeof found === 'object') throw new RangeError('a header stands there more than once');
    setKnown(headers, name, found);
  }
  const params = new Map<string, CelInput>();
  for (const name of reads.params) setKnown(params, name, request.param(name));
  const context = new Map<string, CelInput>();
  for (const name of reads.context) setKnown(context, name, request.context(name));
  return root.set('headers', headers).set('params', params).set('context', context);
}

function setKnown(map: Map<string, CelInput>, name: string, value: string | undefined): void {
  if (value !== undefined) map.set(name, value);
}
