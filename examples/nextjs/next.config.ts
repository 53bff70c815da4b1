import type { NextConfig } from 'next'

const config: NextConfig = {
  serverExternalPackages: ['pylon-identity'], // it has a native part
  output: 'standalone',
  outputFileTracingRoot: import.meta.dirname, // not the folder of a lock file further up
  poweredByHeader: false,
}

export default config
