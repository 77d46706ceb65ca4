import { z } from 'zod';
import type { MonitorType } from '../monitor.ts';
import { DnsSchema } from './dns-schema.ts';
import { FlowSchema } from './flow-schema.ts';
import { GrpcSchema } from './grpc-schema.ts';
import { HeartbeatSchema } from './heartbeat-schema.ts';
import { HttpSchema } from './http-schema.ts';
import { TcpSchema } from './tcp-schema.ts';
import { TlsSchema } from './tls-schema.ts';
import { WebSocketSchema } from './websocket-schema.ts';

/** What a user writes for one monitor, by its `type`; without one it is http. */
export const MONITOR_SCHEMAS = {
  http: HttpSchema,
  tcp: TcpSchema,
  tls: TlsSchema,
  dns: DnsSchema,
  websocket: WebSocketSchema,
  grpc: GrpcSchema,
  flow: FlowSchema,
  heartbeat: HeartbeatSchema,
} satisfies Readonly<Record<MonitorType, z.ZodObject>>;

/** For editors, which are told of all kinds at once. */
export const MonitorSchema = z.union(Object.values(MONITOR_SCHEMAS));

export type MonitorInput = z.input<typeof MonitorSchema>;
