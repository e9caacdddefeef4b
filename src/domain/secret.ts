import { inspect } from 'node:util';

/**
 * Text that must not be printed: a token, a client secret, a key.
 * Every ordinary way of turning it into text gives a placeholder; only `reveal()` hands it over.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** Hands over the secret. Call it where the bytes are used and nowhere earlier. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}

/** The access token a caller presented: b64token characters only (RFC 6750 section 2.1), at most 8 KiB. */
export class AccessToken extends Secret {
  override toString(): string {
    return '[access token]';
  }
}
