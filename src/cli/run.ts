import { parseArgs } from 'node:util';
import { nodeProblem, VERSION } from './version.ts';
import type { ExitCode, World } from './world.ts';

const USAGE = `Usage: gatehouse <command> [options]

  serve        open the doors and judge requests            --config FILE  (default: gatehouse.yaml)
  check        read the settings and list every problem     --config FILE  --offline  --print
  doctor       find out how a client and its server fit     --client NAME  --config FILE
  forget       have a running instance, and through it its replicas, forget answers
               --token-file FILE (- is standard input), --fingerprint, --jti, --session, --subject, --client, --issuer,
               --tenant VALUE (every one given must fit), or --everything
               --admin URL  --bearer-file FILE  --ca FILE  --cert FILE  --key FILE  (default: as --config FILE says)
  client       keep a record of clientStore.keyv            put NAME --file FILE, get NAME, delete NAME  --config FILE
  healthcheck  ask a running instance whether it is ready   --address HOST:PORT  (default: 127.0.0.1:9003)

  --version    print the version        --help    print this text

Exit codes: 0 as asked, 1 an unforeseen failure (healthcheck: not ready; doctor: introspection would not work; forget:
not done, or not everywhere yet), 2 wrong settings or usage.
`;

/**
 * The command line as a function of the world. Each command is loaded when it is asked for: `healthcheck` runs every few
 * seconds and needs hardly anything of all the rest.
 */
export async function run(world: World): Promise<ExitCode> {
  const tooOld = nodeProblem(world.nodeVersion);
  if (tooOld !== null) return misuse(world, tooOld);

  const parsed = parse(world.argv);
  if (typeof parsed === 'string') return misuse(world, parsed);
  const { values, positionals } = parsed;
  const [command, ...rest] = positionals;

  if (values.version === true) return say(world, `gatehouse ${VERSION}`);
  if (values.help === true || command === 'help') return say(world, USAGE.trimEnd());
  if (rest.length > 0 && command !== 'client')
    return misuse(world, `"${rest.join(' ')}" is one word too many after "${String(command)}"`);

  const config = values.config ?? 'gatehouse.yaml';
  switch (command) {
    case 'serve': {
      const { serve } = await import('./serve.ts');
      return serve(world, { config });
    }
    case 'check': {
      const { checkSettings } = await import('./check-settings.ts');
      return checkSettings(world, { config, offline: values.offline === true, print: values.print === true });
    }
    case 'doctor': {
      const { doctor } = await import('./doctor.ts');
      return doctor(world, { config, client: values.client ?? null });
    }
    case 'forget': {
      const { forget } = await import('./forget.ts');
      return forget(world, {
        config,
        admin: values.admin,
        ca: values.ca,
        cert: values.cert,
        key: values.key,
        bearerFile: values['bearer-file'],
        tokenFile: values['token-file'],
        everything: values.everything === true,
        matchers: values,
      });
    }
    case 'client': {
      const { clientRecord } = await import('./client-record.ts');
      return clientRecord(world, { config, words: rest, file: values.file ?? null });
    }
    case 'healthcheck': {
      const { healthcheck } = await import('./healthcheck.ts');
      return healthcheck(world, { address: values.address ?? '127.0.0.1:9003' });
    }
    case undefined:
      return misuse(world, 'no command was given');
    default:
      return misuse(world, `"${command}" is not a command`);
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        config: { type: 'string', short: 'c' },
        address: { type: 'string' },
        client: { type: 'string' },
        admin: { type: 'string' },
        'bearer-file': { type: 'string' },
        'token-file': { type: 'string' },
        ca: { type: 'string' },
        cert: { type: 'string' },
        key: { type: 'string' },
        fingerprint: { type: 'string' },
        jti: { type: 'string' },
        session: { type: 'string' },
        subject: { type: 'string' },
        issuer: { type: 'string' },
        tenant: { type: 'string' },
        everything: { type: 'boolean' },
        file: { type: 'string' },
        offline: { type: 'boolean' },
        print: { type: 'boolean' },
        version: { type: 'boolean', short: 'v' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    return error instanceof Error ? error.message : 'the options cannot be read';
  }
}

function say(world: World, text: string): ExitCode {
  world.writeOut(`${text}\n`);
  return 0;
}

function misuse(world: World, problem: string): ExitCode {
  world.writeError(`gatehouse: ${problem}\n\n${USAGE}`);
  return 2;
}
