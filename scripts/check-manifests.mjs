// Checks objects of Kubernetes (JSON on standard input) against the schemas of their kinds; prints what is wrong, a line
// each. A program of its own, since the packages with the schemas are ES modules.
import { text } from 'node:stream/consumers';

const PACKAGES = [
  'kubernetes-models',
  '@kubernetes-models/keda',
  '@kubernetes-models/prometheus-operator',
  '@kubernetes-models/external-secrets',
];

async function modelOf({ apiVersion, kind }) {
  for (const name of PACKAGES) {
    try {
      return (await import(`${name}/${apiVersion}/${kind}`))[kind];
    } catch (error) {
      if (!['ERR_MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED'].includes(error.code)) throw error;
    }
  }
  throw new Error(`there is no schema of ${apiVersion} ${kind}`);
}

for (const manifest of JSON.parse(await text(process.stdin))) {
  const Model = await modelOf(manifest);
  try {
    new Model(manifest).validate();
  } catch (error) {
    process.stdout.write(`${manifest.kind} ${manifest.metadata.name}: ${error.message}\n`);
  }
}
