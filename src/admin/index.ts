/** The operator's doors. */
export {
  type AdminDoor,
  type AdminParts,
  type AdminSettings,
  type HealthParts,
  type HealthSettings,
  openAdmin,
  openHealth,
  type OperatorDoor,
} from './open-operator-door.ts';
export type { Metrics, Readiness } from './pages.ts';
