import { escapeControls } from './escape-controls.ts';

/**
 * One log line for a person at a terminal, made from its JSON:
 * `12:00:00.123 WARN  introspected  What it means. client=default outcome=introspection_timeout took_ms=800`.
 * Items of a list stand on lines of their own. Nothing in it moves the cursor (T-65).
 */
export function prettyLine(json: string): string {
  const { time, level, event, msg, ...fields } = JSON.parse(json) as Readonly<Record<string, unknown>>;
  const clock = textOf(time).slice('2026-01-01T'.length, -'Z'.length);
  const words = [clock, textOf(level).toUpperCase().padEnd(5), `${textOf(event)} `];
  const items: string[] = [];

  if (typeof msg === 'string') words.push(escapeControls(msg));
  for (const [name, value] of Object.entries(fields)) {
    if (Array.isArray(value)) items.push(...value.map((item) => `    ${escapeControls(textOf(item))}`));
    else if (value !== null) words.push(`${name}=${quotedWhereNeeded(textOf(value))}`);
  }
  return `${[words.join(' ').trimEnd(), ...items].join('\n')}\n`;
}

function quotedWhereNeeded(text: string): string {
  return /^[^\s"=]+$/.test(text) ? escapeControls(text) : escapeControls(JSON.stringify(text));
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
