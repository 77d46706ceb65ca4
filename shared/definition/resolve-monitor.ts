import { z } from 'zod';
import { humanList } from '../human.ts';
import type { Json, Monitor, MonitorBase, MonitorType, Region, Retention } from '../monitor.ts';
import { defaultAttempts } from './default-attempts.ts';
import type { Reporter } from './diagnostics.ts';
import { DnsSchema, SoundDns } from './dns-schema.ts';
import { FlowSchema, SoundFlow } from './flow-schema.ts';
import { GrpcSchema, SoundGrpc } from './grpc-schema.ts';
import { HeartbeatSchema, SoundHeartbeat } from './heartbeat-schema.ts';
import { HttpSchema, SoundHttp } from './http-schema.ts';
import { AlertSchema, type ParsedAlert, type ParsedBase } from './monitor-base-schema.ts';
import { MONITOR_SCHEMAS } from './monitor-schema.ts';
import { nearest } from './nearest.ts';
import { resolveDns } from './resolve-dns.ts';
import { flowMetricNames, resolveFlow } from './resolve-flow.ts';
import { resolveGrpc } from './resolve-grpc.ts';
import { heartbeatCircumstances, resolveHeartbeat } from './resolve-heartbeat.ts';
import { resolveHttp } from './resolve-http.ts';
import { defaultHeartbeatPolicy, defaultPolicy, resolvePolicies } from './resolve-policies.ts';
import { resolveSlo } from './resolve-slo.ts';
import { resolveSpendCap } from './resolve-spend-cap.ts';
import { streamMetricNames } from './resolve-stream.ts';
import { resolveTcp } from './resolve-tcp.ts';
import { resolveTls } from './resolve-tls.ts';
import { resolveWebSocket } from './resolve-websocket.ts';
import { quote } from './schema-leaves.ts';
import { type Checked, checkAgainst, safeParse } from './schema-problems.ts';
import { SoundTcp, TcpSchema } from './tcp-schema.ts';
import { SoundTls, TlsSchema } from './tls-schema.ts';
import { SoundWebSocket, WebSocketSchema } from './websocket-schema.ts';

/** What a monitor inherits from its deployment. */
export interface MonitorContext {
  /** Null where they are not known, because parallax.json has problems or there is none: nothing is judged against them. */
  readonly home: Region | null;
  readonly regions: readonly Region[] | null;
  /** For a monitor that names none while the deployment's are not known. */
  readonly standInRegions: readonly Region[];
  readonly everyMs: number;
  readonly timeoutMs: number;
  readonly retention: Retention;
}

export interface ResolvedMonitor {
  /** Null where it is missing or malformed. */
  readonly id: string | null;
  /** Null where something was reported that keeps the monitor from being used; see the reporter's errors. */
  readonly monitor: Monitor | null;
}

/** What a kind's own part is judged against; null where that has problems of its own. */
export interface OwnContext {
  readonly timeoutMs: number | null;
  /** Whether the schema found nothing wrong with this top-level property. */
  readonly isSound: (property: string) => boolean;
}

/** Where, how often and for how long it is looked at. */
export interface Circumstances {
  readonly regions: readonly Region[];
  readonly everyMs: number;
  readonly timeoutMs: number;
  /** Of received monitors: how often there is a time to measure, which is not in every slot; null where it is not known. */
  readonly resultEveryMs?: number | null;
}

/** A monitor without what all kinds share. */
export type Own<M extends Monitor> = Omit<M, Exclude<keyof MonitorBase, 'metrics'>>;

/** Checks one monitor as it was written and fills in every default. Problems go to the reporter, all at once. */
export function resolveMonitor(value: Json, context: MonitorContext, reporter: Reporter): ResolvedMonitor {
  const type = typeOf(value, reporter);
  const check = <P extends z.ZodObject>(schema: z.ZodObject, sound: P) =>
    checkAgainst(schema, sound, type.isKnown ? value : ofType(value, type.is), reporter, (path, key) =>
      elsewhere(path, key, type.is),
    );
  const resolve = <T extends ParsedBase>(
    checked: Checked<T>,
    own: (parsed: T, context: OwnContext, reporter: Reporter) => OwnPart | null,
    where: (parsed: T, context: MonitorContext, reporter: Reporter) => Circumstances = probedCircumstances,
  ) => resolveWith(checked, own, where, value, context, reporter);
  const resolved = (() => {
    switch (type.is) {
      case 'http':
        return resolve(check(HttpSchema, SoundHttp), resolveHttp);
      case 'tcp':
        return resolve(check(TcpSchema, SoundTcp), resolveTcp);
      case 'tls':
        return resolve(check(TlsSchema, SoundTls), resolveTls);
      case 'dns':
        return resolve(check(DnsSchema, SoundDns), resolveDns);
      case 'websocket':
        return resolve(check(WebSocketSchema, SoundWebSocket), resolveWebSocket);
      case 'grpc':
        return resolve(check(GrpcSchema, SoundGrpc), resolveGrpc);
      case 'flow':
        return resolve(check(FlowSchema, SoundFlow), resolveFlow);
      case 'heartbeat':
        return resolve(check(HeartbeatSchema, SoundHeartbeat), resolveHeartbeat, heartbeatCircumstances);
    }
  })();
  return type.isKnown ? resolved : { ...resolved, monitor: null };
}

type OwnPart = { [M in Monitor as M['type']]: Own<M> }[MonitorType];

function resolveWith<T extends ParsedBase>(
  { value: parsed, broken }: Checked<T>,
  own: (parsed: T, context: OwnContext, reporter: Reporter) => OwnPart | null,
  where: (parsed: T, context: MonitorContext, reporter: Reporter) => Circumstances,
  value: Json,
  context: MonitorContext,
  reporter: Reporter,
): ResolvedMonitor {
  if (parsed === null) return { id: null, monitor: null };
  const known = <V>(property: string, resolved: V): V | null => (broken.has(property) ? null : resolved);

  const { regions, everyMs, timeoutMs, resultEveryMs } = where(parsed, context, reporter);
  const regionsKnown = parsed.regions !== undefined || context.regions !== null;
  const ownContext = { timeoutMs: known('timeout', timeoutMs), isSound: (property: string) => !broken.has(property) };
  const ownPart = own(parsed, ownContext, reporter);
  const isReceived = resultEveryMs !== undefined;
  const policyContext = {
    everyMs: known('every', everyMs),
    latencyEveryMs: isReceived ? resultEveryMs : known('every', everyMs),
    // No timeout ends a job.
    timeoutMs: isReceived ? null : ownContext.timeoutMs,
    customMetrics: metricNames(value),
    streamMetrics: streamMetricNames(value),
    regionCount: regionsKnown ? known('regions', regions.length) : null,
    retention: context.retention,
  };
  const common = {
    tags: [...new Set(parsed.tags)],
    regions,
    everyMs,
    timeoutMs,
    policies:
      parsed.alerts === undefined && !broken.has('alerts')
        ? [isReceived ? defaultHeartbeatPolicy(everyMs) : defaultPolicy(everyMs)]
        : resolvePolicies(soundAlerts(value), policyContext, reporter.at(['alerts'])),
    slo:
      parsed.slo === undefined
        ? null
        : resolveSlo(parsed.slo, context.retention, policyContext.timeoutMs, reporter.at(['slo'])),
    ...(parsed.spendCap !== undefined && {
      spendCap: resolveSpendCap(
        parsed.spendCap,
        policyContext.customMetrics === null ? null : [...policyContext.customMetrics, ...policyContext.streamMetrics],
        context.retention,
        reporter.at(['spendCap']),
      ),
    }),
    runbook: parsed.runbook ?? null,
  };
  const { id } = parsed;
  if (id === undefined) return { id: null, monitor: null };
  const usable = ownPart !== null && broken.size === 0;
  return {
    id,
    monitor: usable
      ? { id, name: parsed.name ?? id, ...ownPart, ...common, attempts: parsed.attempts ?? defaultAttempts(ownPart) }
      : null,
  };
}

const TYPES = Object.keys(MONITOR_SCHEMAS) as readonly MonitorType[];

/** What the monitor says it is; where that is nothing we know, what it looks like, so that the rest is judged too. */
function typeOf(value: Json, reporter: Reporter): { readonly is: MonitorType; readonly isKnown: boolean } {
  const members: Readonly<Record<string, unknown>> = typeof value === 'object' && value !== null ? { ...value } : {};
  const written = members['type'];
  const looksLike = TYPES.find((type) => type in members) ?? 'http';
  if (written === undefined && looksLike !== 'http') {
    reporter.error([], {
      message: `"type" is missing, and without it this is an http monitor; it has ${quote(looksLike)}.`,
      remedy: `Add "type": ${quote(looksLike)}.`,
    });
    return { is: looksLike, isKnown: false };
  }
  if (written === undefined) return { is: 'http', isKnown: true };
  const known = TYPES.find((type) => type === written);
  if (known !== undefined) return { is: known, isKnown: true };
  const meant = typeof written === 'string' ? nearest(written, TYPES) : null;
  reporter.error(['type'], {
    message: `${typeof written === 'string' ? quote(written) : 'This'} is not a type of monitor.`,
    allowed: TYPES.map((type) => quote(type)).join(', '),
    remedy: meant === null ? 'Write one of the allowed values.' : `Did you mean ${quote(meant)}?`,
  });
  return { is: TYPES.find((type) => type === meant) ?? looksLike, isKnown: false };
}

/** Which other kinds of monitors have a property that this one has not, as a remedy; null where none has. */
function elsewhere(path: readonly (string | number)[], key: string, type: MonitorType): string | null {
  const place = path.length === 0 ? [] : path.length === 1 && path[0] === 'expect' ? ['expect'] : null;
  if (place === null) return null;
  const others = TYPES.filter((other) => other !== type && propertiesAt(MONITOR_SCHEMAS[other], place).includes(key));
  if (others.length === 0) return null;
  return `${quote(key)} is for ${humanList(others)} monitors, and this is ${type === 'http' ? 'an' : 'a'} ${type} monitor. Remove it.`;
}

function propertiesAt(schema: z.ZodObject, [step]: readonly string[]): readonly string[] {
  if (step === undefined) return Object.keys(schema.shape);
  const member: unknown = schema.shape[step];
  return member instanceof z.ZodOptional && member.def.innerType instanceof z.ZodObject
    ? Object.keys(member.def.innerType.shape)
    : [];
}

/** The rest is judged as if it said what it looks like. */
function ofType(value: Json, type: MonitorType): Json {
  return typeof value !== 'object' || value === null || Array.isArray(value) ? value : { ...value, type };
}

/** The alerts that are right by themselves, each with its place, so that a bad neighbour hides nothing. */
function soundAlerts(value: Json): { index: number; alert: ParsedAlert }[] {
  const alerts: unknown = typeof value === 'object' && value !== null && 'alerts' in value ? value.alerts : [];
  if (!Array.isArray(alerts)) return [];
  return alerts.flatMap((written, index) => {
    const parsed = safeParse(AlertSchema, written);
    return parsed.success ? [{ index, alert: parsed.data }] : [];
  });
}

/** As they are written, so that an alert on a metric with problems has none of its own. Null where they cannot be told. */
function metricNames(value: Json): string[] | null {
  const members: Readonly<Record<string, unknown>> = typeof value === 'object' && value !== null ? { ...value } : {};
  if (members['type'] === 'flow') return flowMetricNames(members);
  const { metrics = {} } = members;
  return typeof metrics === 'object' && metrics !== null && !Array.isArray(metrics) ? Object.keys(metrics) : null;
}

function probedCircumstances(parsed: ParsedBase, context: MonitorContext, reporter: Reporter): Circumstances {
  return {
    regions: resolveRegions(parsed.regions, context, reporter.at(['regions'])),
    everyMs: parsed.every ?? context.everyMs,
    timeoutMs: parsed.timeout ?? context.timeoutMs,
  };
}

function resolveRegions(
  written: readonly Region[] | undefined,
  context: MonitorContext,
  reporter: Reporter,
): readonly Region[] {
  if (written === undefined) return context.regions ?? context.standInRegions;
  const known = context.regions;
  written.forEach((region, index) => {
    if (written.indexOf(region) !== index) {
      reporter.error([index], { message: `${quote(region)} is listed twice.`, remedy: 'Remove one.' });
    } else if (known !== null && !known.includes(region)) {
      const meant = nearest(region, known);
      reporter.error([index], {
        message: `The deployment does not check from ${quote(region)}.`,
        allowed: known.join(', '),
        remedy: `${meant === null ? '' : `Did you mean ${quote(meant)}? Otherwise a`}${meant === null ? 'A' : ''}dd it to "regions" in parallax.json.`,
      });
    }
  });
  return written;
}
