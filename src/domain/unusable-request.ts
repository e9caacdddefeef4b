/**
 * A part of the request that nobody had asked for so far cannot be read. Rooms let it pass through them; the corridor
 * denies the request (`request_malformed`). The message names the part and holds nothing of the request.
 */
export class UnusableRequestError extends Error {
  override readonly name = 'UnusableRequestError';
}
