import type { ClientContext, Secret } from '../../domain/index.ts';
import { formEncode } from '../question/form-encode.ts';

/** Another way to say the same about who we are. */
export interface OtherWay {
  readonly client: ClientContext;
  /** The setting that chooses it. */
  readonly setting: string;
}

/**
 * Ways of authentication that servers with habits of their own may want, at the same endpoint and with the same secret.
 *
 * Never: a server other than the one that the settings name; more than a handful.
 */
export function otherWays(client: ClientContext, endpoint: string, method: string): readonly OtherWay[] {
  // The endpoint is known, and what the metadata says about it plays no part in a trial.
  const there = { ...client, introspection: { ...client.introspection, endpoint } };
  const { authentication } = client;
  if ('assertion' in authentication) {
    const { assertion } = authentication;
    const differing = (setting: string, change: Partial<typeof assertion>): OtherWay => {
      const changed = { ...authentication, assertion: { ...assertion, ...change } };
      return { setting: `auth: { …, ${setting} }`, client: { ...there, authentication: changed } };
    };
    return [
      differing('sendClientId: true', { sendClientId: true }),
      differing('typ: JWT', { type: 'JWT' }),
      differing('audience: introspection_endpoint', { audience: 'introspection_endpoint' }),
    ];
  }
  if (!('secret' in authentication)) return [];
  const { secret } = authentication;
  return [
    ...(method === 'client_secret_post' ? [] : [postWay(there, secret)]),
    ...(method === 'client_secret_basic' ? [] : [basicWay(there, secret)]),
    ...(isPlain(client.clientId) && isPlain(secret.reveal()) ? [] : [rawWay(there, secret)]),
  ];
}

function postWay(client: ClientContext, secret: Secret): OtherWay {
  return {
    setting: 'auth: client_secret_post',
    client: { ...client, authentication: { method: 'client_secret_post', secret } },
  };
}

function basicWay(client: ClientContext, secret: Secret): OtherWay {
  return {
    setting: 'auth: client_secret_basic',
    client: { ...client, authentication: { method: 'client_secret_basic', secret, encoding: 'form' } },
  };
}

function rawWay(client: ClientContext, secret: Secret): OtherWay {
  return {
    setting: 'auth: { method: client_secret_basic, encoding: raw }',
    client: { ...client, authentication: { method: 'client_secret_basic', secret, encoding: 'raw' } },
  };
}

/** Whether encoding changes nothing, so that raw is the same. */
function isPlain(text: string): boolean {
  return formEncode(text) === text;
}
