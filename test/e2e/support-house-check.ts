/**
 * Checks as Envoy sends them, and its reading of what comes back.
 *
 * In: a request in words. Out: the bytes of a CheckRequest; of a CheckResponse whether it allows, and with what.
 * Never: an answer taken for a denial because it is empty: for Envoy, code 0 is an allow whatever else is there (ENV-1).
 */
import type { CallOptions } from '@grpc/grpc-js';

import type { OracleResponse } from '../gateway/envoy/protos.ts';
import { field, headerMap, mapEntry, mappedHeader, message, rawHeader } from '../gateway/envoy/wire.ts';
import type { OpenedHouse } from './support-house.ts';

export interface CheckWords {
  readonly method?: string;
  readonly path?: string;
  readonly host?: string;
  readonly scheme?: string;
  /** Name and value; one character for each byte. */
  readonly headers?: readonly (readonly [string, string])[];
  /** `raw`: `header_map`, as with `encode_raw_headers`. `map`: `headers`, duplicates joined with a comma. */
  readonly form?: 'raw' | 'map';
  readonly context?: Readonly<Record<string, string>>;
}

/** A check of `GET /orders/1` at `api.example.com`, unless told otherwise. */
export function aCheck(words: CheckWords = {}): Buffer {
  const { method = 'GET', path = '/orders/1', host = 'api.example.com', scheme = 'https' } = words;
  const { headers = [], form = 'raw', context = {} } = words;
  const carried =
    form === 'raw'
      ? [headerMap(...headers.map(([name, value]) => rawHeader(latin1(name), latin1(value))))]
      : [...joined(headers)].map(([name, value]) => mappedHeader(latin1(name), latin1(value)));
  const http = message(
    field(2, latin1(method)),
    ...carried,
    field(4, latin1(path)),
    field(5, latin1(host)),
    field(6, latin1(scheme)),
  );
  const extensions = Object.entries(context).map(([name, value]) => field(10, mapEntry(name, value)));
  return field(1, message(field(4, field(2, http)), ...extensions));
}

/** The same with a bearer token. */
export function withToken(token: string, words: CheckWords = {}): Buffer {
  return aCheck({ ...words, headers: [['authorization', `Bearer ${token}`], ...(words.headers ?? [])] });
}

export type Outcome = Allowed | Refused;

export interface Allowed {
  readonly kind: 'allow';
  /** By lower-case name. */
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface Refused {
  readonly kind: 'deny';
  readonly code: number;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** @throws Error when status code and answer contradict each other. */
export function outcomeOf(response: OracleResponse): Outcome {
  const code = response.status?.code ?? 0;
  if (code === 0) {
    if (response.httpResponse !== 'okResponse' || response.okResponse == null)
      throw new Error('status code 0 without ok_response: Envoy would let this pass');
    const { headers, headersToRemove } = response.okResponse;
    const metadata = Object.fromEntries(
      Object.entries(response.dynamicMetadata?.fields ?? {}).map(([name, value]) => [
        name,
        value[value.kind],
      ]),
    );
    return { kind: 'allow', set: fieldsOf(headers), remove: headersToRemove, metadata };
  }
  if (response.httpResponse !== 'deniedResponse' || response.deniedResponse == null)
    throw new Error(`status code ${code} without denied_response`);
  const { status, headers, body } = response.deniedResponse;
  return { kind: 'deny', code, status: statusOf(status.code), headers: fieldsOf(headers), body };
}

/** Asks the gRPC door of a house. A failed call is an error: `failure_mode_allow` would let such a request pass. */
export async function ask(house: OpenedHouse, check: Buffer, options?: CallOptions): Promise<Outcome> {
  return outcomeOf(await house.caller.ask(check, options));
}

/** `200` for an allow, otherwise the status of the denial. */
export async function askForStatus(
  house: OpenedHouse,
  check: Buffer,
  options?: CallOptions,
): Promise<number> {
  const outcome = await ask(house, check, options);
  return outcome.kind === 'allow' ? 200 : outcome.status;
}

/** Names that envoy.type.v3.StatusCode has for what we answer with. */
const STATUSES: Readonly<Record<string, number>> = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  PayloadTooLarge: 413,
  TooManyRequests: 429,
  RequestHeaderFieldsTooLarge: 431,
  ServiceUnavailable: 503,
};

function statusOf(name: string): number {
  const status = STATUSES[name];
  if (status === undefined) throw new Error(`a denial with status ${name}`);
  return status;
}

interface HeaderOption {
  readonly header: { readonly key: string; readonly value: string; readonly rawValue: Buffer };
}

function fieldsOf(options: readonly HeaderOption[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    options.map(({ header }) => [
      header.key,
      header.rawValue.length > 0 ? header.rawValue.toString('latin1') : header.value,
    ]),
  );
}

/** As Envoy fills its map: one entry for each name, values joined without a space (ENV-5). */
function joined(headers: readonly (readonly [string, string])[]): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  for (const [name, value] of headers) {
    const before = map.get(name.toLowerCase());
    map.set(name.toLowerCase(), before === undefined ? value : `${before},${value}`);
  }
  return map;
}

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');
