import type { Monitor } from '../../shared/monitor.ts';

/** What is made of a monitor once, when it is first checked: compiled paths and patterns. */
export function perMonitor<M extends Monitor, Made>(make: (monitor: M) => Made): (monitor: M) => Made {
  const made = new WeakMap<M, { readonly value: Made }>();
  return (monitor) => {
    let found = made.get(monitor);
    if (found === undefined) {
      found = { value: make(monitor) };
      made.set(monitor, found);
    }
    return found.value;
  };
}
