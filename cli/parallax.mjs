#!/usr/bin/env node
// Node 24 comes as a dependency, and npm scripts and npx put it first on the PATH; this is for those who run the file itself.
const major = Number(process.versions.node.split('.')[0]);
if (major < 24) {
  process.stderr.write(
    `parallax: this is Node ${process.versions.node}, and Parallax runs its TypeScript directly on Node 24. Run \`npx parallax\` in the repository: it brings its own Node.\n`,
  );
  process.exit(2);
}
await import('./main.ts');
