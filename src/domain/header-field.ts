/** One header field as it goes on the wire. Names are lower case, values visible ASCII. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
}
