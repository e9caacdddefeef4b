import { z } from 'zod';
import { flawOfSigningKey } from '../signing-key.ts';
import { scopeToken } from './http-words.ts';
import { kindWords, optional, standard } from './key.ts';
import { duration } from './quantities.ts';
import { flawOfBearerToken, secret } from './references.ts';
import { anyList, anyText, choice, flawOfText, group, mapOf, oneOrMore, text, yesOrNo } from './texts.ts';
import { httpUrl } from './urls.ts';

/** `client_secret_basic`, or a map that says more. What goes with which method is checked in checks/authentication.ts. */
export function authentication() {
  const schema = z.union([method(), long()]);
  kindWords.add(schema, { type: 'the name of a method, or a map' });
  return schema;
}

function method() {
  return choice([
    'client_secret_basic',
    'client_secret_post',
    'client_secret_jwt',
    'private_key_jwt',
    'tls_client_auth',
    'self_signed_tls_client_auth',
    'bearer',
    'none',
  ]);
}

function long() {
  return group({
    method: optional(method(), 'How we authenticate.', '`private_key_jwt` where a `key` is given'),
    encoding: optional(
      choice(['form', 'raw']),
      'Of `client_secret_basic`: `raw` is for servers that take id and secret as they are, not form-encoded.',
      '`form`',
    ),
    key: optional(
      signingKey(),
      'Of `private_key_jwt`: the private key, in a PEM file or as one JWK. Read again when it changes.',
      'needed with `private_key_jwt`',
    ),
    kid: optional(text(), 'Of `private_key_jwt`: name of the key there.', 'that of the JWK, or none'),
    alg: optional(
      choice(ALGORITHMS),
      'Of the assertion: its algorithm.',
      'the first that goes with the key and that the metadata lists',
    ),
    audience: optional(
      choice(['issuer', 'token_endpoint', 'introspection_endpoint']),
      'Of the assertion: whom it is for. The endpoints are for old servers, with a warning.',
      '`issuer`',
    ),
    typ: optional(
      choice(['client-authentication+jwt', 'JWT', 'none']),
      'Of the assertion: its type; `none` sends no type.',
      '`client-authentication+jwt`',
    ),
    lifetime: optional(
      duration({ min: '5s', max: '10m' }),
      'Of the assertion: how long it is valid. Each is used once.',
      '`60s`',
    ),
    sendClientId: optional(
      yesOrNo(),
      'Of the assertion: `true` sends `client_id` beside it, which some servers need.',
      '`false`',
    ),
    token: optional(
      secret(flawOfBearerToken),
      'Of `bearer`: the access token. Read again when it changes.',
      'with `clientCredentials`',
    ),
    clientCredentials: optional(
      clientCredentials(),
      'Of `bearer`: an access token is fetched with `clientId` and `clientSecret` and renewed before it ends.',
      'with `token`',
    ),
  });
}

function clientCredentials() {
  return group({
    endpoint: optional(httpUrl(), 'Where it is fetched.', '`token_endpoint` of the metadata'),
    method: optional(
      choice(['client_secret_basic', 'client_secret_post']),
      'How we authenticate there.',
      'basic, else post, as the metadata allows',
    ),
    encoding: standard(
      choice(['form', 'raw']),
      'form',
      'Of basic: `raw` is for servers that take id and secret as they are, not form-encoded.',
    ),
    scopes: standard(anyList(scopeToken()), [], 'Scopes to ask for.'),
    params: standard(
      mapOf(flawOfText, oneOrMore(anyText(), { least: 1 })),
      {},
      'Extra form parameters, such as `resource` or `audience`. A list repeats the parameter.',
    ),
  });
}

function signingKey() {
  return secret(flawOfSigningKey);
}

const ALGORITHMS = [
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
  'PS256',
  'PS384',
  'PS512',
  'RS256',
  'RS384',
  'RS512',
  'HS256',
  'HS384',
  'HS512',
] as const;
