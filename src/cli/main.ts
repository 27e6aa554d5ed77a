#!/usr/bin/env node
import { isatty } from 'node:tty';
import { runCli } from './run';
import { typedLines } from './typed-lines';

process.title = 'tinman';

const STDIN = 0;

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
const atTerminal = isatty(STDIN);
let terminalGone = false;
let hangUp = (): void => stopping.abort();
process.on('SIGHUP', () => {
  terminalGone ||= atTerminal && !isatty(STDIN);
  if (terminalGone) stopping.abort();
  else hangUp();
});
// The supervisor that started this process is gone.
process.on('disconnect', () => stopping.abort());
// A reader such as `head` that has seen enough, or a terminal that is gone, is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EIO') terminalGone = true;
    else if (error.code !== 'EPIPE') throw error;
  });
}

async function main(): Promise<void> {
  process.exitCode = await runCli(process.argv.slice(2), {
    env: process.env,
    cwd: process.cwd(),
    stdout: process.stdout,
    stderr: process.stderr,
    signal: stopping.signal,
    mainScript: __filename,
    notifyParent: (message) => void process.send?.(message),
    typedLines: (prompt) =>
      typedLines({ input: process.stdin, output: process.stdout }, prompt, () => stopping.abort()),
    onHangUp: (listener) => void (hangUp = listener),
  });
  if (process.connected) process.disconnect();
  // Node would abort in its own last words to such a terminal.
  if (terminalGone) {
    process.removeAllListeners('SIGHUP');
    process.kill(process.pid, 'SIGHUP');
  }
}

void main();
