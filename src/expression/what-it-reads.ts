import { fail, type Result, succeed } from '../domain/index.ts';
import { flawOfCall } from './functions.ts';
import { constantText, type Expr, insideOf } from './syntax.ts';

/** Everything outside of itself that an expression looks at. */
export interface WhatItReads {
  /** Members of the answer; `null`: all of them. */
  readonly claims: readonly string[] | null;
  /** Fields of the request, without those of the three families. */
  readonly fields: readonly RequestField[];
  /** Names in lower case. */
  readonly headers: readonly string[];
  readonly params: readonly string[];
  /** Entries of `context_extensions`. */
  readonly context: readonly string[];
  /** Whether it reads what differs between rules. */
  readonly route: boolean;
}

export const REQUEST_FIELDS = [
  ...(['method', 'scheme', 'host', 'path', 'query'] as const),
  ...(['clientAddress', 'serverName', 'peerPrincipal'] as const),
] as const;
export type RequestField = (typeof REQUEST_FIELDS)[number];

const FAMILIES = ['headers', 'params', 'context'] as const;

const NODES_MAX = 500;
const LOOP_VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Walks through a syntax tree.
 *
 * In: a whole expression. Out: what it reads, or why it is refused, so that it reads on after `the expression`.
 * Never: a name without meaning, a function outside of the list, a loop inside of a loop, more than 500 nodes.
 */
export function whatItReads(expression: Expr): Result<WhatItReads, string> {
  const claims = new Set<string>();
  const fields = new Set<RequestField>();
  const families = { headers: new Set<string>(), params: new Set<string>(), context: new Set<string>() };
  const whole = { token: false, route: false };
  let nodes = 0;

  const flaw = walk(expression, new Set(), 0);
  if (flaw !== null) return fail(flaw);
  return succeed({
    claims: whole.token ? null : [...claims],
    fields: [...fields],
    headers: [...families.headers],
    params: [...families.params],
    context: [...families.context],
    route: whole.route,
  });

  function walk(node: Expr, variables: ReadonlySet<string>, depth: number): string | null {
    nodes += 1;
    if (nodes > NODES_MAX) return `has over ${NODES_MAX} parts; say it in fewer`;
    const rooted = readOf(node, variables);
    if (rooted !== null) return take(rooted);
    const own = flawOfNode(node, variables);
    if (own !== null) return own;

    const { nodes: inside, loop } = insideOf(node);
    const flawInside = firstFlaw(inside, (child) => walk(child, variables, depth));
    if (flawInside !== null || loop === null) return flawInside;
    if (depth === 1) return 'has a loop inside of a loop; one level of all, exists, map or filter is allowed';
    const names = new Set([...variables, ...loop.variables]);
    return firstFlaw(loop.body, (child) => walk(child, names, 1));
  }

  function take({ root, names }: Read): string | null {
    const [first, second] = names;
    if (root === 'token') {
      if (first === undefined) whole.token = true;
      else claims.add(first);
      return null;
    }
    if (root === 'route') {
      whole.route = true;
      return first === 'name' ? null : 'reads of the route what is not there; there is route.name';
    }

    const field = REQUEST_FIELDS.find((known) => known === first);
    if (field !== undefined) {
      fields.add(field);
      return null;
    }
    const family = FAMILIES.find((known) => known === first);
    if (family === undefined)
      return `reads of the request what is not there; there are ${[...REQUEST_FIELDS, ...FAMILIES].join(', ')}`;
    if (second === undefined)
      return `reads request.${family} without a constant name behind it; write request.${family}["name"]`;
    if (family === 'headers' && second !== second.toLowerCase())
      return 'names a header with capital letters; header names are in lower case here';
    families[family].add(second);
    return null;
  }
}

interface Read {
  readonly root: 'token' | 'request' | 'route';
  /** Constant names behind it, as far as they go. */
  readonly names: readonly string[];
}

/** A chain of names that begins at a root: `token.act.sub`, `request.headers["x-a"]`, `"x-a" in request.headers`. */
function readOf(node: Expr, variables: ReadonlySet<string>): Read | null {
  const { exprKind } = node;
  if (exprKind.case === 'identExpr') {
    const { name } = exprKind.value;
    const isRoot = name === 'token' || name === 'request' || name === 'route';
    return isRoot && !variables.has(name) ? { root: name, names: [] } : null;
  }
  const step = stepOf(node);
  if (step === null) return null;
  const before = readOf(step.from, variables);
  return before === null ? null : { ...before, names: [...before.names, step.name] };
}

function stepOf({ exprKind }: Expr): { readonly from: Expr; readonly name: string } | null {
  if (exprKind.case === 'selectExpr') {
    const { operand, field } = exprKind.value;
    return operand === undefined ? null : { from: operand, name: field };
  }
  if (exprKind.case !== 'callExpr') return null;
  const [one, other] = exprKind.value.args;
  if (one === undefined || other === undefined) return null;
  const [from, at] = exprKind.value.function === '@in' ? [other, one] : [one, other];
  const isStep = exprKind.value.function === '_[_]' || isNameInMap(exprKind.value.function, from);
  const name = constantText(at);
  return isStep && name !== null ? { from, name } : null;
}

/** `"x" in request.headers` reads one header; `"a" in token.groups` reads the whole list. */
function isNameInMap(called: string, from: Expr): boolean {
  if (called !== '@in') return false;
  if (from.exprKind.case === 'identExpr') return from.exprKind.value.name === 'token';
  const step = stepOf(from);
  return step?.from.exprKind.case === 'identExpr' && step.from.exprKind.value.name === 'request';
}

function flawOfNode({ exprKind }: Expr, variables: ReadonlySet<string>): string | null {
  switch (exprKind.case) {
    case 'identExpr': {
      const { name } = exprKind.value;
      return variables.has(name)
        ? null
        : `names "${name}", which is not there; there are token, request and route`;
    }
    case 'callExpr':
      return flawOfCall(exprKind.value.function);
    case 'structExpr':
      return exprKind.value.messageName === '' ? null : 'makes an object of a type; there are none here';
    case 'comprehensionExpr':
      return flawOfVariable(exprKind.value.iterVar);
    case 'selectExpr':
    case 'constExpr':
    case 'listExpr':
      return null;
    case undefined:
      return 'has a part that cannot be read';
  }
}

function flawOfVariable(name: string): string | null {
  if (name === 'token' || name === 'request' || name === 'route')
    return `calls a variable "${name}"; choose another name`;
  return LOOP_VARIABLE.test(name) ? null : 'has a variable without a name';
}

function firstFlaw(nodes: readonly Expr[], flawOf: (node: Expr) => string | null): string | null {
  for (const node of nodes) {
    const flaw = flawOf(node);
    if (flaw !== null) return flaw;
  }
  return null;
}
