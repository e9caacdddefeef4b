import type { ConnectionFailure } from './connection-failure.ts';

/** Why there is no tunnel through a proxy; an error, for it travels through the library's callback. */
export class TunnelFailure extends Error {
  readonly failure: ConnectionFailure;

  constructor(failure: ConnectionFailure) {
    super(failure.detail);
    this.failure = failure;
  }
}
