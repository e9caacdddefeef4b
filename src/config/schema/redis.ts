import { isIPv6 } from 'node:net';
import { URL } from 'node:url';
import { fail, type RedisNode, succeed } from '../../domain/index.ts';
import { connectHost, parseListenAddress } from './addresses.ts';
import { optional, required } from './key.ts';
import { parsed } from './parsed.ts';
import { certificateFile, flawOfSecret, keyFile, secret } from './references.ts';
import { group, list, text } from './texts.ts';
import { redisUrl } from './urls.ts';

/** One Redis, a Redis behind Sentinel, or a Cluster. Which of the three is checked together (checks/redis.ts). */
export function redis() {
  return group({
    url: optional(
      redisUrl(),
      'One server: `redis://host:port`, or `rediss://host:port` for TLS; the number of a database may follow, as in `redis://host:6379/1`.',
      'another of `url`, `sentinel` and `cluster`',
    ),
    sentinel: optional(
      sentinel(),
      'A server that sentinels watch: whoever is master now.',
      'another of `url`, `sentinel` and `cluster`',
    ),
    cluster: optional(
      list(redisNode()),
      'Redis Cluster: `host:port` of some of its servers. The others are found through them.',
      'another of `url`, `sentinel` and `cluster`',
    ),
    username: optional(text(), 'Of an ACL user.', 'the default user'),
    password: optional(
      secret(flawOfSecret),
      'Password of the user. Read again when it changes, and used from the next connection on.',
      'none',
    ),
    tls: optional(
      redisTls(),
      'TLS on the way to it, to sentinels too. `{}` is enough for `sentinel` and `cluster`; with `url` it is said by `rediss://`.',
      'none, unless the URL is `rediss://`',
    ),
  });
}

function sentinel() {
  return group({
    name: required(
      text(),
      'What the sentinels call the group of servers, as in `sentinel monitor <name> …`.',
    ),
    nodes: required(list(redisNode()), '`host:port` of some of the sentinels.'),
    username: optional(text(), 'Of an ACL user of the sentinels.', 'the default user'),
    password: optional(secret(flawOfSecret), 'Password for the sentinels.', 'none'),
  });
}

function redisTls() {
  return group({
    ca: optional(
      certificateFile(),
      "PEM file of the authorities to trust instead of the system's.",
      "the system's",
    ),
    cert: optional(certificateFile(), 'PEM file with our certificate there and its chain.', 'none is shown'),
    key: optional(keyFile(), 'PEM file with its private key.', 'needed with `cert`'),
    serverName: optional(
      connectHost(),
      'The name that the certificates of the servers are for, where it is not the host.',
      'the host',
    ),
  });
}

/** `10.0.0.1:6379`, `redis.internal:6379`, `[2001:db8::1]:6379`. */
function redisNode() {
  return parsed({ type: 'host:port', written: 'with its host, as in 10.0.0.1:6379' }, (value) => {
    const address = value.startsWith('unix:') ? null : parseListenAddress(value);
    if (address?.ok !== true || address.value.kind !== 'tcp' || address.value.port === 0)
      return fail('is not a server; write host:port, as in 10.0.0.1:6379 or [2001:db8::1]:6379');
    return succeed({ host: address.value.host, port: address.value.port });
  });
}

/** Of a URL that `redisUrl` has let through. */
export function redisPlaceOf(url: string): {
  readonly node: RedisNode;
  readonly database: number;
  readonly isTls: boolean;
} {
  const { protocol, hostname, port, pathname } = new URL(url);
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    node: { host: isIPv6(bare) ? bare : hostname, port: port === '' ? 6379 : Number(port) },
    database: Number(pathname.slice(1) || '0'),
    isTls: protocol === 'rediss:',
  };
}
