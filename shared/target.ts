import { humanDuration } from './human.ts';
import type { HttpRequest, Monitor, TlsSettings } from './monitor.ts';

/** What a monitor checks, on one line, as people read it: `GET https://…`, `tcp db.acme.example:5432`. Placeholders of secrets stay. */
export function targetOf(monitor: Monitor): string {
  switch (monitor.type) {
    case 'http':
      return `${monitor.request.method} ${monitor.request.url}`;
    case 'tcp': {
      const { host, port, tls } = monitor.tcp;
      return `tcp ${hostAndPort(host, port)}${tls === null ? '' : ` (${tlsWords(tls)})`}`;
    }
    case 'tls': {
      const { host, port, serverName, start } = monitor.tls;
      const notes = [
        serverName === host ? [] : [`as ${serverName}`],
        start === 'at-once' ? [] : [tlsWords(start)],
      ].flat();
      return `tls ${hostAndPort(host, port)}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`;
    }
    case 'dns': {
      const { name, record, resolver } = monitor.dns;
      if (resolver === null) return `dns ${record} ${name}`;
      return `dns ${record} ${name} @${resolver.port === 53 ? resolver.ip : hostAndPort(resolver.ip, resolver.port)}`;
    }
    case 'websocket':
      return `websocket ${monitor.websocket.url}`;
    case 'grpc': {
      const { url, call } = monitor.grpc;
      if (call.kind === 'unary') return `grpc ${url} ${call.method}`;
      return `grpc ${url} health${call.service === '' ? '' : ` of ${call.service}`}`;
    }
    case 'flow': {
      const first = monitor.steps[0]?.request;
      const steps = `flow of ${monitor.steps.length} ${monitor.steps.length === 1 ? 'step' : 'steps'}`;
      return first === undefined ? steps : `${steps}, first ${first.method} ${first.url}`;
    }
    case 'heartbeat': {
      const { everyMs, graceMs } = monitor.heartbeat;
      return `heartbeat every ${humanDuration(everyMs)}, grace ${humanDuration(graceMs)}`;
    }
    default:
      return unknownType(monitor);
  }
}

/**
 * The host that a monitor reaches out to, of a flow the first step's: monitors of one host fail together by themselves.
 * A heartbeat reaches out to none.
 */
export function hostOf(monitor: Monitor): string {
  switch (monitor.type) {
    case 'http':
      return hostOfUrl(monitor.request.url);
    case 'flow':
      return hostOfUrl(monitor.steps[0]?.request.url ?? monitor.id);
    case 'tcp':
      return monitor.tcp.host.toLowerCase();
    case 'tls':
      return monitor.tls.host.toLowerCase();
    case 'dns':
      return monitor.dns.resolver?.ip ?? monitor.dns.name.toLowerCase();
    case 'websocket':
      return hostOfUrl(monitor.websocket.url);
    case 'grpc':
      return hostOfUrl(monitor.grpc.url);
    case 'heartbeat':
      return monitor.id;
    default:
      return unknownType(monitor);
  }
}

/** Not by `URL`: a placeholder of a secret may stand in the host, and is as good a name as any. */
function hostOfUrl(url: string): string {
  const authority = /^[^:]+:\/\/((?:\$\{[^}]*\}|[^/?#])*)/.exec(url)?.[1] ?? url;
  return authority
    .slice(authority.lastIndexOf('@') + 1)
    .replace(/:\d+$/, '')
    .toLowerCase();
}

/** All texts of a monitor in which `${secret:name}` may stand. */
export function secretTexts(monitor: Monitor): readonly string[] {
  switch (monitor.type) {
    case 'http':
      return requestTexts(monitor.request);
    case 'flow':
      return [...monitor.steps, ...monitor.cleanup].flatMap(({ request }) => requestTexts(request));
    case 'tcp':
      return [monitor.tcp.send ?? '', ...tlsTexts(monitor.tcp)];
    case 'tls':
      return tlsTexts(monitor.tls);
    case 'dns':
      return [];
    case 'websocket': {
      const { url, headers, send } = monitor.websocket;
      return [url, ...Object.values(headers), send ?? '', ...tlsTexts(monitor.websocket)];
    }
    case 'grpc':
      return [...Object.values(monitor.grpc.metadata), ...tlsTexts(monitor.grpc)];
    case 'heartbeat':
      return [monitor.heartbeat.token];
    default:
      return unknownType(monitor);
  }
}

/** All texts of a request in which `${secret:name}` may stand, and in a flow `${capture:name}`. */
export function requestTexts(request: HttpRequest): readonly string[] {
  const { url, headers, body, auth } = request;
  const ofAuth = Object.values(auth ?? {}).filter((text) => text !== null);
  return [url, ...Object.values(headers), body ?? '', ...ofAuth, ...tlsTexts(request)];
}

/** The same of a monitor's terms of TLS. */
export function tlsTexts({ clientCertificate, authorities }: TlsSettings): readonly string[] {
  return [clientCertificate?.certificate ?? '', clientCertificate?.key ?? '', authorities ?? ''];
}

/** `db.acme.example:5432`, `[2001:db8::1]:53` */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function tlsWords(start: string): string {
  return start === 'at-once' ? 'TLS' : `${start} STARTTLS`;
}

function unknownType(monitor: never): never {
  throw new TypeError(`unknown type of monitor in ${JSON.stringify(monitor)}`);
}
