import type { ControlTarget } from '../shared/control.ts';
import { nearest } from '../shared/definition/nearest.ts';
import type { Deployment } from '../shared/monitor.ts';
import { UsageError } from './verb.ts';

/** `checkout-api`, `monitor:checkout-api`, `tag:payments` or `all`. Throws {@link UsageError} for what the deployment has not. */
export function parseTarget(text: string, { monitors }: Pick<Deployment, 'monitors'>): ControlTarget {
  if (text === 'all') return 'all';
  const tags = [...new Set(monitors.flatMap((monitor) => monitor.tags))];
  if (text.startsWith('tag:')) {
    const tag = text.slice('tag:'.length);
    if (tags.includes(tag)) return `tag:${tag}`;
    throw new UsageError(`No monitor has the tag "${tag}". ${suggestion(tag, tags, 'tag:', 'There are no tags.')}`);
  }
  const id = text.startsWith('monitor:') ? text.slice('monitor:'.length) : text;
  const ids = monitors.map((monitor) => monitor.id);
  if (ids.includes(id)) return `monitor:${id}`;
  if (tags.includes(id)) throw new UsageError(`"${id}" is a tag. Write tag:${id} for every monitor that has it.`);
  throw new UsageError(`There is no monitor "${id}". ${suggestion(id, ids, '', 'There are no monitors.')}`);
}

/** As it was written. */
export function targetText(target: ControlTarget): string {
  return target.startsWith('monitor:') ? target.slice('monitor:'.length) : target;
}

const MOST_SHOWN = 8;

function suggestion(word: string, candidates: readonly string[], prefix: string, none: string): string {
  const meant = nearest(word, candidates);
  if (meant !== null) return `Did you mean ${prefix}${meant}?`;
  if (candidates.length === 0) return none;
  const shown = candidates.slice(0, MOST_SHOWN).map((candidate) => `${prefix}${candidate}`);
  return `There are ${shown.join(', ')}${candidates.length > MOST_SHOWN ? ', …' : ''}.`;
}
