import { z } from 'zod';
import { cache } from './cache.ts';
import { clientStore } from './client-store.ts';
import { clients } from './clients.ts';
import { kindWords, notYet, optional, standard } from './key.ts';
import { listen } from './listen.ts';
import { duration, wholeNumber } from './quantities.ts';
import { requirements } from './requirements.ts';
import { DEFAULT_ROUTE, routes } from './routes.ts';
import { headerPattern } from './http-words.ts';
import { anyList, choice, group, visibleText, yesOrNo } from './texts.ts';

/**
 * The settings file, key by key: what may stand there, what it defaults to, what it means.
 * The one place of all three; messages, `--print` and the reference page are made from it.
 */
export const settingsSchema = group({
  version: standard(version(), 1, 'Of the shape of this file.'),
  listen: standard(listen(), {}, 'The doors.'),
  workers: notYet('Processes sharing the ports.', 1),
  drain: standard(
    duration({ min: '0s', max: '10m' }),
    '25s',
    'How long stopping may take. Its first fifth, 5 s at most, still accepts while health says NOT_SERVING.',
  ),
  log: standard(
    group({
      level: standard(choice(['debug', 'info', 'warn', 'error']), 'info', 'The least that is written.'),
    }),
    {},
    'The log on standard output.',
  ),
  metrics: standard(
    group({
      clients: standard(
        wholeNumber({ min: 1, max: 10_000 }),
        100,
        'Clients with series of their own in the metrics, and a place in `/status`; the rest is `other`, and counted.',
      ),
    }),
    {},
    'What `/metrics` and `/status` show.',
  ),
  realm: standard(visibleText({ max: 128 }), 'gatehouse', 'In every challenge.'),
  wait: standard(
    group({
      max: standard(duration({ min: '10ms', max: '1m' }), '2s', 'The longest a check waits.'),
      margin: standard(
        duration({ min: '0ms', max: '1s' }),
        '20ms',
        "Taken off the caller's own deadline, so that our answer is there before it gives up.",
      ),
    }),
    {},
    "A check waits for the shorter of `max` and its caller's deadline less `margin`.",
  ),
  scrub: standard(
    anyList(headerPattern()),
    [],
    'Headers removed from every allowed request unless a route sets them; `x-auth-*` covers a family.',
  ),
  clientAddress: standard(
    group({
      trustedHops: standard(
        wholeNumber({ min: 0, max: 32 }),
        0,
        'How many `X-Forwarded-For` entries from the right name our own proxies; the next one is the client. ' +
          '`0` over gRPC: the address that Envoy itself talks to. For an HTTP door, and for more than `0`, the fronts must ' +
          'append to that header: NGINX as in `deploy/nginx`, Envoy with `use_remote_address: true`.',
      ),
    }),
    {},
    'Where the address of a client is read.',
  ),
  clients: optional(
    clients(),
    'Who we are, to which authorization server; each with a name of your choice.',
    'possible only where every route is `public` or `deny`',
  ),
  unknownClient: standard(
    unknownClient(),
    403,
    'The status for requests that no client goes with: an unknown tenant. `404` does not tell what is there.',
  ),
  clientStore: optional(
    clientStore(),
    'Tenants from records outside of the file, instead of `clients`.',
    'the clients of the file',
  ),
  discovery: standard(
    group({
      concurrent: standard(
        wholeNumber({ min: 1, max: 1_000 }),
        16,
        'Metadata documents that are fetched at once; those that a request waits for come first.',
      ),
      sharedCopies: standard(
        yesOrNo(),
        false,
        '`true` keeps sealed copies of them in `cache.shared`, for a restart while they cannot be fetched.',
      ),
    }),
    {},
    'Reading the metadata of authorization servers, over all clients.',
  ),
  cache: standard(cache(), {}, 'What is remembered, and for how long.'),
  requirements: standard(requirements(), {}, 'Requirements that routes use by name.'),
  routes: standard(
    routes(),
    [DEFAULT_ROUTE],
    'Rules, tried in order. Left out: one that requires an active token everywhere.',
  ),
});

/** What a faultless file says, defaults filled in. */
export type SettingsInput = z.output<typeof settingsSchema>;

function unknownClient() {
  const schema = z.literal([403, 404]);
  kindWords.add(schema, { type: '403 or 404' });
  return schema;
}

function version() {
  const schema = z.literal(1);
  kindWords.add(schema, { type: '1' });
  return schema;
}
