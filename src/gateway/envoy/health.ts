/**
 * `grpc.health.v1` of one door, for the server as a whole and for the Authorization service.
 *
 * Served by ourselves rather than by the package grpc-health-check: the messages are in `proto/` already, there is
 * one status, two transports serve it, and the streams of Watch must end when the door closes, or each holds it open
 * for the whole grace.
 */
export interface Health {
  statusOf(service: string): HealthStatus;
  /**
   * Tells the status now and at each change. A service that is unknown is said to be, and the stream stays open: that
   * is the protocol. Returns the way to stop it.
   */
  watch(service: string, watcher: HealthWatcher): () => void;
  readonly setServing: (serving: boolean) => void;
  /** Ends the streams of whoever watches. */
  end(): void;
}

export type HealthStatus = 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';

export interface HealthWatcher {
  readonly tell: (status: HealthStatus) => void;
  readonly end: () => void;
}

/** The messages of the service as proto-loader reads and writes them. */
export interface HealthCheckRequest {
  readonly service: string;
}

export interface HealthCheckResponse {
  readonly status: HealthStatus;
}

const SERVICES: readonly string[] = ['', 'envoy.service.auth.v3.Authorization'];

/** Not serving until told otherwise. */
export function createHealth(): Health {
  const watchers = new Map<HealthWatcher, string>();
  let serving = false;
  let hasEnded = false;

  return {
    statusOf,
    watch(service, watcher) {
      watcher.tell(statusOf(service));
      if (hasEnded) watcher.end();
      else watchers.set(watcher, service);
      return () => void watchers.delete(watcher);
    },
    setServing(now) {
      if (now === serving) return;
      serving = now;
      for (const [watcher, service] of watchers) watcher.tell(statusOf(service));
    },
    end() {
      hasEnded = true;
      for (const watcher of watchers.keys()) watcher.end();
      watchers.clear();
    },
  };

  function statusOf(service: string): HealthStatus {
    if (!SERVICES.includes(service)) return 'SERVICE_UNKNOWN';
    return serving ? 'SERVING' : 'NOT_SERVING';
  }
}
