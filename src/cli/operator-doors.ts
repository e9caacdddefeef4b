import { type OpenDoor, named } from './doors.ts';
import { openAdmin, openHealth } from '../admin/index.ts';
import type { Settings } from '../config/index.ts';

type AdminParts = Parameters<typeof openAdmin>[0];

/** The doors for operators and probes. */
export interface Admin {
  readonly open: readonly OpenDoor[];
  close(): Promise<void>;
}

export async function openOperatorDoors(
  parts: AdminParts,
  { admin, health }: Settings['listen'],
): Promise<Admin> {
  const adminDoor = await named('listen.admin', openAdmin(parts, admin));
  if (health === null) return gathered([{ kind: 'admin', ...adminDoor }]);

  const healthDoor = await named('listen.health', openHealth(parts, health)).catch(async (error: unknown) => {
    await adminDoor.close();
    throw error;
  });
  return gathered([
    { kind: 'admin', ...adminDoor },
    { kind: 'health', ...healthDoor },
  ]);
}

function gathered(doors: readonly (OpenDoor & { close(): Promise<void> })[]): Admin {
  return {
    open: doors.map(({ kind, address }) => ({ kind, address })),
    async close() {
      await Promise.all(doors.map((door) => door.close()));
    },
  };
}
