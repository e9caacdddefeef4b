import { stringify } from 'yaml';
import type { Settings } from './settings.ts';

/** The effective settings as YAML: every default filled in, every secret as `[set]`. */
export function printSettings({ effective }: Settings): string {
  return stringify(effective, { version: '1.2', lineWidth: 0, aliasDuplicateObjects: false });
}
