import { addressRange, listenAddress } from './addresses.ts';
import { headerName, pathPrefix } from './http-words.ts';
import { optional, required, standard } from './key.ts';
import { parsed } from './parsed.ts';
import { duration, wholeNumber } from './quantities.ts';
import { certificateFile, flawOfHeaderValue, flawOfOperatorSecret, keyFile, secret } from './references.ts';
import { anyList, choice, group, list, oneOrMore, unless, yesOrNo } from './texts.ts';

export function listen() {
  return group({
    grpc: standard(
      oneOrMore(grpcDoor(), { least: 0 }),
      {},
      'The gRPC door (`envoy.service.auth.v3.Authorization`), or a list of them; `[]` opens none.',
    ),
    http: standard(
      anyList(httpDoor()),
      [],
      'HTTP doors for sub-requests, any number. Every path on such a port is a check.',
    ),
    health: optional(
      group({ address: required(listenAddress(), 'Where probes ask.') }),
      '`/livez` and `/readyz` for probes, nothing else.',
      'not open',
    ),
    admin: standard(
      adminDoor(),
      {},
      "The operator's door: `/metrics`, `/status`, `/livez`, `/readyz`, and actions. Keep it away from callers.",
    ),
  });
}

function grpcDoor() {
  return group({
    address: standard(listenAddress(), '127.0.0.1:9001', 'Where it listens; port 0 takes any free one.'),
    plaintext: plaintext(),
    transport: standard(
      choice(['grpc-js', 'http2']),
      'grpc-js',
      'What carries gRPC: the library of the gRPC project, or node:http2 directly, which costs about half.',
    ),
    tls: optional(doorTls(), 'Certificate of the door.', 'plain'),
  });
}

function httpDoor() {
  return group({
    address: required(listenAddress(), 'Where it listens; port 0 takes any free one.'),
    profile: required(
      choice(['nginx', 'ingress-nginx', 'envoy', 'traefik', 'caddy', 'haproxy', 'apisix']),
      'Which front asks here: what carries the original request, and how it is answered.',
    ),
    pathPrefix: standard(pathPrefix(), '', 'Cut from the front of the path; for the profile `envoy` only.'),
    plaintext: plaintext(),
    trustedPeers: standard(
      anyList(addressRange()),
      ['127.0.0.1/32', '::1/128'],
      'Ranges of the fronts that may ask. A unix socket is trusted by its file mode.',
    ),
    secretHeader: optional(
      group({
        name: required(headerName(), 'Name of the header.'),
        value: required(secret(flawOfHeaderValue), 'What it must hold.'),
      }),
      'A header that every sub-request must carry, which proves that it comes from the front.',
      'none is asked for',
    ),
    timeout: standard(
      duration({ min: '10ms', max: '1m' }),
      '2s',
      'The longest a check may wait at this door.',
    ),
    connections: standard(
      wholeNumber({ min: 16, max: 1_000_000 }),
      4096,
      'Connections that are open at once; further ones are closed. 64 of them at most are for peers outside `trustedPeers`.',
    ),
    tls: optional(doorTls(), 'Certificate of the door.', 'plain'),
  });
}

function adminDoor() {
  return group({
    address: standard(listenAddress(), '127.0.0.1:9003', 'Where it listens; port 0 takes any free one.'),
    tls: optional(doorTls(), 'Certificate of the door.', 'plain'),
    auth: optional(
      group({
        bearer: required(
          secret(flawOfOperatorSecret),
          'Secret of at least 16 characters that must come as `Authorization: Bearer …`; `openssl rand -hex 32` makes one.',
        ),
      }),
      'What an operator must show for `/metrics`, `/status` and for actions; see [forgetting](../eviction.md).',
      'the pages are open as the door is, and actions need `tls.clientCa`',
    ),
  });
}

function doorTls() {
  return group({
    cert: required(
      certificateFile(),
      'PEM file with the certificate and its chain. Reloaded when it changes.',
    ),
    key: required(keyFile(), 'PEM file with its private key.'),
    clientCa: optional(
      certificateFile(),
      'PEM file of the authorities one of which must have signed the certificate of every caller.',
      'callers need no certificate',
    ),
    allowedPeers: optional(
      list(peerName()),
      'URI or DNS names, one of which must be in the certificate of a caller, byte for byte. Whoever has another certificate of `clientCa` is denied.',
      'any from `clientCa`',
    ),
  });
}

/** A name as it stands in a certificate. */
function peerName() {
  return parsed({ type: 'a URI or a DNS name' }, (value) => unless(flawOfPeerName(value), value));
}

function flawOfPeerName(value: string): string | null {
  if (/^[A-Za-z][A-Za-z0-9+.-]*:[\x21-\x7e]+$/.test(value)) return null;
  if (/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(value)) return null;
  return 'is neither a URI, such as spiffe://cluster.local/ns/gateway/sa/envoy, nor a DNS name without wildcards';
}

function plaintext() {
  return standard(yesOrNo(), false, '`true` permits a plain listener that others than this host can reach.');
}
