import {
  type AllowDecision,
  type Answer,
  type HeaderField,
  type JsonObject,
  type SpentCredential,
  type UpstreamMutations,
} from '../../domain/index.ts';
import {
  beginMessage,
  createWriter,
  delimitedTag,
  endMessage,
  varintTag,
  type WireWriter,
  writeText,
  writeVarint,
  writtenBytes,
} from './wire-writer.ts';
import { writeStruct } from './write-struct.ts';

/**
 * Makes the bytes of an `envoy.service.auth.v3.CheckResponse`.
 *
 * In: what to tell the upstream, or what the refused client sees. Out: one whole message.
 * Never: code 0 without `ok_response`, or `ok_response` with another code (ENV-1); `error_response`, which
 * `failure_mode_allow` would let pass (ENV-4); an empty message, which is an allow.
 */

const CHECK_RESPONSE = {
  status: delimitedTag(1),
  deniedResponse: delimitedTag(2),
  okResponse: delimitedTag(3),
  dynamicMetadata: delimitedTag(4),
} as const;
const STATUS_CODE = varintTag(1);
const OK_RESPONSE = {
  headers: delimitedTag(2),
  headersToRemove: delimitedTag(5),
  queryParametersToRemove: delimitedTag(8),
} as const;
const DENIED_RESPONSE = { status: delimitedTag(1), headers: delimitedTag(2), body: delimitedTag(3) } as const;
const HTTP_STATUS_CODE = varintTag(1);
const HEADER_VALUE_OPTION = {
  header: delimitedTag(1),
  append: delimitedTag(2),
  appendAction: varintTag(3),
} as const;
const HEADER_VALUE = { key: delimitedTag(1), value: delimitedTag(2) } as const;
const OVERWRITE_IF_EXISTS_OR_ADD = 2;
const NOTHING_SPENT: SpentCredential = { set: [], remove: [], removeQuery: [] };

/**
 * @param strays names that this request carries and the upstream must not see, beside those of `mutations`.
 * @param spent where the token was in this request, if not in `Authorization`.
 */
export function encodeAllow(
  mutations: UpstreamMutations,
  strays: AllowDecision['strays'],
  spent: SpentCredential = NOTHING_SPENT,
): Buffer {
  return checkResponse({
    code: 0,
    okResponse: (writer) => writeOkResponse(writer, mutations, [...strays, ...spent.remove], spent),
    metadata: mutations.metadata,
  });
}

export function encodeRefusal(answer: Answer): Buffer {
  return checkResponse({
    code: answer.rpcCode,
    deniedResponse: (writer) => writeDeniedResponse(writer, answer),
  });
}

/** A status code and the arm that goes with it: one cannot be had without the other. */
type Response =
  | { readonly code: 0; readonly okResponse: Write; readonly metadata: JsonObject }
  | { readonly code: Answer['rpcCode']; readonly deniedResponse: Write };

type Write = (writer: WireWriter) => void;

function checkResponse(response: Response): Buffer {
  const writer = createWriter();
  // Written also when it is 0: a Status without content then, which is not the same as none.
  writeNested(writer, CHECK_RESPONSE.status, () => {
    if (response.code !== 0) writeVarint(writer, STATUS_CODE, response.code);
  });
  if (response.code === 0) {
    writeNested(writer, CHECK_RESPONSE.okResponse, () => response.okResponse(writer));
    writeNested(writer, CHECK_RESPONSE.dynamicMetadata, () => writeStruct(writer, response.metadata));
  } else {
    writeNested(writer, CHECK_RESPONSE.deniedResponse, () => response.deniedResponse(writer));
  }
  return writtenBytes(writer);
}

function writeOkResponse(
  writer: WireWriter,
  { set: ofRule, remove }: UpstreamMutations,
  strays: readonly string[],
  spent: SpentCredential,
): void {
  const set = spent.set.length === 0 ? ofRule : [...ofRule, ...spent.set];
  for (const field of set) {
    const option = beginMessage(writer, OK_RESPONSE.headers);
    writeHeader(writer, field);
    // A BoolValue without content: false, and present. Envoy looks at this one, other readers of the protocol at
    // the action, whose default would be to append to what the client sent.
    endMessage(writer, beginMessage(writer, HEADER_VALUE_OPTION.append));
    writeVarint(writer, HEADER_VALUE_OPTION.appendAction, OVERWRITE_IF_EXISTS_OR_ADD);
    endMessage(writer, option);
  }
  for (const name of remove) writeText(writer, OK_RESPONSE.headersToRemove, name);
  for (const name of strays) {
    // Envoy removes last: a name that is set would be lost.
    if (set.some((field) => field.name === name)) continue;
    writeText(writer, OK_RESPONSE.headersToRemove, name);
  }
  for (const name of spent.removeQuery) writeText(writer, OK_RESPONSE.queryParametersToRemove, name);
}

function writeDeniedResponse(writer: WireWriter, { status, headers, body }: Answer): void {
  writeNested(writer, DENIED_RESPONSE.status, () => writeVarint(writer, HTTP_STATUS_CODE, status));
  // `append` stays unset: Envoy drops a denied header that has it true, and needs it nowhere.
  for (const field of headers) {
    writeNested(writer, DENIED_RESPONSE.headers, () => writeHeader(writer, field));
  }
  writeText(writer, DENIED_RESPONSE.body, body);
}

/** Only `value`: Envoy reads `raw_value` as an empty one. */
function writeHeader(writer: WireWriter, { name, value }: HeaderField): void {
  const header = beginMessage(writer, HEADER_VALUE_OPTION.header);
  writeText(writer, HEADER_VALUE.key, name);
  writeText(writer, HEADER_VALUE.value, value);
  endMessage(writer, header);
}

function writeNested(writer: WireWriter, tag: number, write: () => void): void {
  const start = beginMessage(writer, tag);
  write();
  endMessage(writer, start);
}
