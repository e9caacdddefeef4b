import type { RedisTls } from '../domain/index.ts';

export function isSameTls(one: RedisTls | null, other: RedisTls | null): boolean {
  if (one === null || other === null) return one === other;
  return (
    one.ca === other.ca &&
    one.serverName === other.serverName &&
    one.certificate?.cert === other.certificate?.cert &&
    one.certificate?.key.reveal() === other.certificate?.key.reveal()
  );
}
