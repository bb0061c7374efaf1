import { fileURLToPath } from 'node:url';

import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const client = fileURLToPath(new URL('../../clients/typescript/src/rollcall.ts', import.meta.url));
const fetchClient = fileURLToPath(new URL('node_modules/openapi-fetch', import.meta.url));

export default defineConfig({
  plugins: [react()],
  // The client is not published; it is built from its source, with this example's copy of what it needs.
  resolve: { alias: { '@rollcall/client': client, 'openapi-fetch': fetchClient } },
  server: { port: 5173, strictPort: true },
  preview: { port: 5173, strictPort: true },
});
