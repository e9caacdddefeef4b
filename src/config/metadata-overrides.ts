import type { JsonObject } from '../domain/index.ts';
import type { SettingsInput } from './schema/settings-schema.ts';

type ClientInput = NonNullable<SettingsInput['clients']>[string];

/** Members as they would stand in the document. */
export function metadataOverridesOf(input: NonNullable<ClientInput['metadataOverrides']>): JsonObject {
  const { mtls_endpoint_aliases: aliases, ...rest } = input;
  return { ...given(rest), ...(aliases === undefined ? {} : { mtls_endpoint_aliases: given(aliases) }) };
}

function given(members: Readonly<Record<string, string | readonly string[] | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(members).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
