/** The operator's doors. */
export {
  openAdmin,
  openHealth,
  type AdminParts,
  type HealthParts,
  type OperatorDoor,
  type OperatorDoorSettings,
} from './open-operator-door.ts';
export type { Metrics, Readiness } from './pages.ts';
