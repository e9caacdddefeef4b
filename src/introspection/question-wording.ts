import { type ClientContext, ENQUIRY_PARAMETERS, isEnquiryHeader } from '../domain/index.ts';

export type Pair = readonly [name: string, value: string];

/** What a client's settings put on the wire with every token, besides the token and besides our authentication. */
export interface QuestionWording {
  /** Of the form, before the token. */
  readonly tokenParameter: string;
  /** Of the form, after the token; a name may repeat. */
  readonly parameters: readonly Pair[];
  /** Values may be secrets. Names in lower case. */
  readonly headers: readonly Pair[];
}

/** Never: a name that is ours taken from `params` or `headers`, whatever they hold (INT-1, INT-6). */
export function wordingOf({ introspection }: ClientContext): QuestionWording {
  const { tokenParameter, tokenTypeHint, params, headers } = introspection;
  const hint: readonly Pair[] = tokenTypeHint === null ? [] : [['token_type_hint', tokenTypeHint]];
  const extra = [...params]
    .filter(([name]) => !ENQUIRY_PARAMETERS.has(name) && name !== tokenParameter)
    .flatMap(([name, values]) => values.map((value): Pair => [name, value]));
  const allowed = new Map([...headers].filter(([name]) => !isEnquiryHeader(name)));
  return {
    tokenParameter,
    parameters: [...hint, ...extra],
    headers: [
      ...STANDARD_HEADERS.filter(([name]) => !allowed.has(name)),
      ...Array.from(allowed, ([name, value]): Pair => [name, value.reveal()]),
    ],
  };
}

const STANDARD_HEADERS: readonly Pair[] = [
  ['accept', 'application/json'],
  ['accept-encoding', 'identity'],
  ['content-type', 'application/x-www-form-urlencoded'],
  ['user-agent', 'gatehouse'],
];
