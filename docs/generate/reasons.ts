/**
 * Writes docs/reference/reasons.md from the registry that answers are made from.
 * `node docs/generate/reasons.ts` writes it; with `--check` it only says whether it is stale, by exit code 1.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import {
  ALLOW_REASONS,
  createAnswerFor,
  DENY_REASONS,
  FAULT_REASONS,
  type Refusal,
} from '../../src/domain/index.ts';
import { createNginxProfile } from '../../src/gateway/http/profiles/nginx.ts';
import { REASON_MEMBER, RULE_MEMBER } from '../../src/policy/index.ts';

const PAGE = new URL('../reference/reasons.md', import.meta.url);

const answerFor = createAnswerFor({ realm: 'gatehouse', randomness: { fraction: () => 0 } });
const nginx = createNginxProfile();

export function renderReasons(): string {
  return `<!-- Generated from src/domain/reasons.ts by docs/generate/reasons.ts. -->

# Reason codes

Every decision has one reason. It is the same word in the log (\`reason\`), in the metrics, in Envoy's dynamic metadata
and, at the NGINX door, in the \`x-authz-reason\` header. A code keeps its meaning; one that is no longer used is not
given away again.

In dynamic metadata (namespace \`envoy.filters.http.ext_authz\`) an allow carries the reason as \`${REASON_MEMBER}\` and the
name of the rule as \`${RULE_MEMBER}\`, beside the chosen members of the answer. No claim of the same name can replace them.

## Allowed

| Reason | Meaning |
| --- | --- |
${Object.entries(ALLOW_REASONS)
  .map(([reason, { meaning }]) => row(code(reason), meaning))
  .join('\n')}

## Denied: the caller is at fault

Status and \`status.code\` are what Envoy gets over gRPC. NGINX understands 2xx, 401 and 403 only, so it gets the status of
its own column, with the true one in \`x-authz-status\`. Error is that of the \`Bearer\` challenge (RFC 6750 section 3);
a dash is a challenge without one, an empty field no challenge at all.

| Reason | Status | Code | NGINX | Error | Meaning |
| --- | --- | --- | --- | --- | --- |
${keysOf(DENY_REASONS)
  .map((reason) => {
    const refusal = { kind: 'deny', reason, route: null, scopes: [], detail: null } as const;
    const { challenge, meaning } = DENY_REASONS[reason];
    const error = challenge === 'none' ? '–' : challenge === null ? '' : code(challenge);
    return row(code(reason), ...statusesOf(refusal), error, meaning);
  })
  .join('\n')}

## Faults: we are, or the authorization server is

Every fault is answered with 503, \`Retry-After\` and no challenge. Over gRPC that is a denied response, so
\`failure_mode_allow\` does not let it pass. NGINX gets 503 and answers its client with 500. Envoy's HTTP service gets 403
with the true status in \`x-authz-status\`, for a 5xx would be its own error to it. A fault is never kept in a cache.

| Reason | Side | Meaning | What to do |
| --- | --- | --- | --- |
${keysOf(FAULT_REASONS)
  .map((reason) => {
    const { side, meaning, remedy } = FAULT_REASONS[reason];
    return row(code(reason), side, meaning, remedy);
  })
  .join('\n')}
`;
}

/** Asked of the code that answers, not repeated here. */
function statusesOf(refusal: Refusal): readonly string[] {
  const answer = answerFor(refusal);
  return [answer.status, answer.rpcCode, nginx.refuse(refusal, answer).status].map(String);
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function code(word: string): string {
  return `\`${word}\``;
}

function keysOf<Reason extends string>(table: Readonly<Record<Reason, unknown>>): readonly Reason[] {
  // Keys of a table that is checked against its union where it is made.
  return Object.keys(table) as Reason[];
}

function main(isCheck: boolean): number {
  const page = renderReasons();
  if (!isCheck) {
    writeFileSync(PAGE, page);
    return 0;
  }
  if (readFileSync(PAGE, 'utf8') === page) return 0;
  process.stderr.write('docs/reference/reasons.md is stale: run `node docs/generate/reasons.ts`.\n');
  return 1;
}

if (process.argv[1] === import.meta.filename) process.exitCode = main(process.argv.includes('--check'));
