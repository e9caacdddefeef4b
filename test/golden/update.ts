/** Rewrites test/golden/answers: `node test/golden/update.ts`. What changed is for a reviewer to read. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { goldenAnswers } from './answers.ts';
import { writeGolden } from './write-golden.ts';

const folder = join(import.meta.dirname, 'answers');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [file, answer] of goldenAnswers()) await writeGolden('answers', file, answer);
