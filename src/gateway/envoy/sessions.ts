import type { ServerHttp2Session } from 'node:http2';

import { type Milliseconds, milliseconds, type Randomness } from '../../domain/index.ts';

/**
 * Ends HTTP/2 connections, each in a moment when nothing is going on there.
 *
 * The goodbye of node:http2 refuses every stream that the server has not seen yet: a check that is on its way just
 * then is refused, which Envoy takes for an error and `failure_mode_allow` for an allow. The notice that would
 * prevent it (RFC 9113 section 6.8) cannot be sent from here: after a GOAWAY of any kind the HTTP/2 library ignores
 * new streams. So we wait for a pause; where none comes, `retry_on: refused-stream` in Envoy's `grpc_service` asks
 * again, and `max_connection_duration` on its cluster lets Envoy end connections itself, which loses nothing.
 */
export interface Sessions {
  readonly add: (session: ServerHttp2Session) => void;
  /** Says goodbye to every peer, waiting so long at most for a pause. Settles when the last connection has ended. */
  retireAll(patience: Milliseconds): Promise<void>;
}

export interface SessionSettings {
  readonly age: Milliseconds;
  /** From then on a pause is waited for half of this; what is open when it is over is cut off. */
  readonly ageGrace: Milliseconds;
}

export function createSessions(
  { randomness }: { readonly randomness: Pick<Randomness, 'fraction'> },
  { age, ageGrace }: SessionSettings,
): Sessions {
  const sessions = new Set<ServerHttp2Session>();

  return {
    add(session) {
      sessions.add(session);
      // Not all at once, when many gateways have connected at the same time.
      const ageTimer = setTimeout(endOfAge, age * (0.9 + 0.2 * randomness.fraction()), session);
      ageTimer.unref();
      session.once('close', () => {
        sessions.delete(session);
        clearTimeout(ageTimer);
      });
    },
    async retireAll(patience) {
      await Promise.all([...sessions].map((session) => retire(session, patience)));
    },
  };

  function endOfAge(session: ServerHttp2Session): void {
    void retire(session, milliseconds(ageGrace / 2));
    setTimeout(() => session.destroy(), ageGrace).unref();
  }
}

// Longer than a check needs from the gateway to here, shorter than a pause between two of a quiet gateway.
const PAUSE_MS = 25;

/** Settles when the connection has ended. */
function retire(session: ServerHttp2Session, patience: Milliseconds): Promise<void> {
  return new Promise((resolve) => {
    if (session.destroyed) {
      resolve();
      return;
    }
    const pause = setTimeout(sayGoodbye, PAUSE_MS);
    const endOfPatience = setTimeout(sayGoodbye, patience);
    // Streams that are open already do not count: `close` waits for them.
    const noteStream = (): void => void pause.refresh();
    session.on('stream', noteStream);
    session.once('close', () => {
      sayGoodbye();
      resolve();
    });

    function sayGoodbye(): void {
      clearTimeout(pause);
      clearTimeout(endOfPatience);
      session.removeListener('stream', noteStream);
      session.close();
    }
  });
}
