import { atValue, type Finding } from '../finding.ts';
import { parseDuration } from '../schema/quantities.ts';
import { at, type Raw, textOf } from './raw.ts';

export function checkWait(root: Raw): readonly Finding[] {
  const wait = at(root, 'wait');
  const max = parseDuration(textOf(at(wait, 'max')) ?? '');
  const margin = parseDuration(textOf(at(wait, 'margin')) ?? '');
  if (max === null || margin === null || margin < max) return [];
  return [atValue(wait.path, '`margin` must be shorter than `max`, or no time is left to wait')];
}
