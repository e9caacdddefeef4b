import { TextDecoder } from 'node:util';
import type { ActiveIntrospection } from '../../domain/index.ts';
import {
  compileExpression,
  type Expression,
  type RequestFields,
  type Verdict,
} from '../../expression/index.ts';
import { createRemembered, type Remembered } from '../remembered.ts';
import type { RequestFacts } from '../request-facts.ts';
import { type Demand, demandOf, short } from './demand.ts';

/** Expressions of one settings file, each read once however many rules have it. */
export interface Expressions {
  /** @throws Error for one that has no meaning; the settings were checked before. */
  readonly read: (text: string) => Expression;
  /** Of those that depend on the token alone, kept with the answer. */
  readonly verdicts: Remembered<Verdict>;
}

export function createExpressions(): Expressions {
  const known = new Map<string, Expression>();
  return {
    verdicts: createRemembered(),
    read(text) {
      const before = known.get(text);
      if (before !== undefined) return before;
      const compiled = compileExpression(text);
      if (!compiled.ok) throw new Error(`an expression ${compiled.failure}`);
      known.set(text, compiled.value);
      return compiled.value;
    },
  };
}

const NO_FIELDS: RequestFields = {
  field: () => undefined,
  header: () => undefined,
  param: () => undefined,
  context: () => undefined,
};

const UNMET = short('expression_unmet');
const FAILED = short('expression_failed', 'The expression came to no answer that is true or false.');

/** @param route the rule's name, which an expression may read. */
export function expressionDemand(text: string, route: string, { read, verdicts }: Expressions): Demand {
  const expression = read(text);
  const { isAboutToken, evaluate } = expression;
  const verdictOf = ({ claims }: ActiveIntrospection, request: RequestFacts) =>
    evaluate({ claims, request: fieldsOf(request), route });

  return demandOf(
    'expression',
    (token, _now, request) => {
      if (!isAboutToken) return shortcomingOf(verdictOf(token, request));
      const known = verdicts.of(token, expression);
      if (known !== undefined) return shortcomingOf(known);
      const made = verdictOf(token, request);
      verdicts.keep(token, expression, made);
      return shortcomingOf(made);
    },
    { readsRequest: !isAboutToken },
  );
}

function shortcomingOf(verdict: Verdict) {
  if (verdict === 'true') return null;
  return verdict === 'false' ? UNMET : FAILED;
}

/** Texts of the request in UTF-8, as claims are. */
function fieldsOf({ context, host, path, params }: RequestFacts): RequestFields {
  if (context === null) return NO_FIELDS;
  return {
    field(name) {
      switch (name) {
        case 'method':
          return context.method;
        case 'scheme':
          return context.scheme ?? undefined;
        case 'host':
          return host;
        case 'path':
          return fromByteString(path);
        case 'query':
          return fromByteString(queryOf(context.path));
        case 'clientAddress':
        case 'serverName':
          return context[name] ?? undefined;
        case 'peerPrincipal':
          return context.peerPrincipal === null ? undefined : fromByteString(context.peerPrincipal);
      }
    },
    header(name) {
      const values = context.headers.values(name);
      return values.length === 1 ? fromByteString(values[0] ?? '') : values.length === 0 ? undefined : values;
    },
    param: (name) => params.get(name),
    context(name) {
      const value = context.contextExtensions.get(toByteString(name));
      return value === undefined ? undefined : fromByteString(value);
    },
  };
}

function queryOf(target: string): string {
  const question = target.indexOf('?');
  return question === -1 ? '' : target.slice(question + 1);
}

/** @throws TypeError for bytes that are not UTF-8. */
function fromByteString(text: string): string {
  return UTF_8.decode(Buffer.from(text, 'latin1'));
}

function toByteString(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

const UTF_8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
