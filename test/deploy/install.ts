import { PythonMissing, pythonEnvironment } from './python.ts';

/** Before the tests, so that they need not wait for each other's installation, and say once what is missing. */
try {
  pythonEnvironment();
} catch (error) {
  if (!(error instanceof PythonMissing)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
