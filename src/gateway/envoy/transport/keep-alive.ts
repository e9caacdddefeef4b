import type { ServerHttp2Session } from 'node:http2';

import type { ConnectionLimits } from '../limits.ts';

/** Asks a peer now and then whether it is still there, and lets go of one that is not. */
export function keepAlive(
  session: ServerHttp2Session,
  { keepalive, keepaliveTimeout }: ConnectionLimits,
): void {
  let patience: NodeJS.Timeout | null = null;
  const turns = setInterval(() => {
    if (session.destroyed || patience !== null) return;
    patience = setTimeout(() => session.destroy(), keepaliveTimeout);
    patience.unref();
    const wasSent = session.ping(() => stopWaiting());
    if (!wasSent) stopWaiting();
  }, keepalive);
  turns.unref();
  session.once('close', () => {
    clearInterval(turns);
    stopWaiting();
  });

  function stopWaiting(): void {
    if (patience !== null) clearTimeout(patience);
    patience = null;
  }
}
