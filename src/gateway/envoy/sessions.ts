import { constants, type Http2Session } from 'node:http2';

import type { Milliseconds, Randomness } from '../../domain/index.ts';

/**
 * Ends HTTP/2 connections so that no check is lost with them.
 *
 * grpc-js, like `session.close()` of Node, names the last stream it has seen when it says goodbye; a check that is
 * on its way at that moment is refused, which Envoy takes for an error and `failure_mode_allow` for an allow. So a
 * notice goes first that names no stream (RFC 9113 section 6.8), and the goodbye follows when the peer has
 * answered a ping, after which it starts nothing new here.
 */
export interface Sessions {
  readonly add: (session: Http2Session) => void;
  /** Says goodbye to every peer. Settles when the last connection has ended. */
  retireAll(): Promise<void>;
}

export interface SessionSettings {
  readonly age: Milliseconds;
  readonly ageGrace: Milliseconds;
}

// A peer that answers no pings is not waited for.
const NOTICE_MS = 1_000;
const NO_STREAM = 2 ** 31 - 1;

export function createSessions(
  { randomness }: { readonly randomness: Pick<Randomness, 'fraction'> },
  { age, ageGrace }: SessionSettings,
): Sessions {
  const sessions = new Set<Http2Session>();

  return {
    add(session) {
      sessions.add(session);
      const jitter = 0.9 + 0.2 * randomness.fraction();
      const timer = setTimeout(() => {
        void retire(session);
        setTimeout(() => session.destroy(), ageGrace).unref();
      }, age * jitter);
      timer.unref();
      session.once('close', () => {
        sessions.delete(session);
        clearTimeout(timer);
      });
    },
    async retireAll() {
      await Promise.all([...sessions].map(retire));
    },
  };
}

function retire(session: Http2Session): Promise<void> {
  return new Promise((resolve) => {
    if (session.destroyed) {
      resolve();
      return;
    }
    session.once('close', resolve);
    const timer = setTimeout(() => session.close(), NOTICE_MS);
    session.once('close', () => clearTimeout(timer));
    try {
      session.goaway(constants.NGHTTP2_NO_ERROR, NO_STREAM);
      session.ping(() => session.close());
    } catch {
      // Already on its way out.
      session.close();
    }
  });
}
