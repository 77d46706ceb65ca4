import type { Monitor } from '../monitor.ts';
import type { Own } from './resolve-monitor.ts';

/** Asked again, a target that can bear it does nothing that it has not done already. */
const REPEATABLE = 2;
const ONCE = 1;

/**
 * How often a check is tried where its definition does not say. A message whose effect we cannot know goes out once:
 * an order must not be placed twice because the answer to the first got lost.
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-idempotent-methods
 */
export function defaultAttempts(own: { [M in Monitor as M['type']]: Own<M> }[Monitor['type']]): number {
  switch (own.type) {
    case 'http':
      return IDEMPOTENT.has(own.request.method) ? REPEATABLE : ONCE;
    case 'tcp':
      return own.tcp.send === null ? REPEATABLE : ONCE;
    case 'websocket':
      return own.websocket.send === null ? REPEATABLE : ONCE;
    case 'grpc':
      return own.grpc.call.kind === 'health' ? REPEATABLE : ONCE;
    case 'tls':
    case 'dns':
      return REPEATABLE;
    case 'flow':
    case 'heartbeat':
      return ONCE;
  }
}

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']);
