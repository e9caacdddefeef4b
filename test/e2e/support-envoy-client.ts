/** A client of one front, and what it may expect: Gatehouse's answers as they look behind Envoy. */
import { expect } from '@jest/globals';

import { askOverHttp2, type SeenOverHttp2 } from './support-envoy-http2.ts';
import {
  askThrough,
  HOST,
  type Asked,
  type Scene,
  type Seen,
  type TokenName,
} from './support-envoy-scene.ts';

export interface ClientOfFront {
  readonly scene: () => Scene;
  readonly front: string;
  /** The gRPC service alone carries dynamic metadata. */
  readonly metadata: boolean;
}

export interface AnyClient {
  readonly metadata: boolean;
  readonly send: (asked: Asked) => Promise<Seen>;
  readonly sendOverHttp2: (
    fields: readonly string[],
    place?: { readonly path: string; readonly authority: string },
  ) => Promise<SeenOverHttp2>;
  readonly tokenOf: (name: TokenName) => string;
  /** Status, challenge and body of this denial, and nothing at the upstream. */
  readonly expectDenied: (denial: Denial, asked: Asked) => Promise<Seen>;
  /** 200, and the request at the upstream. */
  readonly expectAllowed: (asked: Asked) => Promise<Passed>;
}

export interface Passed extends Seen {
  readonly upstream: NonNullable<Seen['upstream']>;
}

export type Denial = 'required' | 'ambiguous' | 'invalid' | 'insufficient' | 'forbidden' | 'malformed';

export const BEARER = 'Bearer realm="gatehouse"';
const challenge = (error: string): RegExp => new RegExp(`^${BEARER}, error="${error}", error_description="`);

const DENIALS: Record<Denial, { status: number; challenge: string | RegExp | null; body: string }> = {
  required: { status: 401, challenge: BEARER, body: 'The authorization token is required' },
  ambiguous: {
    status: 400,
    challenge: challenge('invalid_request'),
    body: 'The authorization header is malformed',
  },
  invalid: { status: 401, challenge: challenge('invalid_token'), body: 'The provided token is inactive' },
  insufficient: {
    status: 403,
    challenge: challenge('insufficient_scope'),
    body: 'The provided token is not sufficient for this resource',
  },
  forbidden: {
    status: 403,
    challenge: null,
    body: 'The provided token is not sufficient for this resource',
  },
  malformed: { status: 400, challenge: null, body: 'The authorization header is malformed' },
};

export function createClient({ scene, front, metadata }: ClientOfFront): AnyClient {
  const send = (asked: Asked): Promise<Seen> => askThrough(scene(), front, asked);
  return {
    metadata,
    send,
    sendOverHttp2: (fields, place = { path: '/orders/1', authority: HOST }) =>
      askOverHttp2(scene(), front, place, fields),
    tokenOf: (name) => scene().token(name),

    async expectDenied(denial, asked) {
      const seen = await send(asked);
      const { status, challenge: wanted, body } = DENIALS[denial];
      expect({ status: seen.reply.status, body: seen.reply.body }).toEqual({ status, body });
      if (wanted === null) expect(seen.reply.headers).not.toHaveProperty('www-authenticate');
      else if (wanted instanceof RegExp) expect(seen.reply.headers['www-authenticate']).toMatch(wanted);
      else expect(seen.reply.headers['www-authenticate']).toBe(wanted);
      expect(seen.reply.headers['cache-control']).toBe('no-store');
      expect(seen.upstream).toBeNull();
      return seen;
    },

    async expectAllowed(asked) {
      const seen = await send(asked);
      expect({ status: seen.reply.status, body: seen.reply.status === 200 ? '' : seen.reply.body }).toEqual({
        status: 200,
        body: '',
      });
      if (seen.upstream === null) throw new Error('the upstream saw nothing');
      return { ...seen, upstream: seen.upstream };
    },
  };
}
