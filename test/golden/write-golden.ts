import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { format, resolveConfig } from 'prettier';

/** Writes a golden file in the form that the linter wants. */
export async function writeGolden(
  folder: 'requests' | 'answers',
  file: string,
  golden: object,
): Promise<void> {
  const path = join(import.meta.dirname, folder, file);
  const options = await resolveConfig(path);
  writeFileSync(path, await format(JSON.stringify(golden), { ...options, parser: 'json' }));
}
