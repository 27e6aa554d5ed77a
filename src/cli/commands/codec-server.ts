import { once } from 'node:events';
import type { Command } from 'commander';
import type { CliContext, GlobalOptions } from '../context';
import { CliError, EXIT } from '../exit';
import { wholeNumber } from '../option-values';
import { readConfig } from '../settings';
import { show } from '../show';

interface CodecOptions extends GlobalOptions {
  readonly port: number;
  readonly webUi: string;
}

/** `tinman codec-server`: shows encrypted payloads to the Web UI and the `temporal` command. */
export function addCodecServerCommand(program: Command, context: CliContext): void {
  program
    .command('codec-server')
    .description('serve the codec of encrypted payloads on loopback, for the Temporal Web UI')
    .option('--port <port>', 'port to listen on, 0 for a free one', wholeNumber(0, 65_535), 8_081)
    .option('--web-ui <origin>', 'the origin of the Web UI', 'http://localhost:8233')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CodecOptions>();
      const { encryptionKeyFile } = readConfig(context, options).temporal;
      if (encryptionKeyFile === undefined) {
        throw new CliError(EXIT.usage, 'Payloads are not encrypted: TINMAN_TEMPORAL_KEY_FILE is not set');
      }
      const [{ serveCodec }, { EncryptionCodec, readCodecKeys }] = await Promise.all([
        import('../../temporal/codec-server.js'),
        import('../../temporal/payload-codec.js'),
      ]);
      const codec = new EncryptionCodec(readCodecKeys(encryptionKeyFile));
      const server = await serveCodec(codec, { port: options.port, origin: options.webUi });
      try {
        show(context, options, { codec_endpoint: server.url }, () => {
          context.stdout.write(`Codec endpoint at ${server.url}\n`);
        });
        if (!context.signal.aborted) await once(context.signal, 'abort');
      } finally {
        await server.close();
      }
    });
}
