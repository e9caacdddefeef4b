import { type ProxyChoice, Secret } from '../domain/index.ts';
import type { References } from './references.ts';
import type { SettingsInput } from './schema/settings-schema.ts';

type ProxyInput = NonNullable<NonNullable<SettingsInput['clients']>[string]['proxy']> | null;

/** What a client of the file says about its way out. checks/ has seen that its parts go together. */
export function proxyOf(
  input: ProxyInput,
  { textOf, pemOf }: Pick<References, 'textOf' | 'pemOf'>,
): ProxyChoice {
  if (input === null) return { kind: 'none' };
  if (typeof input === 'string')
    return { kind: 'named', proxy: { origin: input, credentials: null, ca: null } };
  const { url, username, password, ca } = input;
  const credentials =
    username === undefined || password === undefined
      ? null
      : { username, password: new Secret(textOf(password)) };
  return { kind: 'named', proxy: { origin: url, credentials, ca: ca === undefined ? null : pemOf(ca) } };
}
