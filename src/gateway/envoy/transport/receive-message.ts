import { Buffer } from 'node:buffer';

import { RPC_FAILURES, type RpcFailure } from './rpc-failure.ts';

/** A byte that says whether the message is compressed, and four with its length. */
export const PREFIX_LENGTH = 5;

/** The part of a stream that brings bytes. */
export interface MessageBody {
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
}

/**
 * Takes in the one message of a unary call ("Length-Prefixed-Message" of the gRPC protocol), however its bytes are
 * split over DATA frames.
 *
 * Calls back once: with the message when the caller has ended its side, or with a failure as soon as it is certain.
 * Never: a buffer of the length that was only announced; more bytes kept than `maxLength` and a prefix.
 */
export function receiveMessage(
  stream: MessageBody,
  maxLength: number,
  received: (message: Buffer) => void,
  failed: (failure: RpcFailure) => void,
): void {
  /** Nearly always the one chunk that there is. */
  let whole: Buffer | null = null;
  let more: Buffer[] | null = null;
  let length = 0;
  let isSettled = false;

  stream.on('data', (chunk: Buffer) => {
    if (isSettled) return;
    length += chunk.length;
    if (whole === null) whole = chunk;
    else (more ??= [whole]).push(chunk);
    if (whole.length >= PREFIX_LENGTH) judge(whole);
    else if (more !== null && length >= PREFIX_LENGTH) {
      whole = Buffer.concat(more, length);
      more = null;
      judge(whole);
    }
  });
  stream.on('end', () => {
    if (isSettled) return;
    isSettled = true;
    const bytes = more === null ? whole : Buffer.concat(more, length);
    if (bytes === null || length < PREFIX_LENGTH || length !== PREFIX_LENGTH + bytes.readUInt32BE(1)) {
      failed(RPC_FAILURES.noMessage);
    } else received(bytes.subarray(PREFIX_LENGTH));
  });

  /** By what is known already: the prefix, and how many bytes there are. */
  function judge(start: Buffer): void {
    const announced = start.readUInt32BE(1);
    if (start[0] !== 0) settle(RPC_FAILURES.compressed);
    else if (announced > maxLength) settle(RPC_FAILURES.tooLarge);
    else if (length > PREFIX_LENGTH + announced) settle(RPC_FAILURES.severalMessages);
  }

  function settle(failure: RpcFailure): void {
    isSettled = true;
    whole = null;
    more = null;
    failed(failure);
  }
}
