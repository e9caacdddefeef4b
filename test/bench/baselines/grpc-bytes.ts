/** Baseline (b): @grpc/grpc-js that passes bytes and answers constant bytes. */
import type { Buffer } from 'node:buffer';

import { Server, ServerCredentials } from '@grpc/grpc-js';

import { checkMethod, constantBytes } from './constant-answer.ts';
import { sayPort } from './say-port.ts';

const asBytes = (bytes: Buffer): Buffer => bytes;
const answer = constantBytes();
const server = new Server({ 'grpc.enable_channelz': 0 });
server.addService(
  { Check: { ...checkMethod(), requestDeserialize: asBytes, responseSerialize: asBytes } },
  { Check: (_call: unknown, reply: (error: null, answer: Buffer) => void) => reply(null, answer) },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  sayPort(port);
});
