import { optional } from './key.ts';
import { anyList, group, text } from './texts.ts';
import { httpUrl } from './urls.ts';

/** Members of a metadata document that we use, by their own names (RFC 8414, RFC 8705, RFC 9701). */
export function metadataOverrides() {
  return group({
    introspection_endpoint: optional(httpUrl(), 'Where tokens are asked about.', OWN),
    token_endpoint: optional(httpUrl(), 'Where access tokens of our own are issued.', OWN),
    jwks_uri: optional(httpUrl(), 'Where the keys of signed answers are.', OWN),
    introspection_endpoint_auth_methods_supported: optional(
      anyList(text()),
      'How clients may authenticate.',
      OWN,
    ),
    introspection_endpoint_auth_signing_alg_values_supported: optional(
      anyList(text()),
      'Algorithms of assertions.',
      OWN,
    ),
    introspection_signing_alg_values_supported: optional(
      anyList(text()),
      'Algorithms of signed answers.',
      OWN,
    ),
    introspection_encryption_alg_values_supported: optional(
      anyList(text()),
      'Algorithms that encrypt the keys of answers.',
      OWN,
    ),
    introspection_encryption_enc_values_supported: optional(
      anyList(text()),
      'Algorithms that encrypt answers.',
      OWN,
    ),
    mtls_endpoint_aliases: optional(
      group({
        introspection_endpoint: optional(httpUrl(), 'Where tokens are asked about.', OWN),
        token_endpoint: optional(httpUrl(), 'Where access tokens of our own are issued.', OWN),
      }),
      'Endpoints for clients that show a certificate.',
      OWN,
    ),
  });
}

const OWN = 'as the document says';
