/**
 * One HTTP/2 connection that asks unary gRPC questions, by hand over a socket: a client library would cost more than
 * the servers that are measured.
 *
 * It speaks the part of RFC 9113 that such a conversation needs: settings, flow control, ping, and it reads the frames
 * of answers by type and flags. Header blocks of answers are passed over; whether an answer is right is told by its
 * message, and one without a message is wrong.
 */
import { Buffer } from 'node:buffer';
import { connect, type Socket } from 'node:net';

export interface UnaryConnection {
  /** Asks one question; `slot` comes back with its answer. `write` puts the message at the given place. */
  ask(slot: number, length: number, write: (into: Buffer, at: number) => void): void;
  /** Sends what was asked since the last time. */
  flush(): void;
  end(): void;
}

export interface UnaryEvents {
  /** The message of an answer (without its five bytes of framing); `null`: none came. Valid only during the call. */
  readonly answered: (slot: number, message: Buffer | null) => void;
  /** A batch of answers has been told of. */
  readonly batchEnded: () => void;
  readonly lost: (why: string) => void;
}

interface Question {
  readonly slot: number;
  readonly length: number;
  readonly write: (into: Buffer, at: number) => void;
}

const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const END_STREAM = 1;
const ACK = 1;

const FRAME_HEAD = 9;
const GRPC_HEAD = 5;
const DEFAULT_WINDOW = 65_535;
const OUR_WINDOW = 0x7fff_0000;
const REFILL_AT = 0x1000_0000;

export function openUnaryConnection(
  port: number,
  path: string,
  timeoutMs: number | null,
  events: UnaryEvents,
): Promise<UnaryConnection> {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.removeListener('error', reject);
      resolve(speak(socket, port, path, timeoutMs, events));
    });
  });
}

function speak(
  socket: Socket,
  port: number,
  path: string,
  timeoutMs: number | null,
  events: UnaryEvents,
): UnaryConnection {
  const [firstBlock, laterBlock] = headerBlocks(port, path, timeoutMs);
  const slots = new Map<number, number>();
  const messages = new Map<number, Buffer>();
  const backlog: Question[] = [];
  let block = firstBlock;
  let nextStream = 1;
  let sendWindow = DEFAULT_WINDOW;
  let received = 0;
  const out = Buffer.allocUnsafe(1 << 18);
  let outLength = 0;
  let rest: Buffer | null = null;
  let hasEnded = false;

  put(Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1'));
  // SETTINGS_INITIAL_WINDOW_SIZE: answers are never held up by us.
  putFrame(SETTINGS, 0, 0, Buffer.from([0, 4, 0x00, 0xff, 0xff, 0xff]));
  putFrame(WINDOW_UPDATE, 0, 0, uint32(OUR_WINDOW - DEFAULT_WINDOW));
  flush();

  socket.on('data', take);
  socket.on('error', (error) => lose(error.message));
  socket.on('close', () => lose('the connection was closed'));

  return {
    ask(slot, length, write) {
      // What does not fit into the window of the server waits for its update, in order.
      if (backlog.length > 0 || sendWindow < GRPC_HEAD + length) backlog.push({ slot, length, write });
      else send({ slot, length, write });
    },
    flush,
    end() {
      hasEnded = true;
      socket.destroy();
    },
  };

  function send({ slot, length, write }: Question): void {
    const streamId = nextStream;
    nextStream += 2;
    slots.set(streamId, slot);
    reserve(FRAME_HEAD + block.length + FRAME_HEAD + GRPC_HEAD + length);
    outLength = writeFrameHead(out, outLength, block.length, HEADERS, 4, streamId);
    outLength += block.copy(out, outLength);
    outLength = writeFrameHead(out, outLength, GRPC_HEAD + length, DATA, END_STREAM, streamId);
    out[outLength] = 0;
    out.writeUInt32BE(length, outLength + 1);
    write(out, outLength + GRPC_HEAD);
    outLength += GRPC_HEAD + length;
    sendWindow -= GRPC_HEAD + length;
    block = laterBlock;
  }

  function sendBacklog(): void {
    for (
      let next = backlog[0];
      next !== undefined && sendWindow >= GRPC_HEAD + next.length;
      next = backlog[0]
    ) {
      backlog.shift();
      send(next);
    }
  }

  function take(chunk: Buffer): void {
    const bytes = rest === null ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    while (bytes.length - at >= FRAME_HEAD) {
      const length = bytes.readUIntBE(at, 3);
      if (bytes.length - at < FRAME_HEAD + length) break;
      const begin = at + FRAME_HEAD;
      takeFrame(
        bytes[at + 3] ?? -1,
        bytes[at + 4] ?? 0,
        bytes.readUInt32BE(at + 5) & 0x7fffffff,
        bytes,
        begin,
        length,
      );
      at = begin + length;
    }
    rest = at === bytes.length ? null : bytes.subarray(at);
    events.batchEnded();
    flush();
  }

  function takeFrame(
    type: number,
    flags: number,
    stream: number,
    bytes: Buffer,
    begin: number,
    length: number,
  ): void {
    switch (type) {
      case DATA:
        messages.set(stream, bytes.subarray(begin + GRPC_HEAD, begin + length));
        received += length;
        if (received > REFILL_AT) {
          putFrame(WINDOW_UPDATE, 0, 0, uint32(received));
          received = 0;
        }
        if ((flags & END_STREAM) !== 0) finish(stream);
        return;
      case HEADERS:
        if ((flags & END_STREAM) !== 0) finish(stream);
        return;
      case RST_STREAM:
        messages.delete(stream);
        finish(stream);
        return;
      case SETTINGS:
        if ((flags & ACK) === 0) putFrame(SETTINGS, ACK, 0, Buffer.alloc(0));
        return;
      case PING:
        if ((flags & ACK) === 0) putFrame(PING, ACK, 0, bytes.subarray(begin, begin + length));
        return;
      case WINDOW_UPDATE:
        if (stream === 0) sendWindow += bytes.readUInt32BE(begin);
        sendBacklog();
        return;
      case GOAWAY:
        lose('the server said goodbye');
        return;
      default:
    }
  }

  function finish(stream: number): void {
    const slot = slots.get(stream);
    if (slot === undefined) return;
    const message = messages.get(stream) ?? null;
    slots.delete(stream);
    messages.delete(stream);
    events.answered(slot, message);
  }

  function put(bytes: Buffer): void {
    reserve(bytes.length);
    outLength += bytes.copy(out, outLength);
  }

  function putFrame(type: number, flags: number, stream: number, payload: Buffer): void {
    reserve(FRAME_HEAD + payload.length);
    outLength = writeFrameHead(out, outLength, payload.length, type, flags, stream);
    outLength += payload.copy(out, outLength);
  }

  function reserve(size: number): void {
    if (outLength + size > out.length) flush();
    if (size > out.length) throw new Error('a request larger than the send buffer');
  }

  function flush(): void {
    if (outLength === 0 || hasEnded) return;
    // The socket holds on to what it is given, so it gets a copy.
    socket.write(Buffer.from(out.subarray(0, outLength)));
    outLength = 0;
  }

  function lose(why: string): void {
    if (hasEnded) return;
    hasEnded = true;
    socket.destroy();
    events.lost(why);
  }
}

function writeFrameHead(
  into: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): number {
  into.writeUIntBE(length, at, 3);
  into[at + 3] = type;
  into[at + 4] = flags;
  into.writeUInt32BE(stream, at + 5);
  return at + FRAME_HEAD;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/**
 * The header block of the first request, which puts its fields into the dynamic table (RFC 7541 section 6.2.1), and
 * that of all later ones, which points there: what a gateway sends.
 */
function headerBlocks(port: number, path: string, timeoutMs: number | null): readonly [Buffer, Buffer] {
  const METHOD_POST = 0x83;
  const SCHEME_HTTP = 0x86;
  const timeout = timeoutMs === null ? [] : [named('grpc-timeout', `${timeoutMs}m`)];
  const added = [
    Buffer.concat([Buffer.from([0x44]), text(path)]),
    Buffer.concat([Buffer.from([0x41]), text(`127.0.0.1:${port}`)]),
    named('content-type', 'application/grpc'),
    named('te', 'trailers'),
    ...timeout,
  ];
  const first = Buffer.concat([Buffer.from([METHOD_POST, SCHEME_HTTP]), ...added]);
  // The newest entry has index 62.
  const later = Buffer.from([
    METHOD_POST,
    SCHEME_HTTP,
    ...added.map((_, index) => 0x80 | (62 + index)).reverse(),
  ]);
  return [first, later];
}

function named(name: string, value: string): Buffer {
  return Buffer.concat([Buffer.from([0x40]), text(name), text(value)]);
}

function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')]);
}
