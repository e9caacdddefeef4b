import { type IntrospectionSettings, type RequestFact, type RequestFacts, Secret } from '../domain/index.ts';
import type { References } from './references.ts';
import type { SettingsInput } from './schema/settings-schema.ts';
import { signedAnswersOf } from './signed-answers.ts';

type ClientInput = NonNullable<SettingsInput['clients']>[string];
type FactsInput = ClientInput['introspection']['facts'];

/** The question that a client of the file asks. */
export function introspectionOf(
  client: ClientInput,
  { textOf }: Pick<References, 'textOf'>,
): IntrospectionSettings {
  const input = client.introspection;
  const { endpoint, timeout, retry, tokenTypeHint, tokenParameter, params, headers, facts } = input;
  return {
    endpoint: endpoint ?? null,
    timeout,
    retry,
    tokenTypeHint: tokenTypeHint ?? null,
    tokenParameter,
    params: mapOf(params, (values) => values),
    headers: mapOf(byLowerName(headers), (value) => new Secret(textOf(value))),
    facts: factsOf(facts),
    maxAnswer: input.maxAnswer,
    clientSelfOnly: input.clientSelfOnly,
    signedAnswers: signedAnswersOf(client, textOf),
  };
}

function factsOf({ params, headers }: FactsInput): RequestFacts {
  if (isEmpty(params) && isEmpty(headers)) return NO_FACTS;
  return { params: mapOf(params, factOf), headers: mapOf(byLowerName(headers), factOf) };
}

function factOf(fact: FactsInput['params'][string]): RequestFact {
  return typeof fact === 'string' ? { kind: fact } : { kind: 'header', name: fact.header.toLowerCase() };
}

// Nearly every client has none of these, and a store may hold very many clients: they share what holds nothing.
const NOTHING: ReadonlyMap<string, never> = new Map<string, never>();
const NO_FACTS: RequestFacts = { params: NOTHING, headers: NOTHING };

function mapOf<Input, Value>(
  input: Readonly<Record<string, Input>>,
  valueOf: (value: Input) => Value,
): ReadonlyMap<string, Value> {
  if (isEmpty(input)) return NOTHING;
  return new Map(Object.entries(input).map(([name, value]) => [name, valueOf(value)]));
}

function byLowerName<Value>(input: Readonly<Record<string, Value>>): Readonly<Record<string, Value>> {
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name.toLowerCase(), value]));
}

function isEmpty(input: object): boolean {
  return Object.keys(input).length === 0;
}
