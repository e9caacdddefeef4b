/** HTTP sub-requests to our words at the front, our decision to statuses and headers at the back. */
export { openHttpDoor, type HttpDoor, type HttpDoorParts, type HttpDoorSettings } from './open-http-door.ts';
