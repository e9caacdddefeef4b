/** Turns house events into metrics and log lines, and keeps secrets out of both. */
export { createTelemetry, type Telemetry, type TelemetrySettings } from './create-telemetry.ts';
export type { LogDestination } from './log-destination.ts';
export type { LogLevel } from './log.ts';
export { type MetricDefinition, METRICS, type OpenLabel } from './metric-definitions.ts';
export type { Exposition, PulledGauge, Reading } from './metric-registry.ts';
export type { GaugeSources } from './watch-gauges.ts';
