/**
 * Asks thirty-two checks at a time over plain HTTP/2, with a pause after each batch, until the peer says goodbye;
 * then tells what became of them. Started as a program of its own, so that it does not share the door's event loop.
 *
 * In: the port, and a check in hexadecimal. Out: lines `running`, then a line of JSON.
 */
import { connect } from 'node:http2';

const [, , port, check = ''] = process.argv;
const message = Buffer.from(check, 'hex');
const frame = Buffer.concat([Buffer.of(0, 0, 0, 0, message.length), message]);

const session = connect(`http://127.0.0.1:${port ?? ''}`);
const failures: string[] = [];
let sent = 0;
let answered = 0;

session.on('error', (error) => failures.push(error.message));
session.on('close', () => process.stdout.write(`${JSON.stringify({ sent, answered, failures })}\n`));
session.once('connect', () => void flood());

async function flood(): Promise<void> {
  while (!session.closed) {
    // Told at the start of a batch, so that whoever closes the door then does so in the midst of it.
    if (answered >= 64) process.stdout.write('running\n');
    await Promise.all(Array.from({ length: 32 }, ask));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function ask(): Promise<void> {
  return new Promise((resolve) => {
    if (session.closed) {
      resolve();
      return;
    }
    const stream = session.request({
      ':method': 'POST',
      ':path': '/envoy.service.auth.v3.Authorization/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    sent += 1;
    stream.on('error', (error) => failures.push(error.message));
    stream.on('trailers', (trailers) => {
      if (trailers['grpc-status'] !== '0') failures.push(`grpc-status ${String(trailers['grpc-status'])}`);
      answered += 1;
    });
    stream.on('close', resolve);
    stream.resume();
    stream.end(frame);
  });
}
