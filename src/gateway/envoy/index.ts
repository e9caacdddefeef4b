/** Envoy's messages to our words at the front, our decision to Envoy's messages at the back; the gRPC server. */
export { type GrpcDoor, type GrpcDoorParts, type GrpcDoorSettings, openGrpcDoor } from './open-grpc-door.ts';
