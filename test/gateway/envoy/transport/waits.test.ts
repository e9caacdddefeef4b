import { EventEmitter } from 'node:events';
import type { ServerHttp2Session, ServerHttp2Stream } from 'node:http2';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { milliseconds } from '../../../../src/domain/index.ts';
import { createHealth } from '../../../../src/gateway/envoy/health.ts';
import { CONNECTION_LIMITS } from '../../../../src/gateway/envoy/limits.ts';
import { createHttp2Calls } from '../../../../src/gateway/envoy/transport/http2-calls.ts';
import { keepAlive } from '../../../../src/gateway/envoy/transport/keep-alive.ts';

beforeEach(() => void jest.useFakeTimers());
afterEach(() => void jest.useRealTimers());

class FakeSession extends EventEmitter {
  destroyed = false;
  pings = 0;
  answers: boolean;
  constructor(answers: boolean) {
    super();
    this.answers = answers;
  }
  ping(answered: () => void): boolean {
    this.pings += 1;
    if (this.answers) answered();
    return true;
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

describe('keepAlive', () => {
  const limits = {
    ...CONNECTION_LIMITS,
    keepalive: milliseconds(60_000),
    keepaliveTimeout: milliseconds(20_000),
  };

  it('asks a peer each time, and lets one that answers be', () => {
    const session = new FakeSession(true);
    keepAlive(session as unknown as ServerHttp2Session, limits);
    jest.advanceTimersByTime(59_999);
    expect(session.pings).toBe(0);
    jest.advanceTimersByTime(600_000);
    expect(session).toMatchObject({ pings: 10, destroyed: false });
  });

  it('lets go of one that does not answer, when its time is over', () => {
    const session = new FakeSession(false);
    keepAlive(session as unknown as ServerHttp2Session, limits);
    jest.advanceTimersByTime(79_999);
    expect(session.destroyed).toBe(false);
    jest.advanceTimersByTime(1);
    expect(session).toMatchObject({ pings: 1, destroyed: true });
  });

  it('leaves no timer behind when the connection ends', () => {
    const session = new FakeSession(false);
    keepAlive(session as unknown as ServerHttp2Session, limits);
    jest.advanceTimersByTime(60_000);
    session.emit('close');
    expect(jest.getTimerCount()).toBe(0);
  });
});

class FakeStream extends EventEmitter {
  destroyed = false;
  closed = false;
  headersSent = false;
  readableEnded = false;
  answered: Readonly<Record<string, unknown>> | null = null;
  respond(headers: Readonly<Record<string, unknown>>): void {
    this.answered = headers;
    this.headersSent = true;
  }
  close(): void {
    this.closed = true;
    this.emit('close');
  }
}

describe('a message that does not come', () => {
  const checks: Buffer[] = [];
  const handler = {
    handle: (message: Buffer) => {
      checks.push(message);
      return null;
    },
    refuse: () => undefined,
    abandon: () => 0,
  };

  function begin(): { readonly stream: FakeStream; readonly end: () => void } {
    const calls = createHttp2Calls({ handler, health: createHealth(), isFromAllowed: () => true });
    const stream = new FakeStream();
    calls.take(stream as unknown as ServerHttp2Stream, {
      ':method': 'POST',
      ':path': '/envoy.service.auth.v3.Authorization/Check',
      'content-type': 'application/grpc',
    });
    return { stream, end: () => calls.end() };
  }

  it('is waited for half a minute, and then the call fails (T-61)', () => {
    const { stream, end } = begin();
    stream.emit('data', Buffer.of(0, 0));
    jest.advanceTimersByTime(29_000);
    expect(stream.answered).toBeNull();
    jest.advanceTimersByTime(7_000);
    expect(stream.answered).toMatchObject({ 'grpc-status': '4' });
    expect(stream.closed).toBe(true);
    end();
    expect(checks).toEqual([]);
  });

  it('is forgotten when it has come, or its caller has gone', () => {
    const arrived = begin();
    arrived.stream.emit('data', Buffer.of(0, 0, 0, 0, 1, 7));
    arrived.stream.emit('end');
    const left = begin();
    left.stream.emit('close');
    jest.advanceTimersByTime(120_000);
    expect([arrived.stream.answered, left.stream.answered]).toEqual([null, null]);
    expect(checks).toEqual([Buffer.of(7)]);
    arrived.end();
    left.end();
    expect(jest.getTimerCount()).toBe(0);
  });
});
