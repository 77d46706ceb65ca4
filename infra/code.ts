import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AssetHashType, type BundlingOptions, DockerImage, type ILocalBundling } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';

/** The module of the bundle, as Lambda's `handler` setting names it. */
export const HANDLER = 'index.handler';
/** Where the definitions lie, relative to the code. */
export const DEPLOYMENT_FILE = 'deployment.json';

/**
 * A function's zip: its handler and the AWS SDK in one minified file, and the definitions beside it.
 *
 * esbuild is called in this process and the files are written by Node, so no shell takes part: the same on every
 * system. The hash is that of what comes out, so a zip changes when its code or its definitions do, and only then.
 *
 * @param entry absolute path of the TypeScript file that exports `handler`
 * @param definitions contents of {@link DEPLOYMENT_FILE}
 */
export function functionCode(entry: string, definitions: string): AssetCode {
  const bundling: BundlingOptions = {
    // Required by the type; never pulled, as the local bundling below always answers.
    image: DockerImage.fromRegistry('never-used'),
    local: new LocalBundle(entry, definitions),
  };
  return Code.fromAsset(dirname(entry), { assetHashType: AssetHashType.OUTPUT, bundling });
}

/** The CDK's cache tells bundles apart by the data fields of this object: whatever decides the output must be one. */
class LocalBundle implements ILocalBundling {
  readonly entry: string;
  readonly definitions: string;

  constructor(entry: string, definitions: string) {
    this.entry = entry;
    this.definitions = definitions;
  }

  tryBundle(outputDir: string): boolean {
    writeFileSync(join(outputDir, 'index.js'), bundleOf(this.entry));
    writeFileSync(join(outputDir, DEPLOYMENT_FILE), this.definitions);
    return true;
  }
}

/** Every region's prober is the same code: bundle it once per synthesis. */
const bundles = new Map<string, Uint8Array>();

/** The function's one file, minified. `entry`: absolute path of its handler. */
export function bundleOf(entry: string): Uint8Array {
  const known = bundles.get(entry);
  if (known !== undefined) return known;
  const { outputFiles } = buildSync({
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    platform: 'node',
    target: 'node24',
    // Imports a third faster than ESM in a cold start.
    format: 'cjs',
    // In CommonJS it is empty: to be found out now, and not by the first event.
    logOverride: { 'empty-import-meta': 'error' },
    // The SDK's ES modules shake to 60 % of its CommonJS size.
    mainFields: ['module', 'main'],
    // Four times the size of the code.
    sourcemap: false,
    legalComments: 'none',
    // Paths within the bundle do not depend on where the synthesis was started.
    absWorkingDir: dirname(import.meta.dirname),
    logLevel: 'warning',
  });
  const bundle = outputFiles[0];
  if (bundle === undefined) throw new Error(`esbuild produced nothing for ${entry}.`);
  bundles.set(entry, bundle.contents);
  return bundle.contents;
}
