/**
 * Writes docs/reference/metrics.md from the table that the registry is made from.
 * `node docs/generate/metrics.ts` writes it; with `--check` it only says whether it is stale, by exit code 1.
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { ALLOW_REASONS, DENY_REASONS, FAULT_REASONS } from '../../src/domain/index.ts';
import { type MetricDefinition, METRICS, type OpenLabel } from '../../src/telemetry/index.ts';

const PAGE = new URL('../reference/metrics.md', import.meta.url);

export function renderMetrics(): string {
  const definitions: readonly (readonly [string, MetricDefinition])[] = Object.entries(METRICS);
  return `<!-- Generated from src/telemetry/metric-definitions.ts by docs/generate/metrics.ts. -->

# Metrics

The admin port answers \`/metrics\` in the Prometheus text format. Beside the metrics below there are those of the
process (\`process_*\`) and of Node (\`nodejs_*\`) under their usual names.

Label values that come from the settings are bounded: so many distinct ones in the life of the process, the rest is
\`other\`. Reasons are explained in [reasons.md](reasons.md).

| Metric | Type | Labels | What it tells | Alert on |
| --- | --- | --- | --- | --- |
${definitions.map(([name, definition]) => row(name, definition)).join('\n')}

## Label values

${definitions
  .map(([name, definition]) => labelLines(name, definition))
  .filter(Boolean)
  .join('\n')}

## Buckets

${definitions
  .map(([name, { buckets }]) => bucketLine(name, buckets))
  .filter(Boolean)
  .join('\n')}
`;
}

function row(name: string, { type, labels, help, alert }: MetricDefinition): string {
  const labelNames = Object.keys(labels).map((label) => `\`${label}\``);
  return `| ${[`\`${name}\``, type, labelNames.join(', ') || '–', help, alert ?? '–'].map(cell).join(' | ')} |`;
}

function labelLines(name: string, { labels }: MetricDefinition): string {
  const lines = Object.entries(labels).map(([label, values]) => {
    if (!('from' in values)) return `  - \`${label}\`: ${closed(values)}`;
    return `  - \`${label}\`: ${values.from} (${boundOf(values)})`;
  });
  return lines.length === 0 ? '' : [`- \`${name}\``, ...lines].join('\n');
}

function boundOf({ atMost, setting }: OpenLabel): string {
  if (atMost === null) return 'one series at a time';
  return setting === undefined
    ? `at most ${atMost}, then \`other\``
    : `at most \`${setting}\`, ${atMost} unless set, then \`other\``;
}

/** Reason codes have a page of their own. */
function closed(values: readonly string[]): string {
  const others = values.filter((value) => !isReason(value)).map((value) => `\`${value}\``);
  const reasons = values.some(isReason) ? ['a code of [reasons.md](reasons.md)'] : [];
  return [...others, ...reasons].join(', ');
}

function isReason(value: string): boolean {
  return [ALLOW_REASONS, DENY_REASONS, FAULT_REASONS].some((reasons) => Object.hasOwn(reasons, value));
}

function bucketLine(name: string, buckets: readonly number[]): string {
  return buckets.length === 0 ? '' : `- \`${name}\`: ${buckets.join(', ')} seconds`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function main(isCheck: boolean): number {
  const page = renderMetrics();
  if (!isCheck) {
    writeFileSync(PAGE, page);
    return 0;
  }
  if (readFileSync(PAGE, 'utf8') === page) return 0;
  process.stderr.write('docs/reference/metrics.md is stale: run `node docs/generate/metrics.ts`.\n');
  return 1;
}

if (process.argv[1] === import.meta.filename) process.exitCode = main(process.argv.includes('--check'));
