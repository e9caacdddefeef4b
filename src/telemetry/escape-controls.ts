// C0, DEL and C1 (a lone U+009B begins a terminal sequence as ESC [ does), line and paragraph separators,
// and the marks that turn the direction of text around.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;
const HAS_CONTROLS = new RegExp(CONTROLS.source);

/** Writes every character that a terminal or a line reader could act upon as `\u` and four digits (T-65). */
export function escapeControls(text: string): string {
  // Nearly always there is nothing to do; `replace` would copy the text to find that out.
  if (!HAS_CONTROLS.test(text)) return text;
  return text.replace(CONTROLS, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
