import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

type Collect = (options?: { readonly type: 'minor' }) => void;

/**
 * Keeps garbage collections out of the time in which checks are under way. Returns what to call before a run: the first
 * time it collects what imports have left behind, which would otherwise take 20 ms of the first run; later on it
 * empties the young generation, in about a millisecond. That may grow to its full size at once, so that a run fits.
 *
 * To be made after the imports, which a larger heap would slow down. The flags are the process's: in a thread, where
 * others live beside it, nothing is done. V8 promises none of them, so a test says when Node has ceased to know one; what
 * is lost then is some accuracy. Numbers: docs/accuracy.md
 */
export function quietHeap(): () => void {
  if (!isMainThread) return () => {};
  for (const flag of HEAP_FLAGS) setFlagsFromString(flag);
  const collect: Collect = runInNewContext('gc');
  let isFirst = true;
  return () => {
    if (isFirst) collect();
    else collect({ type: 'minor' });
    isFirst = false;
  };
}

export const HEAP_FLAGS = ['--expose-gc', '--semi-space-growth-factor=64'] as const;
