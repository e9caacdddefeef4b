/** Protobuf by hand, for messages that no library would write. */

export const varint = (value: number | bigint): Buffer => {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest > 0n ? low | 0x80 : low);
  } while (rest > 0n);
  return Buffer.from(bytes);
};

export const tag = (field: number, type: number): Buffer => varint((BigInt(field) << 3n) | BigInt(type));

/** A length-delimited field. Text is written as UTF-8. */
export const field = (number: number, content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([tag(number, 2), varint(bytes.length), bytes]);
};

export const number = (field: number, value: number | bigint): Buffer =>
  Buffer.concat([tag(field, 0), varint(value)]);

export const group = (number: number, content: Buffer): Buffer =>
  Buffer.concat([tag(number, 3), content, tag(number, 4)]);

export const message = (...fields: readonly Buffer[]): Buffer => Buffer.concat(fields);

/** A CheckRequest around an HttpRequest. */
export const checkOf = (...http: readonly Buffer[]): Buffer => field(1, field(4, field(2, message(...http))));

export const mapEntry = (key: string | Buffer, value: string | Buffer): Buffer =>
  message(field(1, key), field(2, value));

export const mappedHeader = (name: string | Buffer, value: string | Buffer): Buffer =>
  field(3, mapEntry(name, value));

export const headerMap = (...headers: readonly Buffer[]): Buffer =>
  field(13, message(...headers.map((header) => field(1, header))));

export const rawHeader = (name: string | Buffer, value: string | Buffer): Buffer =>
  message(field(1, name), field(3, value));
