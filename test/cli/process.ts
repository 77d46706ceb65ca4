import type { CliIo } from '../../cli/verb.ts';

/** A process for a verb, in memory. */
export function fakeIo(
  given: Partial<Pick<CliIo, 'cwd' | 'env' | 'signal'>> = {},
): CliIo & { readonly said: { out: string; err: string } } {
  const said = { out: '', err: '' };
  return {
    said,
    stdout: (text) => {
      said.out += text;
    },
    stderr: (text) => {
      said.err += text;
    },
    env: {},
    cwd: '/nowhere',
    isTTY: false,
    columns: 80,
    signal: new AbortController().signal,
    ...given,
  };
}
