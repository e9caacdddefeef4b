import { atKey, atValue, type Finding } from '../finding.ts';
import { quoted } from '../shown.ts';
import { checkPair } from './authentication.ts';
import { checkRedis } from './redis.ts';
import { checkSameNames } from './routes.ts';
import { at, entriesOf, isGiven, itemsOf, mapOf, type Raw, textOf } from './raw.ts';

const STORES = ['directory', 'http', 'keyv', 'module'];

/** What the question about a tenant says itself, and what belongs to the connection. */
const OWN_HEADERS = new Set([
  'host',
  'accept',
  'accept-encoding',
  'if-none-match',
  'user-agent',
  'connection',
  'content-length',
  'transfer-encoding',
  'upgrade',
  'expect',
  'keep-alive',
]);

export function checkClientStore(root: Raw): readonly Finding[] {
  const store = at(root, 'clientStore');
  if (!isGiven(store)) return [];
  return [
    ...checkOne(root, store),
    ...checkHttp(at(store, 'http')),
    ...checkKeyv(root, at(store, 'keyv')),
    ...checkModule(store),
    ...itemsOf(at(root, 'routes')).flatMap(checkTenantName),
  ];
}

function checkOne(root: Raw, store: Raw): readonly Finding[] {
  const found: Finding[] = [];
  if (isGiven(at(root, 'clients')))
    found.push(atKey(store.path, 'stands beside `clients`; a file can have one of them'));
  const [first, second] = STORES.map((kind) => at(store, kind)).filter(isGiven);
  if (mapOf(store) !== null && first === undefined)
    found.push(atKey(store.path, 'names no store; write `directory: { path: …, issuers: […] }`'));
  if (second !== undefined)
    found.push(
      atKey(second.path, `stands beside \`${String(first?.path.at(-1))}\`; a client store is one of them`),
    );
  return found;
}

function checkHttp(http: Raw): readonly Finding[] {
  if (mapOf(http) === null) return [];
  const found: Finding[] = [];
  const url = at(http, 'url');
  if (/^http:/i.test(textOf(url) ?? '') && at(http, 'allowHttp').value !== true)
    found.push(
      atValue(
        url.path,
        'is http: records and secrets would travel in clear; use https, or spell out `allowHttp: true`',
      ),
    );
  for (const { key: name, path } of entriesOf(at(http, 'headers'))) {
    const lower = name.toLowerCase();
    if (OWN_HEADERS.has(lower)) found.push(atKey(path, `${quoted(name)} is not for settings; remove it`));
    if (lower === 'authorization' && isGiven(at(http, 'bearer')))
      found.push(atKey(path, 'stands beside `bearer`, which sends the same header; remove one of them'));
  }
  return [...found, ...checkPair(at(http, 'tls')), ...checkSameNames(at(http, 'headers'))];
}

function checkKeyv(root: Raw, keyv: Raw): readonly Finding[] {
  if (mapOf(keyv) === null) return [];
  const [redis, module] = [at(keyv, 'redis'), at(keyv, 'module')];
  const found = [...checkRedis(redis)];
  if (!isGiven(redis) && !isGiven(module))
    found.push(
      atKey(
        keyv.path,
        'names no store; write `redis: { url: "redis://127.0.0.1:6379" }`, or a `module` that gives a Keyv store',
      ),
    );
  if (isGiven(redis) && isGiven(module))
    found.push(atKey(module.path, 'stands beside `redis`; there is one store: remove one of the two'));
  const keys = at(keyv, 'keys');
  if (!isGiven(keys) && !isGiven(at(root, 'cache', 'keys')))
    found.push(
      atKey(
        keys.path,
        'is missing; records are sealed with a key: 32 bytes in base64, as { env: … } or { file: … }, here or as `cache.keys`',
      ),
    );
  return found;
}

/** A module is named by a text, so what holds for its records stands beside it. */
function checkModule(store: Raw): readonly Finding[] {
  const [module, issuers, secrets] = [at(store, 'module'), at(store, 'issuers'), at(store, 'secrets')];
  if (isGiven(module))
    return isGiven(issuers)
      ? []
      : [atKey(issuers.path, 'is missing; say which issuers the records of `module` may name')];
  const kind = STORES.find((name) => isGiven(at(store, name)));
  return [issuers, secrets]
    .filter(isGiven)
    .map(({ path }) => atKey(path, `belongs to \`module\`; write it below \`${kind ?? 'directory'}\``));
}

/** What a route names is the name of a record. */
function checkTenantName(route: Raw): readonly Finding[] {
  return itemsOf(at(route, 'client'))
    .filter((client) => /[:/]/.test(textOf(client) ?? ''))
    .map(({ path }) => atValue(path, 'is not the name of a tenant; it can have no : and no /'));
}
