import { type IntrospectionSettings, type RequestFact, Secret } from '../domain/index.ts';
import type { References } from './references.ts';
import type { SettingsInput } from './schema/settings-schema.ts';

type IntrospectionInput = NonNullable<SettingsInput['clients']>[string]['introspection'];

/** The question that a client of the file asks. */
export function introspectionOf(
  input: IntrospectionInput,
  { textOf }: Pick<References, 'textOf'>,
): IntrospectionSettings {
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
  };
}

function factOf(fact: IntrospectionInput['facts']['params'][string]): RequestFact {
  return typeof fact === 'string' ? { kind: fact } : { kind: 'header', name: fact.header.toLowerCase() };
}
