/** The process of the generator: takes jobs from its parent, one at a time, and sends back what came of each. */
import process from 'node:process';

import { generate } from './generate.ts';
import type { Job, Outcome } from './job.ts';

export type Report = { readonly outcome: Outcome } | { readonly error: string };

process.on('message', (job: Job) => {
  generate(job).then(
    (outcome) => process.send?.({ outcome } satisfies Report),
    (error: unknown) =>
      process.send?.({ error: error instanceof Error ? error.message : 'unknown' } satisfies Report),
  );
});
process.on('disconnect', () => process.exit(0));
