import { isIP } from 'node:net';

import { type ClientContext, type Clock, unreachable } from '../../domain/index.ts';
import { createAddressGuard } from '../connection/address-guard.ts';
import type { ConnectionFailure } from '../connection/connection-failure.ts';
import { type ConnectorParts, wayTo } from '../connection/connector.ts';
import { type Notes, quoted } from './finding.ts';
import { lookAtConnection, type Sight } from './look-at-connection.ts';

/** Looks at names, addresses, proxy and certificate on the way to one origin. */
export async function examineWay(
  origin: string,
  client: ClientContext,
  parts: ConnectorParts & { readonly clock: Pick<Clock, 'now'> },
  notes: Notes,
): Promise<void> {
  const { end, through } = wayTo(origin, client, parts.proxyFor);
  if (client.connectTo !== null)
    notes.fact(`connections go to ${end.host}, port ${end.port}, as \`connectTo\` says`);
  if (through === null) {
    if (!(await mayGoOn(end.host, client, parts, notes))) return;
  } else {
    const said = client.proxy === undefined ? 'the environment' : '`proxy`';
    notes.fact(`goes through the proxy ${through.origin}, as ${said} says, which resolves the name itself`);
  }

  const sight = await lookAtConnection(origin, client, parts);
  if (sight.ok) tellSight(sight.value, parts.clock, notes);
  else notes.broken(sight.failure.detail, ...adviceFor(sight.failure, end.host));
}

/** Whether an address is left to connect to. */
async function mayGoOn(
  host: string,
  client: ClientContext,
  { resolveName }: ConnectorParts,
  notes: Notes,
): Promise<boolean> {
  if (isIP(host) !== 0) return true;
  const addresses = await resolveName(host).catch(() => []);
  if (addresses.length === 0) {
    notes.broken(`the name ${host} does not resolve`, 'connectTo: { host: ANOTHER-NAME-OR-ADDRESS }');
    return false;
  }
  const mayConnect = createAddressGuard(client);
  const refused = addresses.filter((address) => !mayConnect(address));
  const list = (some: typeof addresses): string => some.map(({ address }) => address).join(', ');
  notes.fact(`${host} is ${list(addresses)}`);
  const ranges = refused.map(({ address }) => rangeOf(address)).join(', ');
  if (refused.length === addresses.length)
    notes.broken(
      'no address is left: link-local, loopback and unspecified ones need consent',
      `allowAddresses: [${ranges}]  # if the server is meant to be there`,
    );
  else if (refused.length > 0) notes.odd(`${list(refused)} is passed over, for it needs consent`);
  return refused.length < addresses.length;
}

function adviceFor({ kind }: ConnectionFailure, host: string): readonly string[] {
  if (kind === 'forbidden')
    return [`allowAddresses: [${rangeOf(host)}]  # if the server is meant to be there`];
  if (kind === 'proxy_refused' || kind === 'proxy')
    return [
      'proxy: { url: http://PROXY:PORT, username: NAME, password: { file: PATH } }',
      'proxy: none  # to go straight',
    ];
  return [];
}

/** Of an address, or of the name of this host. */
function rangeOf(host: string): string {
  const family = isIP(host);
  if (family === 0) return '127.0.0.0/8, ::1/128';
  return `${host}/${family === 6 ? 128 : 32}`;
}

function tellSight(sight: Sight, clock: Pick<Clock, 'now'>, notes: Notes): void {
  switch (sight.kind) {
    case 'plain':
      notes.odd('plain http: tokens and secrets travel in clear (RFC 7662 section 4 wants TLS)');
      return;
    case 'tls': {
      const { protocol, subject, issuer, validUntil } = sight;
      const days = Math.floor((validUntil.getTime() - clock.now()) / DAY_MS);
      const facts = `${protocol}, certificate of ${quoted(subject)} by ${quoted(issuer)}`;
      const end = `${validUntil.toISOString().slice(0, 10)} (${days} days)`;
      if (sight.distrust !== null) notes.broken(...distrustWords(sight.distrust, facts));
      else if (!sight.isForName)
        notes.broken(
          `${facts} is for ${sight.names.map(quoted).join(', ') || 'no name'} and not for ${sight.name}`,
          `connectTo: { host: ${sight.name}, serverName: NAME-OF-THE-CERTIFICATE }`,
        );
      else if (days < SOON_DAYS) notes.odd(`${facts} ends on ${end}`);
      else notes.fine(`${facts}, until ${end}`);
      return;
    }
    default:
      unreachable(sight);
  }
}

function distrustWords(code: string, facts: string): readonly [text: string, ...settings: string[]] {
  const told = /^[A-Z0-9_]{1,64}$/.test(code) ? code : 'unknown';
  switch (told) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return [`${facts} is signed by itself (${told})`, 'tls: { ca: PATH-OF-THIS-CERTIFICATE.pem }'];
    case 'CERT_HAS_EXPIRED':
      return [`${facts} has expired (${told}); the server must be given a new one`];
    case 'CERT_NOT_YET_VALID':
      return [`${facts} is not valid yet (${told}); look at the clocks`];
    default:
      return [
        `${facts} is of an authority that is not known here (${told})`,
        'tls: { ca: PATH-OF-THE-AUTHORITY.pem }',
      ];
  }
}

const DAY_MS = 86_400_000;
const SOON_DAYS = 14;
