import { succeed } from '../../domain/index.ts';
import { parseAddressRange } from '../../matching/index.ts';
import { hostPattern } from './addresses.ts';
import { flawOfHeaderName, method, pathPattern } from './http-words.ts';
import { optional } from './key.ts';
import { parsed } from './parsed.ts';
import { flawOfText, group, list, mapOf, oneOrMore, text } from './texts.ts';

/** Which requests a route or a client is for. */
export function match() {
  return group({
    hosts: optional(
      list(hostPattern()),
      'Exact names, or `*.example.com` for everything below `example.com`. Never with a port.',
      'any',
    ),
    paths: optional(
      list(pathPattern()),
      'Exact paths; `*` is one segment, `{id}` one with a name, `**` at the end the path itself and everything below it.',
      'any',
    ),
    methods: optional(list(method()), 'Methods; `GET` covers `HEAD`.', 'any'),
    headers: optional(
      mapOf(flawOfHeaderName, oneOrMore(text(), { least: 1 })),
      'Each header must be there exactly once, with one of the values.',
      'any',
    ),
    context: optional(
      mapOf(flawOfText, oneOrMore(text(), { least: 1 })),
      "Each entry of Envoy's `context_extensions` must have one of the values. HTTP doors have none.",
      'any',
    ),
    serverNames: optional(
      list(hostPattern()),
      "Server names of the client's TLS handshake with Envoy, in the form of `hosts`; `include_tls_session` must be on " +
        'there. HTTP doors have none.',
      'any',
    ),
    routeMetadata: optional(
      mapOf(flawOfText, mapOf(flawOfText, oneOrMore(text(), { least: 1 }))),
      "By namespace and name: each entry of the metadata of Envoy's route must have one of the values; the namespace " +
        'must be among `route_metadata_context_namespaces` there. HTTP doors have none.',
      'any',
    ),
    filterMetadata: optional(
      mapOf(flawOfText, mapOf(flawOfText, oneOrMore(text(), { least: 1 }))),
      'The same of dynamic metadata that filters before us set; the namespace must be among ' +
        '`metadata_context_namespaces` there. HTTP doors have none.',
      'any',
    ),
    clientAddresses: optional(
      list(clientRange()),
      "Ranges, one of which must hold the client's address, as `clientAddress.trustedHops` finds it.",
      'any',
    ),
    peerPrincipals: optional(
      list(text()),
      "URI, DNS name or subject of the client's certificate at Envoy, exactly. HTTP doors have none.",
      'any',
    ),
  });
}

/** As rules compare addresses: an IPv4 address within IPv6 is an IPv4 address there. */
function clientRange() {
  return parsed({ type: 'an address range' }, (range) => {
    const read = parseAddressRange(range);
    return read.ok ? succeed(range) : read;
  });
}
