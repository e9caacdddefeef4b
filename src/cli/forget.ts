import { readFile } from 'node:fs/promises';
import { request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { URL } from 'node:url';
import { formatProblem } from '../config/index.ts';
import { codeOf, fail, type Result, Secret, succeed } from '../domain/index.ts';
import { readSettingsFile } from './settings-file.ts';
import type { ExitCode, World } from './world.ts';

/** As they stand on the command line; `undefined`: not given. */
export interface ForgetOptions {
  readonly config: string;
  /** Base URL of the admin door; left out: that of the settings file. */
  readonly admin: string | undefined;
  /** Where the secret of `listen.admin.auth.bearer` is; left out: as the settings file says. */
  readonly bearerFile: string | undefined;
  /** `-` is standard input: a token on a command line would be seen by every user of the machine. */
  readonly tokenFile: string | undefined;
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly everything: boolean;
  readonly matchers: Readonly<Partial<Record<(typeof MATCHERS)[number], string | undefined>>>;
}

const MATCHERS = ['fingerprint', 'jti', 'session', 'subject', 'client', 'issuer', 'tenant'] as const;

const BUDGET_MS = 10_000;

/**
 * `gatehouse forget`: has a running instance, and through it every replica, forget answers.
 *
 * Exit code 0: everybody was told; 1: it did not come to it, or not everywhere yet.
 */
export async function forget(world: World, options: ForgetOptions): Promise<ExitCode> {
  const body = await bodyOf(world, options);
  if (!body.ok) return misused(world, body.failure);
  const door = await doorOf(world, options);
  if (!door.ok) return misused(world, door.failure);

  const answer = await post(door.value, JSON.stringify(body.value));
  if (!answer.ok) {
    world.writeError(`gatehouse: ${door.value.url.origin} ${answer.failure}\n`);
    return 1;
  }
  const { status, text } = answer.value;
  const isDone = status === 200;
  if (isDone || status === 202) world.writeOut(text);
  if (status === 202) world.writeError('gatehouse: not everywhere yet\n');
  else if (!isDone) world.writeError(`gatehouse: refused (${status}): ${problemIn(text)}\n`);
  return isDone ? 0 : 1;
}

function misused(world: World, problem: string): ExitCode {
  world.writeError(`gatehouse: ${problem}\n`);
  return 2;
}

async function bodyOf(
  world: World,
  { tokenFile, matchers, everything }: ForgetOptions,
): Promise<Result<Readonly<Record<string, string | true>>, string>> {
  const given = Object.fromEntries(
    MATCHERS.flatMap((name) => {
      const value = matchers[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  if (tokenFile === undefined && Object.keys(given).length === 0 && !everything)
    return fail(
      `say what to forget: --token-file FILE (- is standard input), ${MATCHERS.map((name) => `--${name}`).join(', ')}, or --everything`,
    );
  const token = tokenFile === undefined ? succeed(null) : await secretIn(world, tokenFile);
  if (!token.ok) return fail(`--token-file ${token.failure}`);
  return succeed({
    ...given,
    ...(token.value === null ? {} : { token: token.value.reveal() }),
    ...(everything ? { everything } : {}),
  });
}

interface Door {
  readonly url: URL;
  readonly socketPath: string | null;
  readonly bearer: Secret | null;
  readonly tls: Pick<RequestOptions & { ca?: string; cert?: string; key?: string }, 'ca' | 'cert' | 'key'>;
}

async function doorOf(world: World, options: ForgetOptions): Promise<Result<Door, string>> {
  const { admin, bearerFile } = options;
  const tls = await tlsOf(world, options);
  if (!tls.ok) return tls;
  const own = bearerFile === undefined ? succeed(null) : await secretIn(world, bearerFile);
  if (!own.ok) return fail(`--bearer-file ${own.failure}`);
  if (admin !== undefined) {
    if (!URL.canParse(admin) || !/^https?:$/.test(new URL(admin).protocol))
      return fail('--admin must be a URL, as in http://127.0.0.1:9003');
    return succeed({ url: new URL(admin), socketPath: null, bearer: own.value, tls: tls.value });
  }

  const read = await readSettingsFile(options.config, world, { offline: false });
  if (!read.ok)
    return fail(`${read.failure.map(formatProblem).join('\n')}\nor name the door with --admin URL`);
  const { address, tls: ofDoor, bearer } = read.value.listen.admin;
  const scheme = ofDoor === null ? 'http' : 'https';
  const base = { bearer: own.value ?? bearer, tls: tls.value };
  if (address.kind === 'unix')
    return succeed({ ...base, url: new URL(`${scheme}://localhost`), socketPath: address.path });
  const host = ANY_HOST[address.host] ?? address.host;
  const written = host.includes(':') ? `[${host}]` : host;
  return succeed({ ...base, url: new URL(`${scheme}://${written}:${address.port}`), socketPath: null });
}

const ANY_HOST: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

async function tlsOf(world: World, { ca, cert, key }: ForgetOptions): Promise<Result<Door['tls'], string>> {
  const files: Record<string, string> = {};
  for (const [name, file] of Object.entries({ ca, cert, key })) {
    if (file === undefined) continue;
    const text = await secretIn(world, file);
    if (!text.ok) return fail(`--${name} ${text.failure}`);
    files[name] = text.value.reveal();
  }
  return succeed(files);
}

/** A text that may end in a newline. */
async function secretIn(world: World, file: string): Promise<Result<Secret, string>> {
  try {
    const text = file === '-' ? await (world.readInput?.() ?? '') : await readFile(file, 'utf8');
    const secret = text.replace(/\r?\n$/, '');
    return secret === '' ? fail(`${file} is empty`) : succeed(new Secret(secret));
  } catch (error) {
    return fail(`${file} cannot be read (${codeOf(error)})`);
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

function post({ url, socketPath, bearer, tls }: Door, body: string): Promise<Result<Answer, string>> {
  const options = {
    method: 'POST',
    timeout: BUDGET_MS,
    ...(socketPath === null ? {} : { socketPath }),
    headers: {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(bearer === null ? {} : { authorization: `Bearer ${bearer.reveal()}` }),
    },
  };
  return new Promise((resolve) => {
    const target = new URL('/forget', url);
    const asked =
      url.protocol === 'https:' ? httpsRequest(target, { ...options, ...tls }) : httpRequest(target, options);
    asked.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text = (text + part).slice(0, 4_000)));
      response.on('end', () => resolve(succeed({ status: response.statusCode ?? 0, text })));
      response.on('error', (error) => resolve(fail(`broke off: ${codeOf(error)}`)));
    });
    asked.on('timeout', () => asked.destroy(new Error('timeout')));
    asked.on('error', (error) => resolve(fail(`does not answer: ${codeOf(error)}`)));
    asked.end(body);
  });
}

/** The door answers in JSON, or in one line. */
function problemIn(text: string): string {
  try {
    const answer: unknown = JSON.parse(text);
    if (isObject(answer) && typeof answer['problem'] === 'string') return answer['problem'];
  } catch {
    // A line of text.
  }
  return text.trim();
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
