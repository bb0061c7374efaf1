import { fileURLToPath } from 'node:url';

import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const client = fileURLToPath(new URL('../../clients/typescript/src/rollcall.ts', import.meta.url));

export default defineConfig({
  plugins: [react()],
  // The client is not published; it is built from its source.
  resolve: { alias: { '@rollcall/client': client } },
  server: { port: 5173, strictPort: true },
  preview: { port: 5173, strictPort: true },
});
