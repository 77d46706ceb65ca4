import { join } from 'node:path';
import { App, Stack, type StackProps } from 'aws-cdk-lib';
import { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { eventBusName } from '../../infra/names.ts';
import { Parallax } from '../../infra/parallax.ts';

/** A team's own stack, that brings its monitoring with it. */
class Shop extends Stack {
  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, props);

    const monitoring = new Parallax(this, 'Monitoring', { config: join(import.meta.dirname, 'parallax.json') });

    // Incidents are also events: here they go to a queue, from which the team's own bot works.
    const bus = EventBus.fromEventBusName(this, 'Incidents', eventBusName(monitoring.deployment.name));
    const opened = new Rule(this, 'IncidentOpened', {
      eventBus: bus,
      eventPattern: { source: ['parallax'], detailType: ['Incident Opened'] },
      targets: [new SqsQueue(new Queue(this, 'Bot', { enforceSSL: true }))],
    });
    // The bus is known by its name alone, so say that it must be there first.
    opened.node.addDependency(monitoring);
  }
}

new Shop(new App(), 'Shop', { env: { region: 'eu-west-1' } });
