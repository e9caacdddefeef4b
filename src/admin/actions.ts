/**
 * What an operator can have done.
 *
 * In: a POST with a JSON object. Out: what came of it, as JSON.
 * Never: an action for a browser, whatever page or host name brought it here (cross-site requests and DNS rebinding
 * both show in headers that no page can leave out); one for nobody; a body of any size; a word of the request in the answer.
 */
import type { IncomingMessage } from 'node:http';

import { fail, type JsonObject, type Result, succeed } from '../domain/index.ts';

export interface ActionAnswer {
  readonly status: number;
  readonly body: JsonObject;
}

/** @param by who asks, for the audit line. */
export type Action = (body: Readonly<Record<string, unknown>>, by: string) => Promise<ActionAnswer>;

/** By path, exactly. */
export type Actions = ReadonlyMap<string, Action>;

const LONGEST_BODY = 32 * 1024;

/** Browsers say where a request comes from on every POST; whoever is no browser has no reason to. */
export function isFromBrowser({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return headers.origin !== undefined || headers['sec-fetch-site'] !== undefined;
}

/** The object in the body, or the answer to one that has none. */
export async function readBody(
  request: IncomingMessage,
): Promise<Result<Readonly<Record<string, unknown>>, ActionAnswer>> {
  const [type = ''] = (request.headers['content-type'] ?? '').split(';');
  if (type.trim().toLowerCase() !== 'application/json')
    return refused(415, 'send a JSON object, with content-type: application/json');

  const text = await textOf(request);
  if (text === null) return refused(413, `a body has at most ${LONGEST_BODY} bytes`);
  try {
    const body: unknown = JSON.parse(text);
    if (isObject(body)) return succeed(body);
  } catch {
    // The text of the error may quote the body.
  }
  return refused(400, 'the body is not a JSON object');
}

/** `null`: it is too long. What follows then is left to whoever ends the request, so that the answer gets through. */
function textOf(request: IncomingMessage): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > LONGEST_BODY) resolve(null);
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', reject);
  });
}

function refused(status: number, problem: string): Result<never, ActionAnswer> {
  return fail({ status, body: { problem } });
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
