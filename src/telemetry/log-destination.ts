import { writeSync } from 'node:fs';

import { bytes, type Bytes } from '../domain/index.ts';

/** Where log lines go. */
export interface LogDestination {
  /** Never waits and never throws. The line ends in a newline. */
  write(line: string): void;
  /** Writes what is left; returns when that is done or clearly cannot be. For the end of the process. */
  flush(): void;
  /** Lines thrown away so far. */
  readonly dropped: number;
}

const WAITING_MAX = bytes(8 * 1024 * 1024);
const RETRY_MS = 20;
const FLUSH_ATTEMPTS_MAX = 50;

/**
 * Standard output. Asking `process.stdout` for its number is what makes Node put a pipe or a socket into
 * non-blocking mode; a file or a terminal takes what it is given.
 */
export function openStandardOutput(): LogDestination {
  return openLogDestination(process.stdout.fd, { maxWaiting: WAITING_MAX });
}

/**
 * Writes lines to a file descriptor that does not block.
 *
 * In: lines. Out: the same lines, whole and in order, or not at all. Never: a wait for a slow reader, an exception,
 * more than `maxWaiting` in memory.
 *
 * In place of pino's asynchronous destination: that one cannot end the process once the reader of a pipe has gone
 * (its `flushSync` repeats for ever) or stands still (a write in the thread pool holds `process.exit`). A write that
 * does not block costs some two microseconds.
 */
export function openLogDestination(
  fd: number,
  { maxWaiting }: { readonly maxWaiting: Bytes },
): LogDestination {
  /** What the reader had no room for yet, oldest first; the first may be the rest of a line. */
  const waiting: Buffer[] = [];
  let waitingBytes = 0;
  let dropped = 0;
  let isGone = false;
  let timer: NodeJS.Timeout | null = null;

  return {
    write(line) {
      const all = Buffer.from(line);
      const rest = waiting.length === 0 ? attempt(all) : all;
      if (rest !== null) keep(rest, all.length);
    },
    flush() {
      for (let attempts = 0; attempts < FLUSH_ATTEMPTS_MAX && !writeWaiting(); attempts += 1) sleep(RETRY_MS);
      dropped += waiting.length;
      forgetWaiting();
    },
    get dropped() {
      return dropped;
    },
  };

  /** What is left to be written; `null` when nothing is. */
  function attempt(all: Buffer): Buffer | null {
    if (!isGone) {
      try {
        const written = writeSync(fd, all);
        return written === all.length ? null : all.subarray(written);
      } catch (cause) {
        const code = codeOf(cause);
        if (code === 'EAGAIN' || code === 'EBUSY') return all;
        // Nobody will ever read again; others, such as a full disk, may pass.
        isGone = code === 'EPIPE' || code === 'EBADF';
      }
    }
    dropped += 1;
    return null;
  }

  function keep(rest: Buffer, lineLength: number): void {
    // A line that was begun is finished, so that none is ever cut in two.
    const isBegun = rest.length < lineLength;
    if (!isBegun && waitingBytes + rest.length > maxWaiting) {
      dropped += 1;
      return;
    }
    waiting.push(rest);
    waitingBytes += rest.length;
    timer ??= setTimeout(retry, RETRY_MS).unref();
  }

  function retry(): void {
    timer = writeWaiting() ? null : setTimeout(retry, RETRY_MS).unref();
  }

  /** True when nothing is left. */
  function writeWaiting(): boolean {
    let done = 0;
    for (const line of waiting) {
      const rest = attempt(line);
      if (rest !== null) {
        waiting[done] = rest;
        break;
      }
      done += 1;
    }
    waiting.splice(0, done);
    waitingBytes = waiting.reduce((sum, line) => sum + line.length, 0);
    return waiting.length === 0;
  }

  function forgetWaiting(): void {
    waiting.length = 0;
    waitingBytes = 0;
  }
}

function codeOf(cause: unknown): unknown {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : null;
}

function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
