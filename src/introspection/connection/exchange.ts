import { Buffer } from 'node:buffer';

import type { Dispatcher } from 'undici';

import type { Connections } from './connections.ts';
import { type ConnectionFailure, describeFailure } from './connection-failure.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  readonly body: string | null;
}

/** Names in lower case; a list where the server repeated a header. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface HttpAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: AnswerBody;
}

/** `cut`: the status is known, but the body did not come to its end. */
export type AnswerBody =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'cut'; readonly cause: 'too_large' | 'timeout' | 'lost' };

export type Exchange =
  | { readonly kind: 'answered'; readonly answer: HttpAnswer }
  /** The budget ran out before a status came. */
  | { readonly kind: 'timeout' }
  /** `wasKept`: on a connection kept alive from before, which the server may have closed just now. */
  | { readonly kind: 'failed'; readonly failure: ConnectionFailure; readonly wasKept: boolean };

export interface ExchangeLimits {
  /** Ends the exchange, wherever it is. */
  readonly signal: AbortSignal;
  /** Bytes of body that are worth reading under a status. */
  readonly bodyLimit: (status: number) => number;
}

/**
 * One HTTP request and its answer.
 *
 * In: what to send, and limits. Out: what came, or why nothing did. Settles by the signal at the latest; never rejects.
 * Never: more of a body in memory than its limit and one chunk; a connection kept after anything odd on it.
 */
export function exchange(
  connections: Connections,
  { method, path, headers, body }: HttpRequest,
  { signal, bodyLimit }: ExchangeLimits,
): Promise<Exchange> {
  return new Promise((resolve) => {
    let abort: (() => void) | null = null;
    let head: Head | null = null;
    let wasKept = false;
    let isSettled = false;

    const settle = (outcome: Exchange): void => {
      if (isSettled) return;
      isSettled = true;
      signal.removeEventListener('abort', expire);
      resolve(outcome);
      // Whatever still comes is not wanted, and a connection in the middle of an answer is of no further use.
      if (outcome.kind !== 'answered' || outcome.answer.body.kind === 'cut') abort?.();
    };
    const expire = (): void => settle(head === null ? { kind: 'timeout' } : cut(head, 'timeout'));

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(controller) {
        // The budget ended while this was waiting for a connection, which is still good for others.
        if (isSettled) throw new Ended();
        abort = () => controller.abort(new Ended());
        wasKept = !connections.isFresh();
      },
      onResponseStart(_controller, status, answerHeaders) {
        if (status < 200) return;
        const limit = bodyLimit(status);
        head = { status, headers: answerHeaders, gathered: createGathered(limit) };
        if (Number(answerHeaders['content-length'] ?? 0) > limit) settle(cut(head, 'too_large'));
      },
      onResponseData(_controller, chunk) {
        if (head !== null && !head.gathered.add(chunk)) settle(cut(head, 'too_large'));
      },
      onResponseEnd() {
        if (head !== null) settle(answered(head, { kind: 'whole', bytes: head.gathered.bytes() }));
      },
      onResponseError(_controller, error) {
        settle(
          head === null ? { kind: 'failed', failure: describeFailure(error), wasKept } : cut(head, 'lost'),
        );
      },
    };

    signal.addEventListener('abort', expire, { once: true });
    if (signal.aborted) expire();
    else connections.dispatch({ method, path, headers: [...headers], body }, handler);
  });
}

interface Head {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly gathered: Gathered;
}

function cut(head: Head, cause: 'too_large' | 'timeout' | 'lost'): Exchange {
  return answered(head, { kind: 'cut', cause });
}

function answered({ status, headers }: Head, body: AnswerBody): Exchange {
  return { kind: 'answered', answer: { status, headers, body } };
}

/** A body as far as it has come. */
interface Gathered {
  /** False when the limit is passed; the chunk is dropped then. */
  add(chunk: Buffer): boolean;
  bytes(): Buffer;
}

function createGathered(limit: number): Gathered {
  const chunks: Buffer[] = [];
  let size = 0;
  return {
    add(chunk) {
      size += chunk.length;
      if (size > limit) return false;
      chunks.push(chunk);
      return true;
    },
    bytes() {
      const [only, ...more] = chunks;
      return only !== undefined && more.length === 0 ? only : Buffer.concat(chunks);
    },
  };
}

/** Why we ended an exchange ourselves; the library wants an error for it. */
class Ended extends Error {}
