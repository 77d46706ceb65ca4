import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

type Collect = (options?: { readonly type: 'minor' }) => void;

/**
 * Keeps garbage collections out of the time in which checks are under way. Returns what to call before a run: the first
 * time it collects what imports have left behind, which would otherwise take 20 ms of the first run; later on it
 * empties the young generation, in about a millisecond. Numbers: docs/accuracy.md
 *
 * The flag is the process's, and a collection stops all of its threads: in a thread, where others live beside it, nothing
 * is done. V8 promises no flag, so a test says when Node has ceased to know it.
 */
export function quietHeap(): () => void {
  if (!isMainThread) return () => {};
  setFlagsFromString('--expose-gc');
  const collect: Collect = runInNewContext('gc');
  let isFirst = true;
  return () => {
    if (isFirst) collect();
    else collect({ type: 'minor' });
    isFirst = false;
  };
}
