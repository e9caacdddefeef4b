import type { Buffer } from 'node:buffer';
import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';

import { type EpochMilliseconds, epochMilliseconds } from '../../../domain/index.ts';
import type { CheckHandler } from '../check-handler.ts';
import type { Health } from '../health.ts';
import { TRANSPORT_LIMITS } from '../limits.ts';
import { loadServiceDefinitions } from '../service-definitions.ts';
import { readGrpcTimeout } from './grpc-timeout.ts';
import { sendAnswer } from './http2-answer.ts';
import { healthCalls, type TakeMessage } from './http2-health.ts';
import { receiveMessage } from './receive-message.ts';
import { failCall, refuseRequest, RPC_FAILURES, type RpcFailure } from './rpc-failure.ts';

/** The calls on all connections of a door. */
export interface Http2Calls {
  readonly take: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;
  /** No more calls will come. */
  end(): void;
}

export interface Http2CallsParts {
  readonly handler: CheckHandler;
  readonly health: Health;
  /** Whether the caller may ask; whoever may not is denied. */
  readonly isFromAllowed: (stream: ServerHttp2Stream) => boolean;
}

/** A message that is not there by then is not waited for: slow senders must not pile up (T-61). */
const RECEIVE_WITHIN_MS = 30_000;
const SWEEP_EVERY_MS = 5_000;

export function createHttp2Calls({ handler, health, isFromAllowed }: Http2CallsParts): Http2Calls {
  const { authorization, health: healthMethods } = loadServiceDefinitions();
  const checkPath = authorization.Check.path;
  const otherCalls = healthCalls(health, healthMethods);

  /** Streams whose message has not come whole yet, and since when. */
  const receiving = new Map<ServerHttp2Stream, number>();
  const sweep = setInterval(dropSlowOnes, SWEEP_EVERY_MS);
  sweep.unref();

  return {
    take(stream, headers) {
      // An error ends its stream, which is what 'close' tells.
      stream.on('error', () => undefined);
      try {
        begin(stream, headers);
      } catch {
        failCall(stream, RPC_FAILURES.crashed);
      }
    },
    end: () => clearInterval(sweep),
  };

  function begin(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const path = headers[':path'];
    const deadline = deadlineOf(headers['grpc-timeout']);
    if (headers[':method'] !== 'POST') refuseRequest(stream, 405);
    else if (!isGrpc(headers['content-type'])) refuseRequest(stream, 415);
    else if (deadline === 'malformed') failCall(stream, RPC_FAILURES.badTimeout);
    else if (path === checkPath) receive(stream, (_stream, message) => check(stream, message, deadline));
    else beginOther(stream, path ?? '');
  }

  function beginOther(stream: ServerHttp2Stream, path: string): void {
    const take = otherCalls.get(path);
    if (take === undefined) failCall(stream, RPC_FAILURES.unknownMethod);
    else receive(stream, take);
  }

  function receive(stream: ServerHttp2Stream, take: TakeMessage): void {
    receiving.set(stream, performance.now());
    stream.once('close', () => receiving.delete(stream));
    receiveMessage(
      stream,
      TRANSPORT_LIMITS.message,
      (message) => {
        receiving.delete(stream);
        takeSafely(stream, message, take);
      },
      (failure) => giveUp(stream, failure),
    );
  }

  function check(stream: ServerHttp2Stream, message: Buffer, deadline: EpochMilliseconds | null): void {
    if (!isFromAllowed(stream)) {
      handler.refuse('peer_untrusted', (answer) => sendAnswer(stream, answer));
      return;
    }
    const open = handler.handle(message, deadline, (answer) => sendAnswer(stream, answer));
    // Also at the end of an answered call, which `leave` then makes nothing of.
    if (open !== null) stream.once('close', () => open.leave());
  }

  function dropSlowOnes(): void {
    const before = performance.now() - RECEIVE_WITHIN_MS;
    for (const [stream, since] of receiving) {
      // In order of arrival: those behind are younger.
      if (since > before) return;
      giveUp(stream, RPC_FAILURES.neverEnded);
    }
  }

  function giveUp(stream: ServerHttp2Stream, failure: RpcFailure): void {
    receiving.delete(stream);
    failCall(stream, failure);
  }
}

/** Bytes of a peer that cannot be read are its own failure. */
function takeSafely(stream: ServerHttp2Stream, message: Buffer, take: TakeMessage): void {
  try {
    take(stream, message);
  } catch {
    failCall(stream, RPC_FAILURES.crashed);
  }
}

function isGrpc(contentType: string | undefined): boolean {
  if (contentType === 'application/grpc') return true;
  return contentType !== undefined && /^application\/grpc(\+proto)?(;|$)/i.test(contentType);
}

function deadlineOf(timeout: string | string[] | undefined): EpochMilliseconds | null | 'malformed' {
  if (timeout === undefined) return null;
  const given = typeof timeout === 'string' ? readGrpcTimeout(timeout) : null;
  return given === null ? 'malformed' : epochMilliseconds(Math.floor(Date.now() + given));
}
