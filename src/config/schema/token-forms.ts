import { fail, succeed, type TokenForm } from '../../domain/index.ts';
import { compileTokenForm } from '../../matching/index.ts';
import { parsed } from './parsed.ts';

export function tokenPrefix() {
  return parsed({ type: 'the beginning of a token' }, (prefix) =>
    checked(prefix, { kind: 'prefixes', prefixes: [prefix] }),
  );
}

export function tokenPattern() {
  return parsed({ type: 'a pattern for tokens' }, (pattern) =>
    checked(pattern, { kind: 'pattern', pattern }),
  );
}

export function tokenCharacters() {
  return parsed({ type: 'the inside of a [ ]' }, (characters) =>
    checked(characters, { kind: 'pattern', pattern: `[${characters}]+` }),
  );
}

function checked(text: string, form: TokenForm) {
  const compiled = compileTokenForm(form);
  return compiled.ok ? succeed(text) : fail(compiled.failure);
}
