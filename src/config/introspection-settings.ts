import { type IntrospectionSettings, Secret } from '../domain/index.ts';
import type { References } from './references.ts';
import type { SettingsInput } from './schema/settings-schema.ts';

type IntrospectionInput = NonNullable<SettingsInput['clients']>[string]['introspection'];

/** The question that a client of the file asks. */
export function introspectionOf(
  input: IntrospectionInput,
  { textOf }: Pick<References, 'textOf'>,
): IntrospectionSettings {
  const { endpoint, timeout, retry, tokenTypeHint, tokenParameter, params, headers } = input;
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
    maxAnswer: input.maxAnswer,
    clientSelfOnly: input.clientSelfOnly,
  };
}
