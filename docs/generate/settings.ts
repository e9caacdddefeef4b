/**
 * Writes docs/reference/settings.md from the schema of the settings file.
 * `node docs/generate/settings.ts` writes it; with `--check` it only says whether it is stale, by exit code 1.
 */
import { readFileSync, writeFileSync } from 'node:fs';

import { describeSettings, type KeyDescription } from '../../src/config/index.ts';

const PAGE = new URL('../reference/settings.md', import.meta.url);

export function renderSettings(): string {
  const keys = describeSettings();
  const built = keys.filter(({ notYet }) => !notYet);
  const later = keys.filter(({ notYet }) => notYet);
  const forgotten = built.find(({ key }) => !SECTIONS.some(({ of }) => of.includes(firstOf(key))));
  if (forgotten !== undefined) throw new Error(`${forgotten.key} is in no section of the page`);
  return `<!-- Generated from src/config/schema by docs/generate/settings.ts. -->

# Settings

Gatehouse reads one YAML file (YAML 1.2, \`--config FILE\`, otherwise \`gatehouse.yaml\`). A key that is not listed here is
an error; so is a value of the wrong form. \`gatehouse check\` lists all problems at once with line and column, and
\`gatehouse check --print\` shows the file with every default filled in and secrets as \`[set]\`.

- A **duration** is a whole number and \`ms\`, \`s\`, \`m\` or \`h\`: \`250ms\`, \`10s\`. A **size** is one and \`KiB\`, \`MiB\` or \`GiB\`.
- An **address** is \`127.0.0.1:9001\`, \`[::1]:9001\`, \`localhost:9001\` or \`unix:/run/gatehouse/grpc.sock\`; port 0 takes any free one.
- A **secret** is \`{ env: NAME }\` or \`{ file: PATH }\`; the text itself works, with a warning. One line break at the end of the
  file is not part of the secret. Relative paths start at the folder of the settings file.
- \`<name>\` is a name of your choice, \`[]\` an item of a list. ${MUST_BE_GIVEN} means: in the map it stands in.

The file, its secrets and its certificates are watched and read again when they change. A file with a problem in it
leaves the settings before it in force. So does one that changes \`listen\` (certificates apart), \`cache.shared\` or a module
of \`clientStore\`, which needs a restart. Everything is known since version 0.1.0.

${SECTIONS.map((section) => renderSection(section, built)).join('\n')}
## Not in this version

These keys are known by name and refused, so that no setting is ever accepted and ignored. Where a value is given,
it is what happens anyway and may be written down.

| Key | Accepted | Meaning |
| --- | --- | --- |
${later.map(({ key, leftOut, meaning }) => row([code(key), leftOut === null ? 'nothing' : code(leftOut), meaning])).join('\n')}

## Headers that no route may set

\`upstream.headers\` and \`scrub\` are about headers that Gatehouse owns, and what it owns it also removes. Refused, in any
spelling, are: those of the message (\`host\`, \`content-length\`, \`content-type\`, \`content-encoding\`, \`transfer-encoding\`,
\`connection\` and the other hop-by-hop headers); those of credentials (\`authorization\`, for which there is
\`upstream.authorization\`, \`proxy-authorization\`, \`cookie\`); and, in \`upstream.headers\`, those that gateways write
(\`x-envoy-*\`, \`forwarded\`, \`x-real-ip\`, \`x-authz-*\`, \`cache-control\`, \`x-forwarded-for\`, \`-host\`, \`-method\`, \`-port\`, \`-proto\`, \`-uri\`,
\`x-original-*\`, and the method overrides).
`;
}

interface Section {
  readonly title: string;
  /** First segments of its keys. */
  readonly of: readonly string[];
}

const MUST_BE_GIVEN = '**must be given**';

const SECTIONS: readonly Section[] = [
  {
    title: 'The process',
    of: ['version', 'drain', 'log', 'metrics', 'realm', 'wait', 'scrub', 'clientAddress'],
  },
  { title: 'Doors', of: ['listen'] },
  { title: 'Clients', of: ['clients', 'unknownClient', 'discovery'] },
  { title: 'Client store', of: ['clientStore'] },
  { title: 'Cache', of: ['cache'] },
  { title: 'Requirements', of: ['requirements'] },
  { title: 'Routes', of: ['routes'] },
];

function renderSection({ title, of }: Section, keys: readonly KeyDescription[]): string {
  const rows = keys
    .filter(({ key }) => of.includes(firstOf(key)))
    .map((description) =>
      row([code(description.key), form(description), standard(description), description.meaning]),
    );
  return `## ${title}

| Key | Form | Default | Meaning |
| --- | --- | --- | --- |
${rows.join('\n')}
`;
}

function firstOf(key: string): string {
  return /^\w+/.exec(key)?.[0] ?? '';
}

function form({ type, bounds }: KeyDescription): string {
  return bounds === null ? type : `${type}, ${bounds}`;
}

function standard(description: KeyDescription): string {
  if (description.leftOut !== null) return description.leftOut;
  if (description.standard === undefined) return MUST_BE_GIVEN;
  const text = JSON.stringify(description.standard);
  if (text === '{}' && description.hasOwnKeys) return 'see below';
  return code(text.replace(/^"(.+)"$/, '$1'));
}

function code(text: string): string {
  return `\`${text}\``;
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function main(isCheck: boolean): number {
  const page = renderSettings();
  if (!isCheck) {
    writeFileSync(PAGE, page);
    return 0;
  }
  if (readFileSync(PAGE, 'utf8') === page) return 0;
  process.stderr.write('docs/reference/settings.md is stale: run `node docs/generate/settings.ts`.\n');
  return 1;
}

if (process.argv[1] === import.meta.filename) process.exitCode = main(process.argv.includes('--check'));
