/** Baseline (a): @grpc/grpc-js with proto-loader's codec and a constant answer. */
import { Server, ServerCredentials } from '@grpc/grpc-js';

import { checkMethod, CONSTANT_ANSWER } from './constant-answer.ts';
import { sayPort } from './say-port.ts';

const server = new Server({ 'grpc.enable_channelz': 0 });
server.addService(
  { Check: checkMethod() },
  {
    Check: (_call: unknown, reply: (error: null, answer: object) => void) => reply(null, CONSTANT_ANSWER),
  },
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  sayPort(port);
});
