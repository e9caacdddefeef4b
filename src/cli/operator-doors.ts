import { type OpenDoor, named } from './doors.ts';
import { type AdminDoor, openAdmin, openHealth } from '../admin/index.ts';
import type { Settings } from '../config/index.ts';
import { formatListenAddress } from '../domain/index.ts';

type AdminParts = Parameters<typeof openAdmin>[0];

/** The doors for operators and probes. */
export interface Admin {
  readonly open: readonly OpenDoor[];
  /** Puts rotated secrets and certificates in force. Out: one sentence for each that was refused. */
  renew(listen: Settings['listen']): readonly string[];
  close(): Promise<void>;
}

export async function openOperatorDoors(
  parts: AdminParts,
  { admin, health }: Settings['listen'],
): Promise<Admin> {
  const adminDoor = await named('listen.admin', openAdmin(parts, admin));
  if (health === null) return gathered(adminDoor, []);

  const healthDoor = await named('listen.health', openHealth(parts, health)).catch(async (error: unknown) => {
    await adminDoor.close();
    throw error;
  });
  return gathered(adminDoor, [{ kind: 'health', ...healthDoor }]);
}

function gathered(admin: AdminDoor, others: readonly (OpenDoor & { close(): Promise<void> })[]): Admin {
  const doors = [{ kind: 'admin', address: admin.address, close: () => admin.close() }, ...others];
  return {
    open: doors.map(({ kind, address }) => ({ kind, address })),
    renew(listen) {
      const renewed = admin.renew(listen.admin);
      if (renewed.ok) return [];
      return [`${formatListenAddress(admin.address)} keeps its certificate: ${renewed.failure}`];
    },
    async close() {
      await Promise.all(doors.map((door) => door.close()));
    },
  };
}
