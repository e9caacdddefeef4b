import {
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
  status as rpcStatus,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';

/**
 * `grpc.health.v1` of one door, for the server as a whole and for the Authorization service.
 *
 * Served by ourselves rather than by the package grpc-health-check: the messages are in `proto/` already, there is
 * one status, and the streams of Watch must end when the door closes, or each holds it open for the whole grace.
 */
export interface Health {
  readonly implementation: UntypedServiceImplementation;
  readonly setServing: (serving: boolean) => void;
  /** Ends the streams of whoever watches. */
  end(): void;
}

interface HealthCheckRequest {
  readonly service: string;
}

interface HealthCheckResponse {
  readonly status: 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';
}

type WatchCall = ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;

const SERVICES: readonly string[] = ['', 'envoy.service.auth.v3.Authorization'];

/** Not serving until told otherwise. */
export function createHealth(): Health {
  const watchers = new Set<WatchCall>();
  let serving = false;
  let hasEnded = false;
  const statusOf = (service: string): HealthCheckResponse['status'] => {
    if (!SERVICES.includes(service)) return 'SERVICE_UNKNOWN';
    return serving ? 'SERVING' : 'NOT_SERVING';
  };

  return {
    implementation: { Check: check, Watch: watch },
    setServing(now) {
      if (now === serving) return;
      serving = now;
      for (const call of watchers) call.write({ status: statusOf(call.request.service) });
    },
    end() {
      hasEnded = true;
      for (const call of watchers) call.end();
      watchers.clear();
    },
  };

  function check(
    call: ServerUnaryCall<HealthCheckRequest, HealthCheckResponse>,
    reply: sendUnaryData<HealthCheckResponse>,
  ): void {
    const status = statusOf(call.request.service);
    if (status === 'SERVICE_UNKNOWN') reply({ code: rpcStatus.NOT_FOUND, details: 'unknown service' });
    else reply(null, { status });
  }

  /** A service that is unknown is said to be, and the stream stays open: that is the protocol. */
  function watch(call: WatchCall): void {
    call.write({ status: statusOf(call.request.service) });
    if (hasEnded) {
      call.end();
      return;
    }
    watchers.add(call);
    call.once('cancelled', () => watchers.delete(call));
  }
}
