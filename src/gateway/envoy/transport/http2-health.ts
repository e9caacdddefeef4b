import type { Buffer } from 'node:buffer';
import type { ServerHttp2Stream } from 'node:http2';

import type { ServiceDefinition } from '@grpc/grpc-js';

import type { Health, HealthStatus } from '../health.ts';
import { beginAnswer, framed, sendAnswer } from './http2-answer.ts';
import { failCall, RPC_FAILURES } from './rpc-failure.ts';

/** Answers a call whose one message has come. */
export type TakeMessage = (stream: ServerHttp2Stream, message: Buffer) => void;

/** The methods of `grpc.health.v1`, by path. */
export function healthCalls(
  health: Health,
  { Check, Watch }: ServiceDefinition,
): ReadonlyMap<string, TakeMessage> {
  if (Check === undefined || Watch === undefined) throw new Error('proto/: a method of Health is missing');
  const { requestDeserialize, responseSerialize } = Check;

  return new Map<string, TakeMessage>([
    [
      Check.path,
      (stream, message) => {
        const status = health.statusOf(serviceIn(message));
        if (status === 'SERVICE_UNKNOWN') failCall(stream, RPC_FAILURES.unknownService);
        else sendAnswer(stream, messageOf(status));
      },
    ],
    [
      Watch.path,
      (stream, message) => {
        const service = serviceIn(message);
        beginAnswer(stream);
        const leave = health.watch(service, {
          tell: (status) => stream.write(framed(messageOf(status))),
          end: () => stream.end(),
        });
        stream.once('close', leave);
      },
    ],
  ]);

  function serviceIn(message: Buffer): string {
    const request: unknown = requestDeserialize(message);
    const hasService = typeof request === 'object' && request !== null && 'service' in request;
    return hasService && typeof request.service === 'string' ? request.service : '';
  }

  function messageOf(status: HealthStatus): Buffer {
    return responseSerialize({ status });
  }
}
