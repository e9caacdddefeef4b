import { escapeControls } from './escape-controls.ts';

/** What values beyond the cap are called. */
export const OTHER = 'other';

const LABEL_LENGTH_MAX = 100;

/** Turns a name from outside into a label value; a label value stays what it is. */
export type BoundedLabel = (value: string) => string;

/**
 * In: names from the settings, in any number. Out: label values.
 * Never: more than `atMost` distinct values besides `other` and the empty one, nor a long one, nor a control
 * character (T-41, T-65). First come, first named; a name once admitted stays so for the life of the process.
 *
 * @param atMost asked for at each new name, so that it may change.
 */
export function createBoundedLabel(atMost: () => number): BoundedLabel {
  const labels = new Map<string, string>([['', '']]);
  let admitted = 0;

  return function boundedLabel(value) {
    const known = labels.get(value);
    if (known !== undefined) return known;
    if (admitted >= atMost()) return OTHER;

    const label = escapeControls(value.slice(0, LABEL_LENGTH_MAX));
    labels.set(value, label);
    labels.set(label, label);
    admitted += 1;
    return label;
  };
}
