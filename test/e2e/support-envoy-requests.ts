/**
 * Requests that get the same decision at every door of Envoy's: run through the gRPC service in both header forms,
 * and through the HTTP service.
 */
import { createClient, type ClientOfFront } from './support-envoy-client.ts';
import { describeCredentials } from './support-envoy-credentials.ts';
import { describeIdentityHeaders } from './support-envoy-identity.ts';
import { describePaths } from './support-envoy-paths.ts';
import { describeProtocols } from './support-envoy-protocols.ts';
import { describeMethodsAndRoutes } from './support-envoy-routes.ts';

/** Makes the tests of one front. */
export function describeRequests(front: ClientOfFront): void {
  const client = createClient(front);
  describeCredentials(client);
  describeMethodsAndRoutes(client);
  describeIdentityHeaders(client);
  describeProtocols(client);
  describePaths(client);
}
