import { type IntrospectionSettings, type RequestFact, Secret } from '../domain/index.ts';
import type { References } from './references.ts';
import type { SettingsInput } from './schema/settings-schema.ts';
import { signedAnswersOf } from './signed-answers.ts';

type ClientInput = NonNullable<SettingsInput['clients']>[string];

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
    params: new Map(Object.entries(params)),
    headers: new Map(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), new Secret(textOf(value))]),
    ),
    facts: {
      params: new Map(Object.entries(facts.params).map(([name, fact]) => [name, factOf(fact)])),
      headers: new Map(
        Object.entries(facts.headers).map(([name, fact]) => [name.toLowerCase(), factOf(fact)]),
      ),
    },
    maxAnswer: input.maxAnswer,
    clientSelfOnly: input.clientSelfOnly,
    signedAnswers: signedAnswersOf(client, textOf),
  };
}

function factOf(fact: ClientInput['introspection']['facts']['params'][string]): RequestFact {
  return typeof fact === 'string' ? { kind: fact } : { kind: 'header', name: fact.header.toLowerCase() };
}
