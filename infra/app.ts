import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { Parallax } from './parallax.ts';
import { InvalidConfigError } from './read-config.ts';

const app = new App();
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
try {
  new Parallax(app, 'Parallax', { config: String(app.node.tryGetContext('config') ?? 'parallax.json') });
} catch (error) {
  if (!(error instanceof InvalidConfigError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
