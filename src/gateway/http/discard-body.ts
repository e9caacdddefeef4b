import type { IncomingMessage } from 'node:http';

/** Above what any front buffers for a check. */
const DISCARDED_MAX = 16 * 1024 * 1024;

/**
 * Lets the body of a check run to waste: no rule reads it, and unread it would block the connection for the next check.
 * One without an end ends the connection instead.
 */
export function discardBody(request: IncomingMessage): void {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === '0')) return;

  let discarded = 0;
  request.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > DISCARDED_MAX) request.destroy();
  });
}
