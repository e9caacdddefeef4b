import {
  type ClientContext,
  ENQUIRY_PARAMETERS,
  type IntrospectionSettings,
  isEnquiryHeader,
  type RequestFact,
} from '../../domain/index.ts';

export type Pair = readonly [name: string, value: string];

/** What a client's settings put on the wire with every token, besides the token and besides our authentication. */
export interface QuestionWording {
  /** Of the form, before the token. */
  readonly tokenParameter: string;
  /** Of the form, after the token; a name may repeat. */
  readonly parameters: readonly Pair[];
  /** Values may be secrets. Names in lower case. */
  readonly headers: readonly Pair[];
  /** Places of the facts that come with each request, in their order: parameters, then headers. */
  readonly factNames: readonly Pair[];
}

/** Never: a name that is ours taken from `params`, `headers` or `facts`, whatever they hold (INT-1, INT-6). */
export function wordingOf({ introspection }: ClientContext): QuestionWording {
  const { tokenParameter, tokenTypeHint, params, headers, signedAnswers } = introspection;
  const facts = factsOf(introspection);
  const hint: readonly Pair[] = tokenTypeHint === null ? [] : [['token_type_hint', tokenTypeHint]];
  const extra = [...params]
    .filter(([name]) => !ENQUIRY_PARAMETERS.has(name) && name !== tokenParameter)
    .flatMap(([name, values]) => values.map((value): Pair => [name, value]));
  const allowed = new Map([...headers].filter(([name]) => !isEnquiryHeader(name)));
  return {
    tokenParameter,
    parameters: [...hint, ...extra],
    headers: [
      // One type only: a server that can choose may choose the weaker one (JIR-1, JIR-3).
      ['accept', signedAnswers === null ? 'application/json' : 'application/token-introspection+jwt'],
      ...STANDARD_HEADERS.filter(([name]) => !allowed.has(name) && !introspection.facts.headers.has(name)),
      ...Array.from(allowed, ([name, value]): Pair => [name, value.reveal()]),
    ],
    factNames: [
      ...facts.params.map(([name]): Pair => ['parameter', name]),
      ...facts.headers.map(([name]): Pair => ['header', name]),
    ],
  };
}

type NamedFact = readonly [name: string, fact: RequestFact];

/** The facts that are sent along, none of them under a name that says something else already. */
export function factsOf({ tokenParameter, params, headers, facts }: IntrospectionSettings): {
  readonly params: readonly NamedFact[];
  readonly headers: readonly NamedFact[];
} {
  const isParameterTaken = (name: string): boolean =>
    ENQUIRY_PARAMETERS.has(name) || name === tokenParameter || params.has(name);
  return {
    params: [...facts.params].filter(([name]) => !isParameterTaken(name)),
    headers: [...facts.headers].filter(([name]) => !isEnquiryHeader(name) && !headers.has(name)),
  };
}

const STANDARD_HEADERS: readonly Pair[] = [
  ['accept-encoding', 'identity'],
  ['content-type', 'application/x-www-form-urlencoded'],
  ['user-agent', 'gatehouse'],
];
