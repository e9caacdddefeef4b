/** Of a Redis Cluster. */
const SLOTS = 16_384;
/** CRC-16/XMODEM: x^16 + x^12 + x^5 + 1. */
const POLYNOMIAL = 0x1021;

/** The slot of a name (Redis Cluster specification, "key distribution model"): of what is in its first `{…}`, if anything is. */
export function clusterSlotOf(name: string): number {
  const [, tag = name] = /^[^{]*\{([^}]+)\}/.exec(name) ?? [];
  let crc = 0;
  for (const byte of Buffer.from(tag, 'utf8')) crc = step(crc, byte);
  return crc % SLOTS;
}

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 8;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ POLYNOMIAL;
  return crc & 0xffff;
});

function step(crc: number, byte: number): number {
  return ((crc << 8) ^ (TABLE[(crc >> 8) ^ byte] ?? 0)) & 0xffff;
}
