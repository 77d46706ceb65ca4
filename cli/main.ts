import { dispatch, type VerbTable } from './dispatch.ts';
import type { CliIo } from './verb.ts';

const VERBS: VerbTable = {
  dev: async () => (await import('./dev.ts')).devVerb,
  validate: async () => (await import('./validate.ts')).validateVerb,
  check: async () => (await import('./check.ts')).checkVerb,
  plan: async () => (await import('./plan.ts')).planVerb,
  status: async () => (await import('./status.ts')).statusVerb,
  pause: async () => (await import('./pause.ts')).pauseVerb,
  silence: async () => (await import('./silence.ts')).silenceVerb,
  resume: async () => (await import('./resume.ts')).resumeVerb,
  doctor: async () => (await import('./doctor.ts')).doctorVerb,
  'test-alert': async () => (await import('./test-alert.ts')).testAlertVerb,
};

const stopping = new AbortController();

const io: CliIo = {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  env: process.env,
  cwd: process.cwd(),
  isTTY: process.stdout.isTTY === true,
  columns: process.stdout.columns ?? 80,
  signal: stopping.signal,
};

// The first signal asks, the second insists.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) process.exit(130);
    stopping.abort();
  });
}

// `parallax … | head` closes our stdout early: nobody listens any more, which is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await dispatch(process.argv.slice(2), VERBS, io);
