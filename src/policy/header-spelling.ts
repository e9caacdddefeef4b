/**
 * Servers fold header names: CGI and WSGI read `x-auth-user`, `x_auth_user` and, some of them, `x.auth.user` as one.
 * Two names with the same fold may therefore be the same header to an upstream (T-1).
 */
export function foldHeaderName(name: string): string {
  const lowerCase = name.toLowerCase();
  return isOddName(lowerCase) ? lowerCase.replace(/[_.]/g, '-') : lowerCase;
}

/** The name itself and its all-`-`, all-`_` and all-`.` spellings, each once. */
export function spellingsOf(name: string): readonly string[] {
  const folded = foldHeaderName(name);
  return [...new Set([name, folded, folded.replaceAll('-', '_'), folded.replaceAll('-', '.')])];
}

/** Whether a name can be a spelling of another one without standing in that one's list of plain spellings. */
export function isOddName(name: string): boolean {
  return name.includes('_') || name.includes('.');
}
