/**
 * What the controller of ingress-nginx makes of the annotations in deploy/ingress-nginx: the lines of its template
 * (controller 1.15) that concern `auth-url` and `auth-response-headers`, in the NGINX of this machine. The controller itself
 * needs a cluster.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { freePort, readyWhen, startProcess, temporaryFolder } from './processes.ts';
import type { FrontDescription, RunningFront } from './shipped-front.ts';

const PROGRAM = '/usr/sbin/nginx';

export interface Annotated extends FrontDescription {
  /** Names in `auth-response-headers`. */
  readonly responseHeaders: readonly string[];
  /** Of the controller's ConfigMap. */
  readonly serverSnippet: string;
}

export async function startIngressNginx(description: Annotated): Promise<RunningFront> {
  const folder = temporaryFolder('ingress-nginx');
  mkdirSync(join(folder.path, 'logs'));
  const port = await freePort();
  writeFileSync(join(folder.path, 'nginx.conf'), configuration(port, description));

  const child = await startProcess(
    PROGRAM,
    ['-p', folder.path, '-c', 'nginx.conf', '-g', 'daemon off; master_process off;'],
    { name: 'nginx' },
  );
  await readyWhen(child, async () => (await fetch(`http://127.0.0.1:${port}/`)).status);
  return {
    port,
    process: child,
    async stop() {
      await child.stop();
      folder.remove();
    },
  };
}

function configuration(port: number, description: Annotated): string {
  const { gatehouse, upstream, responseHeaders } = description;
  const identity = responseHeaders.flatMap((name, index) => [
    `auth_request_set $authHeader${index} $upstream_http_${name.toLowerCase().replaceAll('-', '_')};`,
    `proxy_set_header '${name}' $authHeader${index};`,
  ]);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path temp-${name};`,
  );
  return `
error_log logs/error.log warn;
pid nginx.pid;
events { worker_connections 256; }
http {
  ${temporary.join('\n  ')}
  access_log off;
  server {
    listen 127.0.0.1:${port};
    ${description.serverSnippet}

    location = /_external-auth-Lw-Prefix {
      internal;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_set_header X-Forwarded-Proto "";
      proxy_set_header X-Request-ID $request_id;
      proxy_set_header Host 127.0.0.1;
      proxy_set_header X-Original-URL $scheme://$http_host$request_uri;
      proxy_set_header X-Original-Method $request_method;
      proxy_set_header X-Sent-From "nginx-ingress-controller";
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Auth-Request-Redirect $request_uri;
      proxy_buffering off;
      proxy_buffer_size 32k;
      proxy_buffers 4 32k;
      proxy_request_buffering on;
      proxy_ssl_server_name on;
      proxy_pass_request_headers on;
      proxy_pass http://127.0.0.1:${gatehouse};
    }

    location / {
      auth_request /_external-auth-Lw-Prefix;
      auth_request_set $auth_cookie $upstream_http_set_cookie;
      ${identity.join('\n      ')}
      proxy_set_header Host $http_host;
      proxy_set_header X-Request-ID $request_id;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Host $http_host;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_http_version 1.1;
      proxy_pass http://127.0.0.1:${upstream};
    }
  }
}
`;
}
