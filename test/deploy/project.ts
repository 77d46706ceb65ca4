import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableName } from '../../shared/environment.ts';

export const NAME = 'proof';
export const HOME = 'us-east-1';
export const STANDBY = 'eu-west-1';
export const REGIONS = [HOME, STANDBY, 'ap-southeast-2'] as const;
export const TABLE = tableName(NAME);
export const EMAIL = 'oncall@acme.example';
export const SMS = '+15555550100';
/** A job that is due once a day: longer than the story lasts. */
export const JOB = 'nightly-backup';

export interface ProjectOptions {
  readonly targetUrl: string;
  readonly webhookUrl: string;
  /** What the monitor that changes asks for. */
  readonly changingPath: string;
}

/** Writes a user's project, as a user would, and returns its `parallax.json`. Again: changes it. */
export function writeProject(folder: string, { targetUrl, webhookUrl, changingPath }: ProjectOptions): string {
  const config = {
    name: NAME,
    home: HOME,
    standby: STANDBY,
    regions: REGIONS,
    monitors: ['monitors/*.json'],
    allowPrivateAddresses: true,
    controls: [],
    notify: [{ email: EMAIL }, { sms: SMS, severity: ['critical'] }, { https: webhookUrl }],
    defaults: { every: '1m', timeout: '5s' },
  };
  const everywhere = { id: 'target', request: { url: targetUrl } };
  // From one region alone: changing it is no other region's business.
  const changing = {
    id: 'changing',
    regions: ['ap-southeast-2'],
    // No policy of its own: what the target does is to page once.
    alerts: [],
    request: { url: `${targetUrl}${changingPath}` },
  };
  const job = {
    id: JOB,
    type: 'heartbeat',
    heartbeat: { every: '1d', grace: '1h', token: `\${secret:${JOB}}` },
  };
  mkdirSync(join(folder, 'monitors'), { recursive: true });
  writeFileSync(join(folder, 'monitors', 'target.json'), JSON.stringify(everywhere));
  writeFileSync(join(folder, 'monitors', 'changing.json'), JSON.stringify(changing));
  writeFileSync(join(folder, 'monitors', 'job.json'), JSON.stringify(job));
  const path = join(folder, 'parallax.json');
  writeFileSync(path, JSON.stringify(config));
  return path;
}
