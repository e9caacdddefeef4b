/** Letters of ASCII in lower case, as servers that do not tell them apart compare paths. Escapes (`%2F`) become `%2f`. */
export function foldCase(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text;
}
